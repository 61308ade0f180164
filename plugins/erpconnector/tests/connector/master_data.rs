//! Customers and products.

use crate::support::{acomba, sent};
use erpconnector::ErpConnector;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Outcome, Records, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, document, intent, json_body, text_body};

const PARTNER: &str = r#"{"name": "L'Épicerie", "email": "B@x.ca", "phone": "418",
    "address": {"street": "1 rue A\nbureau 2", "city": "Québec", "state": "QC", "postcode": "G1A1A1", "country": "CA"}}"#;
const PRODUCT: &str =
    r#"{"sku": "P-100", "name": "Vis 10mm", "active": true, "category": "VIS", "prices": [{"net": "1.25"}]}"#;

#[test]
fn a_customer_gets_a_number_of_its_own_and_comes_back_with_it() {
    let host = acomba()
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(201, r#"{"NoClient": "h7m2k4q9x3c5v8b"}"#))
        .install();
    let Ok(Outcome::Applied(applied)) = ErpConnector::apply(&intent("partner", Action::Create, PARTNER)) else {
        panic!("not applied")
    };
    assert_eq!(applied.id, "h7m2k4q9x3c5v8b");
    assert!(CORRELATION.ends_with(&applied.id));
    let post = &host.requests()[2];
    assert_eq!(
        json_body(post),
        serde_json::json!({
            "NoClient": "h7m2k4q9x3c5v8b", "NomClient": "L'Épicerie", "Courriel": "b@x.ca", "Telephone": "418",
            "Adresse": {"Ligne1": "1 rue A, bureau 2", "Ville": "Québec", "Province": "QC", "CodePostal": "G1A1A1", "Pays": "CA"}
        })
    );
}

#[test]
fn a_customer_that_was_made_without_a_word_has_the_number_that_was_sent() {
    for (made, expected) in [(Answer::empty(201), Some("h7m2k4q9x3c5v8b")), (Answer::empty(200), None)] {
        let none = || Answer::json(200, "[]");
        let host = acomba().answer(none()).answer(none()).answer(made).install();
        match (ErpConnector::apply(&intent("partner", Action::Create, PARTNER)), expected) {
            (Ok(Outcome::Applied(applied)), Some(number)) => assert_eq!(applied.id, number),
            (Err(failure), None) => assert_eq!(failure.cause(), &Cause::OutcomeUnknown),
            (other, _) => panic!("{expected:?}: {other:?}"),
        }
        assert_eq!(host.requests().len(), 3);
    }
}

#[test]
fn the_plan_of_a_customer_is_its_first_request() {
    let host = acomba().answer(Answer::lost()).install();
    let intent = intent("partner", Action::Create, PARTNER);
    let plan = ErpConnector::plan(&intent).unwrap();
    assert!(matches!(ErpConnector::apply(&intent).unwrap_err().cause(), Cause::Unavailable(_)));
    let first = host.only_request();
    assert_eq!(
        (plan.method, plan.url, plan.body.as_str()),
        (first.method.clone(), first.url.clone(), text_body(&first))
    );
}

#[test]
fn a_customer_that_is_there_is_bound_or_a_conflict() {
    let ours = r#"[{"NoClient": "h7m2k4q9x3c5v8b", "NomClient": "x"}]"#;
    let same = r#"[{"NoClient": "C-2", "NomClient": "l'épicerie ", "Courriel": "b@x.ca"}]"#;
    let other = r#"[{"NoClient": "C-2", "NomClient": "Other", "Courriel": "B@X.ca"}]"#;
    for (by_number, by_email, expected) in
        [(ours, None, None), ("[]", Some(same), Some(true)), ("[]", Some(other), Some(false))]
    {
        let host = acomba().answer(Answer::json(200, by_number)).install();
        by_email.into_iter().for_each(|rows| host.answer(Answer::json(200, rows)));
        match (ErpConnector::apply(&intent("partner", Action::Create, PARTNER)), expected) {
            (Ok(Outcome::AlreadyApplied(applied)), None) => assert_eq!(applied.id, "h7m2k4q9x3c5v8b"),
            (Err(failure), Some(same)) => {
                let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
                assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("C-2"), Some(same)));
            }
            (outcome, expected) => panic!("{outcome:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn a_customer_is_verified_by_number_and_e_mail_and_a_name_alone_decides_nothing() {
    let named = r#"[{"NoClient": "C-9", "NomClient": "Solo"}]"#;
    let cases: [(&str, &[&str], &str); 4] = [
        (PARTNER, &["[]", r#"[{"NoClient": "C-3", "NomClient": "X", "Courriel": "b@x.ca"}]"#], "C-3"),
        (PARTNER, &["[]", "[]"], "absent"),
        (r#"{"name": "Solo"}"#, &["[]", named], "inconclusive"),
        (r#"{"name": "Solo"}"#, &["[]", "[]"], "absent"),
    ];
    for (document, answers, expected) in cases {
        let _host = answers.iter().fold(acomba(), |host, rows| host.answer(Answer::json(200, *rows))).install();
        match ErpConnector::verify(&intent("partner", Action::Create, document)).unwrap() {
            Verdict::Found(applied) => assert_eq!(applied.id, expected),
            Verdict::Absent => assert_eq!(expected, "absent"),
            Verdict::Inconclusive(_) => assert_eq!(expected, "inconclusive"),
        }
    }
}

#[test]
fn quotes_and_accents_in_a_look_up_are_escaped() {
    let host = acomba().answer(Answer::json(200, r#"[{"NoClient": "C-1", "NomClient": "L'ÉPICERIE"}]"#)).install();
    let found = ErpConnector::lookup("partner", &[("name".to_owned(), "L'Épicerie".to_owned())], 5).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        sent(&host),
        ["GET https://erp.example/api/Entity/Customer/?$filter=NomClient%20eq%20%27L%27%27%C3%89picerie%27&$top=5"]
    );
}

#[test]
fn a_record_keeps_every_field_and_every_digit() {
    let row = r#"{"NoProduit": "P-100 ", "Description": "Vis", "PrixVente": 1.250, "CoutMoyen": 0.80, "QteEnMain": "500",
        "EstActif": true, "GroupeProduit": {"CodeGroupe": "VIS", "Description": "Visserie"}, "ExtendedProperties": null}"#;
    let host = acomba().answer(Answer::json(200, row)).install();
    let item = ErpConnector::get("product", "P-100").unwrap();
    assert_eq!((item.entity.as_str(), item.id.as_str()), ("product", "P-100"));
    let document = document(&item);
    assert_eq!(document["prices"][0]["net"], "1.250");
    assert_eq!(document["stock"][0]["quantity"], "500");
    assert_eq!(document["category"], "VIS");
    assert_eq!(document["extra"]["GroupeProduit"]["Description"], "Visserie");
    assert!(document["extra"].get("CoutMoyen").is_some());
    assert_eq!(sent(&host), ["GET https://erp.example/api/Entity/Product/P-100"]);
}

#[test]
fn a_record_that_is_not_there_is_not_found() {
    let _host = acomba().answer(Answer::json(404, r#"{"Message": "?"}"#)).install();
    let failure = ErpConnector::get("invoice", "F-1").unwrap_err();
    let Cause::NotFound(missing) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((missing.kind, missing.key.as_str()), (wharf_sdk::MissingKind::Subject, "F-1"));
}

#[test]
fn a_product_is_made_under_its_sku() {
    let host =
        acomba().answer(Answer::json(200, "[]")).answer(Answer::json(201, r#"{"NoProduit": "P-100"}"#)).install();
    assert!(matches!(ErpConnector::apply(&intent("product", Action::Create, PRODUCT)), Ok(Outcome::Applied(_))));
    assert_eq!(
        text_body(&host.requests()[1]),
        r#"{"Description":"Vis 10mm","EstActif":true,"GroupeProduit":{"CodeGroupe":"VIS"},"NoProduit":"P-100","PrixVente":1.25}"#
    );
}

#[test]
fn a_product_that_is_there_is_compared() {
    let same = r#"[{"NoProduit": "P-100", "Description": "Vis 10mm", "PrixVente": 1.2500, "EstActif": true, "GroupeProduit": {"CodeGroupe": "VIS"}}]"#;
    for (rows, is_same) in [(same.to_owned(), true), (same.replace("1.2500", "1.26"), false)] {
        let host = acomba().answer(Answer::json(200, rows.clone())).answer(Answer::json(200, rows)).install();
        let intent = intent("product", Action::Create, PRODUCT);
        let failure = ErpConnector::apply(&intent).unwrap_err();
        let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!(conflict.same_content, Some(is_same));
        assert_eq!(matches!(ErpConnector::verify(&intent), Ok(Verdict::Found(_))), is_same);
        assert_eq!(host.requests().len(), 2);
    }
}

#[test]
fn a_changed_product_keeps_what_the_document_does_not_say() {
    let row =
        r#"{"NoProduit": "P-100", "Description": "Vis", "PrixVente": 1.250, "CoutMoyen": 0.80, "EstActif": true}"#;
    let host = acomba().answer(Answer::json(200, row)).answer(Answer::json(200, row)).install();
    let mut change = intent("product", Action::Update, r#"{"name": "Vis 12mm"}"#);
    change.target = Some("P-100".to_owned());
    assert_eq!(ErpConnector::plan(&change).unwrap().url, "https://erp.example/api/Entity/Product/P-100");
    assert!(matches!(ErpConnector::apply(&change), Ok(Outcome::Applied(_))));
    assert_eq!(sent(&host)[1], "PUT https://erp.example/api/Entity/Product/P-100");
    assert_eq!(
        text_body(&host.requests()[1]),
        r#"{"CoutMoyen":0.80,"Description":"Vis 12mm","EstActif":true,"NoProduit":"P-100","PrixVente":1.250}"#
    );
}

#[test]
fn a_product_that_says_so_already_is_left_alone() {
    let host = acomba().answer(Answer::json(200, r#"{"NoProduit": "P-100", "Description": "Vis"}"#)).install();
    let mut change = intent("product", Action::Update, r#"{"name": "Vis"}"#);
    change.target = Some("P-100".to_owned());
    assert_eq!(ErpConnector::apply(&change).unwrap(), Outcome::NothingToDo);
    assert_eq!(host.only_request().method, "GET");
}
