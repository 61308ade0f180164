//! Invoices of suppliers, orders to them, entries of the ledger.

use crate::support::{acomba, header, host, sent};
use erpconnector::ErpConnector;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Outcome, Verdict, Writing};
use wharf_sdk_testing::{Answer, CORRELATION, intent, json_body, text_body};

const INVOICE: &str = r#"{"kind": "purchase", "number": "S-5", "issued_on": "2026-02-01", "due_on": "2026-03-01", "note": "papier",
    "partner": {"name": "Papeterie", "extra": {"NoFournisseur": "V-9"}},
    "lines": [{"name": "Achat", "quantity": "3", "unit_price_net": "33.335", "account": "5100"}]}"#;
const ORDER: &str = r#"{"supplier": "V-9", "ordered_on": "2026-02-01",
    "lines": [{"sku": "P-100", "name": "Vis", "quantity": "10", "unit_price_net": "1.250"}]}"#;
const ENTRY: &str = r#"{"date": "2026-02-01", "description": "Paie",
    "lines": [{"account": "5300", "debit": "50.00"}, {"account": "1010", "credit": "30"}, {"account": "1020", "credit": "20.0"}]}"#;

const KINDS: [(&str, &str); 3] = [("supplier-invoice", INVOICE), ("supplier-order", ORDER), ("journal-entry", ENTRY)];

fn purchase_there(description: &str, amount: &str) -> String {
    format!(
        r#"[{{"NoFacture": "S-5", "NoFournisseur": "V-9", "DateFacture": "2026-02-01T00:00:00", "DateEcheance": "2026-03-01",
            "Description": "{description}", "Lignes": [{{"NoCompteGL": "5100", "Montant": {amount}, "Description": "Achat"}}]}}]"#
    )
}

#[test]
fn each_kind_is_sent_as_the_erp_has_it() {
    let cases = [
        (
            "supplier-invoice",
            INVOICE,
            r#"{"NoFacture": "S-5"}"#,
            "V-9/S-5",
            r#"{"DateEcheance":"2026-03-01","DateFacture":"2026-02-01","Description":"wh7m2k4q9x3c5v8b papier","Lignes":[{"Description":"Achat","Montant":100.01,"NoCompteGL":"5100"}],"NoFacture":"S-5","NoFournisseur":"V-9"}"#,
        ),
        (
            "supplier-order",
            ORDER,
            r#"{"NoCommande": "wh7m2k4q9x3c5v8b"}"#,
            "wh7m2k4q9x3c5v8b",
            r#"{"DateCommande":"2026-02-01","Description":"wh7m2k4q9x3c5v8b","Lignes":[{"Description":"Vis","NoProduit":"P-100","PrixUnitaire":1.250,"Qte":10}],"NoCommande":"wh7m2k4q9x3c5v8b","NoFournisseur":"V-9"}"#,
        ),
        (
            "journal-entry",
            ENTRY,
            r#"{"NoEcriture": "E-000001"}"#,
            "E-000001",
            r#"{"DateEcriture":"2026-02-01","Description":"wh7m2k4q9x3c5v8b Paie","Lignes":[{"Montant":50.00,"NoCompteGL":"5300","Sens":"Debit"},{"Montant":30,"NoCompteGL":"1010","Sens":"Credit"},{"Montant":20.0,"NoCompteGL":"1020","Sens":"Credit"}]}"#,
        ),
    ];
    for (entity, document, answer, id, body) in cases {
        let host = acomba()
            .respond(move |request| match request.method.as_str() {
                "GET" => Answer::json(200, "[]"),
                _ => Answer::json(201, answer),
            })
            .install();
        let Ok(Outcome::Applied(applied)) = ErpConnector::apply(&intent(entity, Action::Create, document)) else {
            panic!("{entity} is not applied")
        };
        assert_eq!(applied.id, id);
        let requests = host.requests();
        let post = requests.last().unwrap();
        assert_eq!(text_body(post), body);
        assert_eq!(header(post, "If-None-Match"), Some("*"));
        // Entries can be made in Acomba and not read, and their number is the ERP's.
        assert_eq!(requests.len(), if entity == "journal-entry" { 1 } else { 2 }, "{entity}");
    }
}

