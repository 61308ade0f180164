//! Making invoices, and what becomes of it.

use crate::support::{acomba, header, host, sent};
use erpconnector::ErpConnector;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, intent, json_body, text_body};

const INVOICE: &str = r#"{
    "number": "BL-5001", "order_number": "5001", "issued_on": "2026-02-01", "currency": "CAD",
    "partner": {"name": "Tremblay inc", "email": "A@x.ca"},
    "lines": [
        {"sku": "P-100", "name": "Vis", "quantity": "10", "unit_price_gross": "53.75", "tax_rate": {"percent": "23"}},
        {"name": "Étui d'été", "quantity": "0.5", "unit_price_net": "1.10"}
    ]}"#;
const CUSTOMERS: &str = r#"[{"NoClient": "C-1", "NomClient": "Tremblay inc", "Courriel": "a@x.ca"}]"#;

fn create() -> Intent {
    intent("invoice", Action::Create, INVOICE)
}

fn there(description: &str, quantity: &str) -> String {
    format!(
        r#"[{{"NoFacture": "BL-5001", "Client": {{"NoClient": "C-1"}}, "Description": "{description}", "Lignes": [
            {{"NoProduit": "P-100", "Description": "Vis", "Qte": {quantity}, "PrixUnitaire": 43.6992}},
            {{"Description": "Étui d'été", "Qte": 0.50, "PrixUnitaire": 1.1}}]}}]"#
    )
}

fn ours() -> String {
    there(&format!("{CORRELATION} 5001 CAD"), "10")
}

