//! Making and changing customers.

use optimakers::Optimakers;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, text_body};

use crate::support::{MAPPED, host, intent, list, sent, writes};

const CUSTOMER: &str = r#"{"name": "Jan  Kowalski", "login": "jan", "email": "Jan@x.pl", "tax_number": "525-000-00-00",
    "phone": "600", "address": {"street": "Prosta 1\nm. 2", "postcode": "00-001", "city": "Warszawa", "country": "PL"}}"#;
const THERE: &str = r#"{"id": 3000000033, "name": "jan kowalski", "email": "jan@x.pl", "taxNumber": "5250000000",
    "attributes": [{"attributeId": 21, "value": "jan"}]}"#;

fn create() -> Intent {
    intent("partner", Action::Create, None, CUSTOMER)
}

#[test]
fn a_customer_is_looked_for_by_login_and_made_with_it() {
    let host =
        host(MAPPED).answer(list("")).answer(list("")).answer(Answer::json(201, r#"{"id": 3000000033}"#)).install();
    let Ok(Outcome::Applied(applied)) = Optimakers::apply(&create()) else { panic!("not applied") };
    assert_eq!(applied.id, "3000000033");
    assert_eq!(
        sent(&host),
        [
            "GET /api/customers?login=jan&page=1&pageSize=100",
            "GET /api/customers?email=jan%40x.pl&page=1&pageSize=100",
            "POST /api/customers"
        ]
    );
    assert_eq!(
        text_body(&host.requests()[2]),
        r#"{"address":{"city":"Warszawa","countryCode":"PL","postCode":"00-001","street":"Prosta 1, m. 2"},"attributes":[{"attributeId":21,"value":"jan"}],"email":"Jan@x.pl","name":"Jan  Kowalski","phone":"600","taxNumber":"525-000-00-00"}"#
    );
}

#[test]
fn the_key_is_the_login_else_the_e_mail_address_else_the_number_for_tax() {
    for (config, document, asked) in [
        (MAPPED, CUSTOMER, "login=jan"),
        ("", CUSTOMER, "email=jan%40x.pl"),
        ("", r#"{"name": "A", "contacts": [{"email": "b@x.pl"}]}"#, "email=b%40x.pl"),
        ("", r#"{"name": "A", "tax_number": "pl 525-000"}"#, "taxNumber=PL525000"),
    ] {
        let host = host(config)
            .respond(|sent| if sent.method == "GET" { list("") } else { Answer::json(201, r#"{"id": 1}"#) })
            .install();
        let intent = intent("partner", Action::Create, None, document);
        let plan = Optimakers::plan(&intent).unwrap();
        assert!(host.requests().is_empty(), "a plan sends nothing");
        Optimakers::apply(&intent).unwrap();
        let first = &host.requests()[0];
        assert!(first.url.contains(asked), "{}", first.url);
        assert_eq!((plan.method, plan.url, plan.body.as_str()), (first.method.clone(), first.url.clone(), ""));
    }
    let host = host("").install();
    for document in [r#"{"name": "A"}"#, r#"{"name": " ", "email": "a@x.pl"}"#] {
        let failure = Optimakers::apply(&intent("partner", Action::Create, None, document)).unwrap_err();
        assert!(matches!(failure.cause(), Cause::InvalidRecord(_)), "{failure:?}");
    }
    assert!(host.requests().is_empty());
}

#[test]
fn a_customer_who_is_there_is_a_conflict_that_says_whether_it_is_the_same() {
    for (there, same) in [(THERE.to_owned(), true), (THERE.replace("kowalski", "nowak"), false)] {
        let host = host(MAPPED).answer(list(&there)).install();
        let failure = Optimakers::apply(&create()).unwrap_err();
        let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("3000000033"), Some(same)));
        assert_eq!(writes(&host), 0);
    }
    let _host =
        host(MAPPED).answer(list("")).answer(list("")).answer(Answer::json(409, "{}")).answer(list(THERE)).install();
    assert!(
        matches!(Optimakers::apply(&create()).unwrap_err().cause(), Cause::Conflict(found) if found.same_content == Some(true))
    );
    let _host =
        host(MAPPED).answer(list("")).answer(list("")).answer(Answer::json(409, "{}")).respond(|_| list("")).install();
    assert!(
        matches!(Optimakers::apply(&create()).unwrap_err().cause(), Cause::Conflict(found) if found.existing_id.is_none())
    );
}

#[test]
fn a_customer_entered_by_hand_is_known_by_the_e_mail_address_and_one_with_another_login_is_not() {
    let by_hand = r#"{"id": 44, "name": "Jan Kowalski", "email": "JAN@x.pl"}"#;
    let other = r#"{"id": 45, "name": "Jan Kowalski", "email": "jan@x.pl", "attributes": [{"attributeId": 21, "value": "jan2"}]}"#;
    for (rows, found) in [(format!("{other}, {by_hand}"), Some("44")), (other.to_owned(), None)] {
        let host =
            host(MAPPED).answer(list("")).answer(list(&rows)).answer(Answer::json(201, r#"{"id": 46}"#)).install();
        match Optimakers::apply(&create()) {
            Ok(Outcome::Applied(applied)) => assert_eq!((applied.id.as_str(), found, writes(&host)), ("46", None, 1)),
            Err(failure) => {
                let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
                assert_eq!(
                    (conflict.existing_id.as_deref(), conflict.same_content, writes(&host)),
                    (found, Some(true), 0)
                );
            }
            Ok(outcome) => panic!("{outcome:?}"),
        }
    }
}

#[test]
fn verify_asks_whether_somebody_has_the_key() {
    let near = THERE.replace("\"jan\"", "\"jan2\"");
    for (rows, expected) in [(THERE, true), (near.as_str(), false), ("", false)] {
        let host = host(MAPPED).answer(list(rows)).respond(|_| list("")).install();
        let verdict = Optimakers::verify(&create()).unwrap();
        assert_eq!(matches!(verdict, Verdict::Found(applied) if applied.id == "3000000033"), expected, "{rows}");
        assert_eq!(writes(&host), 0);
    }
}

#[test]
fn a_customer_is_changed_and_what_the_document_lacks_stays() {
    let now = r#"{"id": 33, "name": "Jan", "email": "old@x.pl", "credit": 10.50, "address": {"city": "Łódź", "street": "A"},
        "attributes": [{"attributeId": 22, "value": "z"}, {"attributeId": 21, "value": "old"}]}"#;
    let change = r#"{"name": "", "login": "jan", "email": "new@x.pl", "address": {"city": "Kraków"}}"#;
    let update = intent("partner", Action::Update, Some("33"), change);
    let fake = host(MAPPED).answer(Answer::json(200, now)).answer(Answer::json(200, "{}")).install();
    assert!(matches!(Optimakers::apply(&update), Ok(Outcome::Applied(applied)) if applied.id == "33"));
    assert_eq!(sent(&fake), ["GET /api/customers/33", "PUT /api/customers/33"]);
    let written = text_body(&fake.requests()[1]).to_owned();
    assert_eq!(
        written,
        r#"{"address":{"city":"Kraków","street":"A"},"attributes":[{"attributeId":22,"value":"z"},{"attributeId":21,"value":"jan"}],"credit":10.50,"email":"new@x.pl","id":33,"name":"Jan"}"#
    );
    drop(fake);
    let fake = host(MAPPED)
        .answer(Answer::json(200, written.clone()))
        .answer(Answer::json(200, now))
        .answer(Answer::json(200, written))
        .install();
    assert!(matches!(Optimakers::verify(&update), Ok(Verdict::Found(_))));
    assert!(matches!(Optimakers::verify(&update), Ok(Verdict::Absent)));
    assert!(matches!(Optimakers::apply(&update), Ok(Outcome::NothingToDo)));
    assert_eq!(writes(&fake), 0);
}