#[test]
fn the_plan_is_the_first_request() {
    for (entity, document) in KINDS {
        let host = acomba().answer(Answer::lost()).install();
        let intent = intent(entity, Action::Create, document);
        let plan = ErpConnector::plan(&intent).unwrap();
        assert!(host.requests().is_empty());
        ErpConnector::apply(&intent).unwrap_err();
        let first = host.only_request();
        assert_eq!(
            (plan.method, plan.url, plan.body.as_str()),
            (first.method.clone(), first.url.clone(), text_body(&first)),
            "{entity}"
        );
    }
}

#[test]
fn an_entry_that_does_not_balance_is_refused_with_both_sums_before_a_request() {
    let host = acomba().install();
    let document = ENTRY.replace("20.0", "19.99");
    for failure in [
        ErpConnector::plan(&intent("journal-entry", Action::Create, &document)).unwrap_err(),
        ErpConnector::apply(&intent("journal-entry", Action::Create, &document)).unwrap_err(),
    ] {
        let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((found[0].path.as_str(), found[0].code.as_str()), ("/lines", "not-balanced"));
        assert_eq!(found[0].message, "the debits are 50.00 and the credits are 49.99; make them equal");
    }
    assert!(host.requests().is_empty());
}

#[test]
fn what_cannot_be_booked_is_refused_by_its_place_before_a_request() {
    let line =
        |debit: &str| format!(r#"{{"date": "2026-02-01", "lines": [{debit}, {{"account": "1", "credit": "1"}}]}}"#);
    for (entity, document, path) in [
        ("journal-entry", line(r#"{"account": "", "debit": "1"}"#), "/lines/0/account"),
        ("journal-entry", line(r#"{"account": "2"}"#), "/lines/0"),
        ("journal-entry", line(r#"{"account": "2", "debit": "1", "credit": "1"}"#), "/lines/0"),
        ("journal-entry", line(r#"{"account": "2", "debit": "-1"}"#), "/lines/0/debit"),
        ("journal-entry", r#"{"date": "2026-02-01", "lines": []}"#.to_owned(), "/lines"),
        ("journal-entry", ENTRY.replace("2026-02-01", "1.2.2026"), "/date"),
        ("supplier-invoice", INVOICE.replace(r#""purchase""#, r#""sale""#), "/kind"),
        ("supplier-invoice", INVOICE.replace(r#""S-5""#, r#"" ""#), "/number"),
        ("supplier-invoice", INVOICE.replace("NoFournisseur", "Nr"), "/partner/extra/NoFournisseur"),
        ("supplier-invoice", INVOICE.replace(r#", "account": "5100""#, ""), "/lines/0/account"),
        ("supplier-invoice", INVOICE.replace(r#""unit_price_net": "33.335", "#, ""), "/lines/0/unit_price_net"),
        ("supplier-invoice", INVOICE.replace(r#""2026-03-01""#, r#""soon""#), "/due_on"),
        ("supplier-order", ORDER.replace("V-9", ""), "/supplier"),
        ("supplier-order", ORDER.replace("P-100", " "), "/lines/0/sku"),
        ("supplier-order", r#"{"supplier": "V-9", "lines": []}"#.to_owned(), "/lines"),
    ] {
        let host = acomba().install();
        let failure = ErpConnector::apply(&intent(entity, Action::Create, &document)).unwrap_err();
        let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
        assert!(found.iter().any(|one| one.path == path), "{document}: {found:?}");
        assert!(host.requests().is_empty());
    }
}

#[test]
fn a_purchase_is_looked_for_by_number_and_supplier() {
    let host = acomba().answer(Answer::json(200, purchase_there(CORRELATION, "1"))).install();
    let outcome = ErpConnector::apply(&intent("supplier-invoice", Action::Create, INVOICE)).unwrap();
    assert!(matches!(outcome, Outcome::AlreadyApplied(applied) if applied.id == "V-9/S-5"));
    assert_eq!(
        sent(&host),
        [
            "GET https://erp.example/api/Entity/SupplierInvoice/?$filter=NoFacture%20eq%20%27S-5%27%20and%20NoFournisseur%20eq%20%27V-9%27&$top=20"
        ]
    );
}

#[test]
fn a_purchase_of_another_is_a_conflict_that_says_whether_it_is_the_same() {
    for (amount, same) in [("100.010", true), ("99", false)] {
        let _host = acomba().answer(Answer::json(200, purchase_there("other", amount))).install();
        let failure = ErpConnector::apply(&intent("supplier-invoice", Action::Create, INVOICE)).unwrap_err();
        let Cause::Conflict(conflict) = failure.cause() else { panic!("{failure:?}") };
        assert_eq!((conflict.existing_id.as_deref(), conflict.same_content), (Some("V-9/S-5"), Some(same)));
    }
}

#[test]
fn a_precondition_that_fails_is_read_back() {
    for (rows, applied) in [(purchase_there(CORRELATION, "100.01"), true), ("[]".to_owned(), false)] {
        let host = acomba()
            .answer(Answer::json(200, "[]"))
            .answer(Answer::json(412, r#"{"Message": "Existe déjà"}"#))
            .answer(Answer::json(200, rows))
            .install();
        match ErpConnector::apply(&intent("supplier-invoice", Action::Create, INVOICE)) {
            Ok(Outcome::AlreadyApplied(_)) => assert!(applied),
            Err(failure) => assert!(!applied && matches!(failure.cause(), Cause::Conflict(_)), "{failure:?}"),
            outcome => panic!("{outcome:?}"),
        }
        assert_eq!(host.requests().iter().filter(|request| request.method == "POST").count(), 1);
    }
}

#[test]
fn a_post_without_an_answer_is_unknown_and_sent_once() {
    for (entity, document) in KINDS {
        for (status, body) in [(504, r#"{"Message": "lent"}"#), (503, "{}"), (500, "{}"), (201, "<html>")] {
            let host = acomba()
                .respond(move |request| match request.method.as_str() {
                    "GET" => Answer::json(200, "[]"),
                    _ => Answer::json(status, body),
                })
                .install();
            let failure = ErpConnector::apply(&intent(entity, Action::Create, document)).unwrap_err();
            assert_eq!(failure.cause(), &Cause::OutcomeUnknown, "{entity} {status}");
            assert_eq!(host.requests().iter().filter(|request| request.method == "POST").count(), 1);
        }
    }
}

#[test]
fn a_purchase_is_verified_by_number_then_by_description_then_by_day() {
    let elsewhere = |description: &str| purchase_there(description, "100.01").replace("S-5", "S-0005");
    let marked = format!("{CORRELATION} papier");
    let cases: [(Vec<String>, &str); 6] = [
        (vec![purchase_there(&marked, "1")], "V-9/S-5"),
        (vec![purchase_there("", "100.01")], "V-9/S-5"),
        (vec![purchase_there("", "1")], "inconclusive"),
        (vec!["[]".into(), elsewhere(&marked)], "V-9/S-0005"),
        (vec!["[]".into(), "[]".into(), elsewhere(CORRELATION)], "V-9/S-0005"),
        (vec!["[]".into(), "[]".into(), elsewhere("other"), "[]".into()], "absent"),
    ];
    for (answers, expected) in cases {
        let host = answers.iter().fold(acomba(), |host, rows| host.answer(Answer::json(200, rows.clone()))).install();
        match ErpConnector::verify(&intent("supplier-invoice", Action::Create, INVOICE)).unwrap() {
            Verdict::Found(applied) => assert_eq!(applied.id, expected),
            Verdict::Absent => assert_eq!(expected, "absent"),
            Verdict::Inconclusive(_) => assert_eq!(expected, "inconclusive"),
        }
        assert_eq!(host.requests().len(), answers.len(), "{expected}");
    }
}

#[test]
fn the_documents_of_a_day_are_gone_through_to_the_last() {
    // An ERP that gives one row at a time, and cut the description short.
    for (documents, place, found) in [(3, 2, true), (3, 9, false)] {
        let _host = acomba()
            .respond(move |request| {
                let is_dated = request.url.contains("DateFacture");
                let skip = request.url.split("$skip=").nth(1).map_or(0, |skip| skip.parse::<usize>().unwrap());
                let mark = if skip == place { CORRELATION } else { "x" };
                let row = purchase_there(mark, "100.01").replace("S-5", &format!("S-{skip}000"));
                Answer::json(200, if is_dated && skip < documents { row.as_str() } else { "[]" })
            })
            .install();
        let verdict = ErpConnector::verify(&intent("supplier-invoice", Action::Create, INVOICE)).unwrap();
        assert_eq!(matches!(&verdict, Verdict::Found(applied) if applied.id == "V-9/S-2000"), found, "{verdict:?}");
        assert_eq!(verdict == Verdict::Absent, !found);
    }
}

#[test]
fn more_documents_of_a_day_than_are_read_decide_nothing() {
    let _host = acomba()
        .respond(|request| {
            let skip = request.url.split("$skip=").nth(1).unwrap_or("0");
            let is_dated = request.url.contains("DateFacture");
            let row = purchase_there("x", "100.01").replace("S-5", &format!("S-{skip}000"));
            Answer::json(200, if is_dated { row.as_str() } else { "[]" })
        })
        .install();
    let verdict = ErpConnector::verify(&intent("supplier-invoice", Action::Create, INVOICE)).unwrap();
    assert!(matches!(&verdict, Verdict::Inconclusive(why) if why.contains(CORRELATION)), "{verdict:?}");
}

#[test]
fn an_entry_that_cannot_be_read_back_is_left_to_a_person() {
    let acomba = acomba().install();
    let verdict = ErpConnector::verify(&intent("journal-entry", Action::Create, ENTRY)).unwrap();
    assert!(matches!(&verdict, Verdict::Inconclusive(why) if why.contains(CORRELATION)), "{verdict:?}");
    assert!(acomba.requests().is_empty());
    drop(acomba);
    let there =
        format!(r#"[{{"NoEcriture": "E-7", "DateEcriture": "2026-02-01", "Description": "{CORRELATION} Pai"}}]"#);
    let host = host(r#""erp": "sage50""#).answer(Answer::json(200, "[]")).answer(Answer::json(200, there)).install();
    let verdict = ErpConnector::verify(&intent("journal-entry", Action::Create, ENTRY)).unwrap();
    assert!(matches!(verdict, Verdict::Found(applied) if applied.id == "E-7"));
    assert_eq!(host.requests().len(), 2);
}

#[test]
fn what_the_erp_does_not_offer_is_refused_before_a_request() {
    for (erp, entity, document) in [
        ("qbo", "supplier-order", ORDER),
        ("avantage", "supplier-order", ORDER),
        ("avantage", "journal-entry", ENTRY),
        ("qbo", "journal-entry", ENTRY),
        ("servicentre", "supplier-invoice", INVOICE),
    ] {
        let host = host(&format!(r#""erp": "{erp}""#)).install();
        let intent = intent(entity, Action::Create, document);
        for failure in [ErpConnector::plan(&intent).unwrap_err(), ErpConnector::apply(&intent).unwrap_err()] {
            assert!(matches!(failure.cause(), Cause::Unsupported(_)), "{erp} {entity}: {failure:?}");
        }
        assert!(host.requests().is_empty());
    }
}

#[test]
fn the_erps_words_on_a_posting_name_the_place_of_the_document() {
    let host = acomba()
        .answer(Answer::json(200, "[]"))
        .answer(Answer::json(400, r#"{"ModelState": {"NoFournisseur": ["inconnu"], "Lignes[0].Qte": ["trop"]}}"#))
        .install();
    let failure = ErpConnector::apply(&intent("supplier-order", Action::Create, ORDER)).unwrap_err();
    let Cause::InvalidRecord(found) = failure.cause() else { panic!("{failure:?}") };
    let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["/supplier", "/lines/0"]);
    assert_eq!(json_body(&host.requests()[1])["NoFournisseur"], "V-9");
}
