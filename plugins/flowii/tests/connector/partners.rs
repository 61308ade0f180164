//! Finding, making and changing partners.

use flowii::Flowii;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Outcome, Records, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, intent, text_body};

use crate::support::{host, list, one, posts, sent};

const PERSON: &str = r#"{"name": "Eva Malá", "email": "E@x.sk", "phone": "+421", "note": "VIP",
    "address": {"street": "Hlavna 1", "city": "Kosice", "postcode": "04001", "country": "PL"}}"#;
const COMPANY: &str =
    r#"{"kind": "company", "name": "ACME s.r.o.", "registration_number": "12 345 678", "vat_number": "SK20"}"#;

fn partner(id: u32, attributes: &str) -> String {
    format!(r#"{{"type": "partner", "id": "{id}", "attributes": {{{attributes}}}}}"#)
}

fn contact(email: &str) -> String {
    format!(r#"{{"type": "contact", "id": "1", "attributes": {{"email": "{email}"}}}}"#)
}

#[test]
fn a_person_is_made_with_contact_address_and_correlation() {
    let host = host(r#""countries": {"PL": "12"}, "responsible_user_ids": ["3"]"#)
        .answer(list(""))
        .answer(list(""))
        .answer(one(201, r#"{"type": "partner", "id": 77}"#))
        .install();
    let outcome = Flowii::apply(&intent("partner", Action::Create, PERSON)).unwrap();
    assert_eq!(outcome, Outcome::applied("77"));
    assert_eq!(
        sent(&host),
        [
            "GET /partners?filter[search-text]=e%40x.sk&page[size]=100&page[number]=0",
            "GET /partners?filter[search-text]=Eva%20Mal%C3%A1&page[size]=100&page[number]=0",
            "POST /partners",
        ]
    );
    let post = &host.requests()[2];
    assert!(post.headers.contains(&("Content-Type".to_owned(), "application/vnd.api+json".to_owned())));
    assert_eq!(
        text_body(post),
        r#"{"data":{"type":"partner","attributes":{"comment":"Ref: wh7m2k4q9x3c5v8b\nVIP\nE-mail: e@x.sk","name":"Eva Malá","type":2},"relationships":{"billing-address":{"data":{"type":"address","attributes":{"city":"Kosice","street":"Hlavna 1","zip":"04001"},"relationships":{"country":{"data":{"type":"country","id":"12"}}}}},"key-contact":{"data":{"type":"contact","attributes":{"email":"E@x.sk","first-name":"Eva","last-name":"Malá","phone":"+421"}}},"responsible-user":{"data":{"type":"user","id":"3"}}}}}"#
    );
}

#[test]
fn the_plan_is_the_first_request_and_sends_nothing() {
    for document in [PERSON, COMPANY, r#"{"name": "Solo"}"#] {
        let host = host("").answer(Answer::lost()).install();
        let intent = intent("partner", Action::Create, document);
        let plan = Flowii::plan(&intent).unwrap();
        assert!(host.requests().is_empty());
        assert!(Flowii::apply(&intent).is_err());
        let first = host.only_request();
        assert_eq!(
            (plan.method, plan.url, plan.body.as_str()),
            (first.method.clone(), first.url.clone(), text_body(&first))
        );
    }
}

#[test]
fn a_full_text_hit_is_no_match() {
    // The search brings a company whose name has the number in it, and the one whose number it is.
    let rows = [
        partner(1, r#""name": "12345678", "ico": "99""#),
        partner(2, r#""name": "ACME", "ico": "12345678", "comment": """#),
    ];
    let host = host("").answer(list(&rows.join(","))).install();
    let failure = Flowii::apply(&intent("partner", Action::Create, COMPANY)).unwrap_err();
    let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("2"), Some(false)));
    assert_eq!(posts(&host), 0);
}

#[test]
fn an_e_mail_address_is_compared_with_the_contacts() {
    let rows = [
        partner(1, r#""name": "Eva Malá", "comment": """#),
        partner(2, r#""name": "Eva Malá", "comment": "Ref: wh7m2k4q9x3c5v8b""#),
    ];
    let host = host("")
        .answer(list(&rows.join(",")))
        .answer(list(&contact("other@x.sk")))
        .answer(list(&contact("E@X.sk ")))
        .install();
    let outcome = Flowii::apply(&intent("partner", Action::Create, PERSON)).unwrap();
    assert!(matches!(outcome, Outcome::AlreadyApplied(applied) if applied.id == "2"));
    assert_eq!(sent(&host)[1..], ["GET /partners/1/contacts", "GET /partners/2/contacts"]);
}

#[test]
fn a_contact_that_the_search_does_not_look_into_is_found_by_name() {
    let same = partner(9, r#""name": "eva  malá", "comment": null"#);
    let others = partner(8, r#""name": "Eva Malá ml.""#);
    let host =
        host("").answer(list("")).answer(list(&[others, same].join(","))).answer(list(&contact("e@x.sk"))).install();
    let failure = Flowii::apply(&intent("partner", Action::Create, PERSON)).unwrap_err();
    let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("9"), Some(true)));
    assert_eq!(sent(&host)[2], "GET /partners/9/contacts");
}

#[test]
fn a_country_is_found_in_the_list_or_its_mapping_is_missing() {
    for (name, found) in [("Poľsko", true), ("Atlantis", false)] {
        let countries = format!(r#"{{"type": "country", "id": "5", "attributes": {{"name": "{name}"}}}}"#);
        let host = host("")
            .answer(list(""))
            .answer(list(""))
            .answer(list(&countries))
            .answer(one(201, r#"{"type": "partner", "id": "1"}"#))
            .install();
        match Flowii::apply(&intent("partner", Action::Create, PERSON)) {
            Ok(_) => assert!(found && text_body(&host.requests()[3]).contains(r#"{"type":"country","id":"5"}"#)),
            Err(failure) => {
                let Cause::MappingMissing(missing) = failure.cause() else { panic!("{failure:?}") };
                assert_eq!((missing[0].reference_list.as_str(), missing[0].value.as_str()), ("country", "PL"));
                assert!(!found && posts(&host) == 0);
            }
        }
    }
}

#[test]
fn a_refusal_names_the_place_and_a_lost_answer_is_unknown() {
    let body = r#"{"errors": [{"status": "422", "title": "Validation failed", "detail": "ico is wrong", "source": {"pointer": "/data/attributes/ico"}}]}"#;
    let host = host("").answer(list("")).answer(Answer::json(422, body)).answer(list("")).install();
    let failure = Flowii::apply(&intent("partner", Action::Create, COMPANY)).unwrap_err();
    let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!(found[0].path, "/registration_number");
    assert!(found[0].message.contains("ico is wrong"));
    for answer in
        [Answer::lost(), Answer::json(502, ""), Answer::html(201, "<html>"), one(201, "{}"), Answer::empty(200)]
    {
        host.start_call();
        host.answer(answer);
        let failure = Flowii::apply(&intent("partner", Action::Create, COMPANY)).unwrap_err();
        assert_eq!(failure.cause(), &Cause::OutcomeUnknown, "{failure:?}");
        assert_eq!(posts(&host), 1);
        host.answer(list(""));
    }
}

#[test]
fn verify_finds_by_correlation_then_by_key() {
    let ours = partner(3, &format!(r#""name": "x", "comment": "Ref: {CORRELATION}""#));
    let by_number = partner(4, r#""name": "x", "ico": "12345678""#);
    let name_only = partner(5, r#""name": "Solo", "comment": "somebody else""#);
    let cases: [(&str, Vec<String>, Option<&str>); 5] = [
        (COMPANY, vec![ours.clone()], Some("3")),
        (COMPANY, vec![String::new(), by_number], Some("4")),
        (COMPANY, vec![String::new(), String::new()], None),
        (r#"{"name": "Solo"}"#, vec![String::new(), name_only], None),
        (r#"{"name": "Solo"}"#, vec![String::new(), ours.replace("\"x\"", "\"Solo\"")], Some("3")),
    ];
    for (document, answers, expected) in cases {
        let host = answers.iter().fold(host(""), |host, rows| host.answer(list(rows))).install();
        match Flowii::verify(&intent("partner", Action::Create, document)).unwrap() {
            Verdict::Found(applied) => assert_eq!(Some(applied.id.as_str()), expected),
            Verdict::Absent => assert_eq!(expected, None, "{document}"),
            Verdict::Inconclusive(why) => panic!("{why}"),
        }
        assert_eq!(host.requests().len(), answers.len());
    }
}

#[test]
fn a_list_without_comments_is_looked_behind() {
    let host = host("")
        .answer(list(&partner(3, r#""name": "x""#)))
        .answer(one(200, &partner(3, &format!(r#""name": "x", "comment": "Ref: {CORRELATION}""#))))
        .install();
    let verdict = Flowii::verify(&intent("partner", Action::Create, COMPANY)).unwrap();
    assert!(matches!(verdict, Verdict::Found(applied) if applied.id == "3"));
    assert_eq!(sent(&host)[1], "GET /partners/3");
}

#[test]
fn a_change_has_only_what_the_document_says() {
    let host = host("").answer(one(200, "{}")).answer(Answer::json(404, "{}")).install();
    let mut change = intent("partner", Action::Update, r#"{"name": "ACME", "vat_number": "SK21"}"#);
    change.target = Some("7".to_owned());
    let plan = Flowii::plan(&change).unwrap();
    assert_eq!(Flowii::apply(&change).unwrap(), Outcome::applied("7"));
    let request = host.only_request();
    assert_eq!(
        (plan.method, plan.url, plan.body.as_str()),
        (request.method.clone(), request.url.clone(), text_body(&request))
    );
    assert_eq!(request.effect, wharf_sdk::http::Effect::IdempotentWrite);
    assert_eq!(
        text_body(&request),
        r#"{"data":{"type":"partner","id":"7","attributes":{"ic-dph":"SK21","name":"ACME"}}}"#
    );
    assert!(matches!(Flowii::apply(&change).unwrap_err().cause(), Cause::NotFound(_)));
}

#[test]
fn a_change_is_verified_by_what_the_partner_says() {
    let mut change = intent("partner", Action::Update, r#"{"name": "ACME", "vat_number": "SK21"}"#);
    change.target = Some("7".to_owned());
    for (vat, found) in [("SK21", true), ("SK20", false)] {
        let row = partner(7, &format!(r#""name": "ACME", "type": 1, "ic-dph": "{vat}""#));
        let _host = host("").answer(one(200, &row)).install();
        assert_eq!(matches!(Flowii::verify(&change).unwrap(), Verdict::Found(_)), found);
    }
}

#[test]
fn two_of_one_name_decide_nothing() {
    let rows = [partner(1, r#""name": "Solo""#), partner(2, r#""name": "SOLO""#)].join(",");
    let _host = host("").answer(list(&rows)).install();
    let failure = Flowii::lookup("partner", &[("name".to_owned(), "Solo".to_owned())], 5).unwrap_err();
    assert!(failure.message().contains("1 and 2"), "{failure:?}");
}