#[test]
fn an_invoice_is_made_once_its_number_is_free_and_its_customer_known() {
    let host = acomba()
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(200, CUSTOMERS))
        .answer(Answer::json(201, r#"{"NoFacture": "BL-5001", "Total": 500.5}"#))
        .install();
    let Ok(Outcome::Applied(applied)) = ErpConnector::apply(&create()) else { panic!("not applied") };
    assert_eq!((applied.id.as_str(), applied.number.as_deref()), ("BL-5001", Some("BL-5001")));
    assert_eq!(
        sent(&host),
        [
            "GET https://erp.example/api/Entity/CustomerInvoice/?$filter=NoFacture%20eq%20%27BL-5001%27&$top=2",
            "GET https://erp.example/api/Entity/Customer/?$filter=Courriel%20eq%20%27a%40x.ca%27&$top=20",
            "POST https://erp.example/api/Entity/CustomerInvoice/",
        ]
    );
    let post = &host.requests()[2];
    assert_eq!(header(post, "If-None-Match"), Some("*"));
    assert_eq!(header(post, "COMPANY_ID"), Some("0"));
    assert_eq!(header(post, "Content-Type"), Some("application/json"));
    assert_eq!(post.credential.as_deref(), Some("account"));
    let body = r#"{"Client":{"NoClient":"C-1"},"DateFacture":"2026-02-01","Description":"wh7m2k4q9x3c5v8b 5001 CAD","Lignes":[{"Description":"Vis","NoProduit":"P-100","PrixUnitaire":43.6992,"Qte":10},{"Description":"Étui d'été","PrixUnitaire":1.10,"Qte":0.5}],"NoFacture":"BL-5001"}"#;
    assert_eq!(text_body(post), body);
}

#[test]
fn the_plan_is_the_first_request_and_sends_nothing() {
    let host = acomba().answer(Answer::json(200, "[]")).answer(Answer::json(200, "[]")).install();
    let plan = ErpConnector::plan(&create()).unwrap();
    assert!(host.requests().is_empty());
    assert!(plan.notes.iter().any(|note| note.contains(r#""PrixUnitaire":43.6992"#)), "{:?}", plan.notes);
    assert!(ErpConnector::apply(&create()).is_err());
    let first = &host.requests()[0];
    assert_eq!(
        (plan.method.as_str(), plan.url.as_str(), plan.body.as_str()),
        (&*first.method, &*first.url, text_body(first))
    );
}

#[test]
fn an_unknown_customer_is_a_dependency_and_nothing_is_written() {
    let host = acomba().answer(Answer::json(200, "[]")).answer(Answer::json(200, r#"{"value": []}"#)).install();
    let failure = ErpConnector::apply(&create()).unwrap_err();
    let Cause::DependencyMissing(missing) = failure.cause() else { panic!("{failure:?}") };
    assert_eq!((missing.entity.as_str(), missing.key.as_str()), ("partner", "a@x.ca"));
    assert!(host.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn what_this_intent_made_is_already_applied_and_what_another_made_is_a_conflict() {
    for (rows, same) in [(ours(), None), (there("other", "10"), Some(true)), (there("other", "11"), Some(false))] {
        let host = acomba().answer(Answer::json(200, rows)).answer(Answer::json(200, CUSTOMERS)).install();
        match (ErpConnector::apply(&create()), same) {
            (Ok(Outcome::AlreadyApplied(applied)), None) => assert_eq!(applied.id, "BL-5001"),
            (Err(failure), Some(same)) => {
                let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
                assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("BL-5001"), Some(same)));
            }
            (outcome, same) => panic!("{outcome:?} for {same:?}"),
        }
        assert!(host.requests().iter().all(|request| request.method == "GET"));
    }
}

#[test]
fn the_same_lines_for_another_customer_are_other_content() {
    let rows = there("other", "10").replace("C-1", "C-2");
    let _host = acomba().answer(Answer::json(200, rows)).answer(Answer::json(200, CUSTOMERS)).install();
    let failure = ErpConnector::apply(&create()).unwrap_err();
    assert!(
        matches!(failure.cause(), Cause::Conflict(conflict) if conflict.same_content == Some(false)),
        "{failure:?}"
    );
}

#[test]
fn a_precondition_that_fails_is_read_back() {
    for (rows, applied) in [(ours(), true), (there("other", "11"), false), ("[]".to_owned(), false)] {
        let host = acomba()
            .answer(Answer::json(200, "[]"))
            .answer(Answer::json(200, CUSTOMERS))
            .answer(Answer::json(412, r#"{"Message": "Existe déjà"}"#))
            .answer(Answer::json(200, rows.clone()))
            .answer(Answer::json(200, CUSTOMERS))
            .install();
        match ErpConnector::apply(&create()) {
            Ok(Outcome::AlreadyApplied(_)) => assert!(applied, "{rows}"),
            Err(failure) => assert!(!applied && matches!(failure.cause(), Cause::Conflict(_)), "{rows}: {failure:?}"),
            outcome => panic!("{outcome:?}"),
        }
        let posts = host.requests().iter().filter(|request| request.method == "POST").count();
        assert_eq!(posts, 1, "{rows}");
    }
}

#[test]
fn a_lost_answer_is_unknown_and_nothing_is_sent_again() {
    for answer in [
        Answer::lost(),
        Answer::json(504, r#"{"Message": "Robot trop lent"}"#),
        Answer::json(503, r#"{"Message": "Robot hors ligne"}"#),
        Answer::json(500, r#"{"Message": "An error has occurred."}"#),
        Answer::html(200, "<html>proxy</html>"),
        Answer::empty(200),
        Answer::json(201, r#"{"NoFacture": "BL-5"#),
    ] {
        let host =
            acomba().answer(Answer::json(200, "[]")).answer(Answer::json(200, CUSTOMERS)).answer(answer).install();
        let failure = ErpConnector::apply(&create()).unwrap_err();
        assert_eq!(failure.cause(), &Cause::OutcomeUnknown, "{failure:?}");
        assert_eq!(host.requests().len(), 3);
    }
}

#[test]
fn refusals_of_the_erp_become_their_causes() {
    type Check = fn(&Cause) -> bool;
    let cases: [(u16, &str, Check); 9] = [
        (422, r#"{"Message": "La période 2026-01 est fermée"}"#, |cause| {
            *cause == Cause::Precondition("period-closed".into())
        }),
        (500, r#"{"Message": "Period is closed"}"#, |cause| *cause == Cause::Precondition("period-closed".into())),
        (422, r#"{"Message": "Dossier verrouillé par Luc"}"#, |cause| {
            *cause == Cause::Precondition("record-locked".into())
        }),
        (422, r#"{"Message": "Produit inconnu"}"#, |cause| matches!(cause, Cause::InvalidRecord(_))),
        (500, r#"{"Message": "Produit inconnu"}"#, |cause| matches!(cause, Cause::InvalidRecord(_))),
        (
            400,
            r#"{"Message": "Invalid", "ModelState": {"Lignes[1].Qte": ["Quantité invalide."]}}"#,
            |cause| matches!(cause, Cause::InvalidRecord(all) if all.len() == 1 && all[0].path == "/lines/1"),
        ),
        (401, r#"{"Message": "Authorization has been denied for this request."}"#, |cause| {
            *cause == Cause::AuthExpired
        }),
        (403, r#"{"Message": "Compagnie inconnue"}"#, |cause| *cause == Cause::Forbidden(Some("company 0".into()))),
        (405, r#"{"Message": "Non supporté"}"#, |cause| matches!(cause, Cause::Unsupported(_))),
    ];
    for (status, body, is_it) in cases {
        let _host = acomba()
            .answer(Answer::json(200, "[]"))
            .answer(Answer::json(200, CUSTOMERS))
            .answer(Answer::json(status, body))
            .install();
        let failure = ErpConnector::apply(&create()).unwrap_err();
        assert!(is_it(failure.cause()), "{status} {body}: {failure:?}");
        assert_eq!(failure.evidence().and_then(|evidence| evidence.http_status), Some(status));
    }
}

#[test]
fn refused_reads_become_their_causes() {
    type Check = fn(&Cause) -> bool;
    let cases: [(Answer, Check); 8] = [
        (Answer::json(503, r#"{"Message": "Robot hors ligne"}"#).header("Retry-After", "30"), |cause| {
            *cause == Cause::Unavailable(Some(1_767_225_630_000))
        }),
        (Answer::json(504, "{}"), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(429, "{}"), |cause| matches!(cause, Cause::RateLimited(_))),
        (Answer::html(200, "<html>login</html>"), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, "[{\"NoFacture\": \"BL"), |cause| *cause == Cause::Unavailable(None)),
        (Answer::json(200, "7"), |cause| matches!(cause, Cause::ContractChanged(_))),
        (Answer::json(400, r#"{"Message": "$filter"}"#), |cause| *cause == Cause::Unsupported("query".into())),
        (Answer::json(404, r#"{"Message": "?"}"#), |cause| matches!(cause, Cause::NotFound(_))),
    ];
    for (answer, is_it) in cases {
        let _host = acomba().answer(answer.clone()).install();
        let failure = ErpConnector::apply(&create()).unwrap_err();
        assert!(is_it(failure.cause()), "{answer:?}: {failure:?}");
    }
}

#[test]
fn a_filter_that_is_ignored_is_found_out() {
    let _host = acomba().answer(Answer::json(200, r#"[{"NoFacture": "F-1"}]"#)).install();
    let failure = ErpConnector::apply(&create()).unwrap_err();
    assert!(matches!(failure.cause(), Cause::ContractChanged(_)), "{failure:?}");
}

#[test]
fn verify_asks_by_number_and_then_by_description() {
    let renumbered = ours().replace("BL-5001", "20260001");
    let cases: [(&[String], &str); 4] = [
        (&[ours()], "BL-5001"),
        (&["[]".to_owned(), renumbered], "20260001"),
        (&["[]".to_owned(), "[]".to_owned()], "absent"),
        (&[there("other", "10")], "inconclusive"),
    ];
    for (answers, expected) in cases {
        let host = answers.iter().fold(acomba(), |host, rows| host.answer(Answer::json(200, rows.clone()))).install();
        match ErpConnector::verify(&create()).unwrap() {
            Verdict::Found(applied) => assert_eq!(applied.number.as_deref(), Some(expected)),
            Verdict::Absent => assert_eq!(expected, "absent"),
            Verdict::Inconclusive(_) => assert_eq!(expected, "inconclusive"),
        }
        assert_eq!(host.requests().len(), answers.len());
        assert!(host.requests().iter().all(|request| request.effect == wharf_sdk::http::Effect::Read));
    }
}

#[test]
fn what_cannot_be_booked_is_refused_before_a_request() {
    for (document, path) in [
        (r#"{"partner": {"name": "A"}, "lines": []}"#, "/lines"),
        (
            r#"{"partner": {"name": ""}, "lines": [{"name": "x", "quantity": "1", "unit_price_net": "1"}]}"#,
            "/partner/name",
        ),
        (r#"{"partner": {"name": "A"}, "lines": [{"name": "x", "quantity": "1"}]}"#, "/lines/0/unit_price_net"),
        (
            r#"{"partner": {"name": "A"}, "lines": [{"name": "x", "quantity": "1", "unit_price_gross": "1"}]}"#,
            "/lines/0/tax_rate/percent",
        ),
        (
            r#"{"partner": {"name": "A"}, "lines": [{"name": "", "quantity": "1", "unit_price_net": "1"}]}"#,
            "/lines/0/name",
        ),
        (
            r#"{"kind": "credit", "partner": {"name": "A"}, "lines": [{"name": "x", "quantity": "1", "unit_price_net": "1"}]}"#,
            "/kind",
        ),
        (
            r#"{"currency": "EUR", "partner": {"name": "A"}, "lines": [{"name": "x", "quantity": "1", "unit_price_net": "1"}]}"#,
            "/currency",
        ),
        (
            r#"{"issued_on": "1.2.2026", "partner": {"name": "A"}, "lines": [{"name": "x", "quantity": "1", "unit_price_net": "1"}]}"#,
            "/issued_on",
        ),
    ] {
        let host = host(r#""erp": "acomba", "currency": "CAD""#).install();
        for result in [
            ErpConnector::plan(&intent("invoice", Action::Create, document)).map(|_| ()),
            ErpConnector::apply(&intent("invoice", Action::Create, document)).map(|_| ()),
        ] {
            let failure = result.unwrap_err();
            let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
            assert_eq!(found[0].path, path);
        }
        assert!(host.requests().is_empty());
    }
}

#[test]
fn what_the_erp_does_not_offer_is_refused_before_a_request() {
    for (erp, action) in [
        ("avantage", Action::Create),
        ("sage50", Action::Create),
        ("servicentre", Action::Create),
        ("acomba", Action::Update),
    ] {
        let host = host(&format!(r#""erp": "{erp}""#)).install();
        let intent = intent("invoice", action, INVOICE);
        for failure in [ErpConnector::plan(&intent).unwrap_err(), ErpConnector::apply(&intent).unwrap_err()] {
            assert!(matches!(failure.cause(), Cause::Unsupported(_)), "{erp}: {failure:?}");
        }
        assert!(host.requests().is_empty());
    }
}

#[test]
fn prices_have_the_places_of_the_configuration_and_names_can_be_changed() {
    let host = host(
        r#""erp": "qbo", "price_places": 2, "company_id": "7", "fields": {"CustomerInvoice.Lignes.Qte": "Quantite"}"#,
    )
    .answer(Answer::json(200, "[]"))
    .answer(Answer::json(200, CUSTOMERS))
    .answer(Answer::empty(204))
    .install();
    let Ok(Outcome::Applied(applied)) = ErpConnector::apply(&create()) else { panic!("not applied") };
    assert_eq!(applied.id, "BL-5001");
    let post = &host.requests()[2];
    assert_eq!(header(post, "COMPANY_ID"), Some("7"));
    assert_eq!(json_body(post)["Lignes"][0]["PrixUnitaire"].to_string(), "43.7");
    assert!(text_body(post).contains(r#""PrixUnitaire":43.70,"Quantite":10"#), "{}", text_body(post));
}
