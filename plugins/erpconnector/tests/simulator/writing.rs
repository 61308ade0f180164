//! Every write with its verify, and what is left when answers are lost.

use erpconnector::ErpConnector;
use serde_json::json;
use wharf_sdk::failure::Cause;
use wharf_sdk::{Action, Intent, Outcome, Records, Verdict, Writing};
use wharf_sdk_testing::{applied, verified};
use wharf_simulators::erpconnector::{Entity, Robot, Verb};

use crate::bridge::{Bridge, intent};

/// Entity, what it is in the ERP, an ERP that takes and shows it, what makes one, and what changes it.
const WRITES: [(&str, Entity, &str, &str, Option<&str>); 6] = [
    (
        "partner",
        Entity::Customer,
        "acomba",
        r#"{"name": "L'Épicerie", "email": "B@x.ca", "address": {"street": "1 rue A", "city": "Québec", "country": "CA"}}"#,
        Some(r#"{"name": "L'Épicerie inc", "address": {"city": "Lévis"}}"#),
    ),
    (
        "product",
        Entity::Product,
        "acomba",
        r#"{"sku": "P-9", "name": "Vis", "active": true, "category": "VIS", "prices": [{"net": "1.25"}]}"#,
        Some(r#"{"name": "Vis 12", "prices": [{"net": "1.30"}]}"#),
    ),
    (
        "invoice",
        Entity::CustomerInvoice,
        "qbo",
        r#"{"number": "BL-1", "issued_on": "2026-02-01", "partner": {"name": "Tremblay inc", "email": "a@x.ca"},
            "lines": [{"sku": "P-100", "name": "Vis", "quantity": "10", "unit_price_net": "1.25"}]}"#,
        None,
    ),
    (
        "supplier-invoice",
        Entity::SupplierInvoice,
        "avantage",
        r#"{"kind": "purchase", "number": "S-5", "issued_on": "2026-02-01", "partner": {"name": "V", "extra": {"NoFournisseur": "V-9"}},
            "lines": [{"name": "Achat", "quantity": "1", "unit_price_net": "100", "account": "5100"}]}"#,
        None,
    ),
    (
        "supplier-order",
        Entity::SupplierOrder,
        "acomba",
        r#"{"supplier": "V-9", "lines": [{"sku": "P-100", "quantity": "10", "unit_price_net": "1.25"}]}"#,
        None,
    ),
    (
        "journal-entry",
        Entity::GLJournalEntry,
        "sage50",
        r#"{"date": "2026-02-01", "description": "Paie",
            "lines": [{"account": "5300", "debit": "50.10"}, {"account": "1010", "credit": "50.10"}]}"#,
        None,
    ),
];

fn with_customer(erp: &str) -> Bridge {
    let bridge = Bridge::start(erp, |_| {}, r#", "company_ids": ["1"]"#);
    bridge.simulator.seed_customer("C-1", "Tremblay inc", "a@x.ca").unwrap();
    bridge
}

fn created(bridge: &Bridge, entity: Entity) -> usize {
    bridge.simulator.records(entity).iter().filter(|record| !record.seeded).count()
}

#[test]
fn everything_is_made_once_verified_and_changed_where_it_may_be() {
    for (entity, kind, erp, document, change) in WRITES {
        let bridge = with_customer(erp);
        let create = intent(entity, Action::Create, "wh1", document);
        assert_eq!(verified::<ErpConnector>(&create), None, "{entity}");
        let id = applied::<ErpConnector>(&create);
        assert_eq!(verified::<ErpConnector>(&create).as_ref(), Some(&id), "{entity}");
        assert_eq!(ErpConnector::get(entity, &id).unwrap().id, id);
        assert_eq!(created(&bridge, kind), 1, "{entity}");
        let update =
            Intent { target: Some(id.clone()), ..intent(entity, Action::Update, "wh2", change.unwrap_or("{}")) };
        if change.is_none() {
            assert!(matches!(ErpConnector::apply(&update).unwrap_err().cause(), Cause::Unsupported(_)), "{entity}");
            continue;
        }
        assert_eq!(verified::<ErpConnector>(&update), None, "{entity}");
        assert_eq!(applied::<ErpConnector>(&update), id);
        assert_eq!(verified::<ErpConnector>(&update), Some(id), "{entity}");
        assert_eq!(ErpConnector::apply(&update).unwrap(), Outcome::NothingToDo, "{entity}");
        assert_eq!(created(&bridge, kind), 1, "{entity}");
    }
}

#[test]
fn a_post_without_an_answer_is_unknown_and_verify_tells_whether_it_was_done() {
    for (entity, kind, erp, document, _) in WRITES {
        let bridge = with_customer(erp);
        let create = intent(entity, Action::Create, "wh1", document);
        bridge.simulator.faults().drop_response_of(&format!("POST /{}", kind.name()), 1);
        assert_eq!(ErpConnector::apply(&create).unwrap_err().cause(), &Cause::OutcomeUnknown, "{entity}");
        assert!(verified::<ErpConnector>(&create).is_some(), "{entity}");
        assert_eq!(created(&bridge, kind), 1, "{entity}");
    }
}

#[test]
fn a_slow_robot_that_worked_all_the_same_leaves_one_entry() {
    let bridge = with_customer("acomba");
    let entry = WRITES[5].3;
    for (works, booked) in [(false, 0), (true, 1)] {
        bridge.simulator.change(|options| options.robot = Robot::Slow { works });
        let create = intent("journal-entry", Action::Create, &format!("wh{booked}"), entry);
        // Acomba takes entries and does not show them: the first request is the POST, and a person has to look.
        assert_eq!(ErpConnector::apply(&create).unwrap_err().cause(), &Cause::OutcomeUnknown);
        bridge.simulator.change(|options| options.robot = Robot::Online);
        assert!(matches!(ErpConnector::verify(&create), Ok(Verdict::Inconclusive(_))));
        assert_eq!(created(&bridge, Entity::GLJournalEntry), booked);
    }
}

#[test]
fn a_number_that_is_booked_is_not_booked_again() {
    let bridge = with_customer("acomba");
    let document = WRITES[3].3;
    let first = intent("supplier-invoice", Action::Create, "wh1", document);
    applied::<ErpConnector>(&first);
    assert!(matches!(ErpConnector::apply(&first), Ok(Outcome::AlreadyApplied(_))));
    let again = intent("supplier-invoice", Action::Create, "wh2", document);
    let failure = ErpConnector::apply(&again).unwrap_err();
    assert!(matches!(failure.cause(), Cause::Conflict(conflict) if conflict.same_content == Some(true)), "{failure:?}");
    let other = intent("supplier-invoice", Action::Create, "wh3", &document.replace("V-9", "V-8"));
    assert_eq!(applied::<ErpConnector>(&other), "V-8/S-5");
    assert!(bridge.simulator.duplicates().is_empty());
    assert_eq!(created(&bridge, Entity::SupplierInvoice), 2);
}

#[test]
fn each_company_gets_its_own_documents() {
    let bridge = with_customer("acomba");
    let document = WRITES[1].3.replace(r#""sku""#, r#""extra": {"COMPANY_ID": "1"}, "sku""#);
    assert_eq!(applied::<ErpConnector>(&intent("product", Action::Create, "wh1", WRITES[1].3)), "P-9");
    assert_eq!(applied::<ErpConnector>(&intent("product", Action::Create, "wh2", &document)), "1:P-9");
    let records = bridge.simulator.records(Entity::Product);
    let companies: Vec<&str> = records.iter().map(|record| record.company.as_str()).collect();
    assert_eq!(companies, ["0", "1"]);
    let change =
        Intent { target: Some("1:P-9".to_owned()), ..intent("product", Action::Update, "wh3", r#"{"name": "X"}"#) };
    assert_eq!(applied::<ErpConnector>(&change), "1:P-9");
    let names: Vec<_> =
        bridge.simulator.records(Entity::Product).iter().map(|one| one.value["Description"].clone()).collect();
    assert_eq!(names, [json!("Vis"), json!("X")]);
}

#[test]
fn a_closed_period_and_an_unknown_customer_are_told_for_what_they_are() {
    let bridge = with_customer("acomba");
    for status in [422, 500] {
        bridge.simulator.change(|options| {
            options.closed_until = Some("2026-12-31".to_owned());
            options.closed_status = status;
        });
        let failure = ErpConnector::apply(&intent("supplier-invoice", Action::Create, "wh1", WRITES[3].3)).unwrap_err();
        assert_eq!(failure.cause(), &Cause::Precondition("period-closed".into()));
    }
    let stranger = WRITES[2].3.replace("a@x.ca", "z@x.ca");
    let failure = ErpConnector::apply(&intent("invoice", Action::Create, "wh1", &stranger)).unwrap_err();
    assert!(matches!(failure.cause(), Cause::DependencyMissing(_)), "{failure:?}");
    assert_eq!(created(&bridge, Entity::CustomerInvoice) + created(&bridge, Entity::SupplierInvoice), 0);
}

#[test]
fn any_other_entity_is_made_changed_and_removed() {
    let verbs = vec![Verb::Get, Verb::Post, Verb::Put, Verb::Delete];
    let bridge = Bridge::start(
        "sage50",
        |options| drop(options.verbs.insert(Entity::GLAccount, verbs)),
        r#", "entities": {"GLAccount": {"key": "NoCompteGL", "verbs": ["GET", "POST", "PUT", "DELETE"]}}"#,
    );
    let document = r#"{"entity": "GLAccount", "fields": {"NoCompteGL": "5100", "Description": "Achats"}}"#;
    let create = intent("record", Action::Create, "wh1", document);
    assert_eq!(verified::<ErpConnector>(&create), None);
    assert_eq!(applied::<ErpConnector>(&create), "GLAccount/5100");
    assert_eq!(verified::<ErpConnector>(&create).as_deref(), Some("GLAccount/5100"));
    let of = |action, document: &str| Intent {
        target: Some("GLAccount/5100".to_owned()),
        ..intent("record", action, "wh2", document)
    };
    let update = of(Action::Update, r#"{"entity": "GLAccount", "fields": {"Description": "Achats divers"}}"#);
    assert_eq!(verified::<ErpConnector>(&update), None);
    applied::<ErpConnector>(&update);
    assert_eq!(verified::<ErpConnector>(&update).as_deref(), Some("GLAccount/5100"));
    let remove = of(Action::Delete, r#"{"entity": "GLAccount"}"#);
    assert_eq!(verified::<ErpConnector>(&remove), None);
    applied::<ErpConnector>(&remove);
    assert_eq!(verified::<ErpConnector>(&remove).as_deref(), Some("GLAccount/5100"));
    assert_eq!(applied::<ErpConnector>(&remove), "GLAccount/5100");
    assert!(bridge.simulator.records(Entity::GLAccount).is_empty());
    assert!(bridge.host.requests().iter().all(|request| request.url.contains("/Entity/GLAccount/")));
}
