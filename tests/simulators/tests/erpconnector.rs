//! ERPConnector as a client sees it, over TLS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use wharf_simulators::authority::Authority;
use wharf_simulators::erpconnector::{COMPANY, Entity, Erp, OTHER_COMPANY, Options, Robot, Simulator, Verb};
use wharf_simulators::fault::Kind;

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn values(&self, field: &str) -> Vec<&str> {
        self.body.as_array().expect("a list").iter().map(|row| row[field].as_str().unwrap()).collect()
    }

    fn fields(&self) -> Vec<&str> {
        self.body["ModelState"]
            .as_object()
            .map(|fields| fields.keys().map(String::as_str).collect())
            .unwrap_or_default()
    }
}

struct Caller {
    http: Client,
    url: String,
}

impl Caller {
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}/api/Entity/{path}", self.url)).basic_auth("LIC-001", Some("secret"))
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.expect("a whole body");
        Answer { status, headers, body: serde_json::from_str(&text).expect("JSON") }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Reads a list with query options, percent-encoded as a client has to.
    async fn list(&self, entity: &str, options: &[(&str, &str)]) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(options).finish();
        self.get(&format!("{entity}/?{query}")).await
    }

    fn with_body(&self, method: Method, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.request(method, path).header("Content-Type", "application/json").body(body.to_string())
    }

    async fn post(&self, entity: &str, body: &Value) -> Answer {
        self.send(self.with_body(Method::POST, &format!("{entity}/"), body)).await
    }

    async fn post_if_new(&self, entity: &str, body: &Value) -> Answer {
        let request = self.with_body(Method::POST, &format!("{entity}/"), body);
        self.send(request.header("If-None-Match", "*")).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.with_body(Method::PUT, path, body)).await
    }
}

async fn start(change: impl FnOnce(&mut Options)) -> (Simulator, Caller) {
    let authority = Authority::new().unwrap();
    let simulator = Simulator::builder().options(change).start(Some(&authority)).await.unwrap();
    // Already installed by another test of this process is as good.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = Certificate::from_pem(authority.root_pem().as_bytes()).unwrap();
    let http = Client::builder().tls_certs_only([root]).no_proxy().build().unwrap();
    let caller = Caller { http, url: simulator.url() };
    (simulator, caller)
}

async fn start_with_customers(change: impl FnOnce(&mut Options)) -> (Simulator, Caller) {
    let (simulator, caller) = start(change).await;
    simulator.seed_customer("C-1", "Tremblay inc", "a@x.ca").unwrap();
    simulator.seed_customer("C-2", "L'Épicerie d'Amélie", "b@x.ca").unwrap();
    simulator.seed_customer("C-3", "Béton Lévis", "c@x.ca").unwrap();
    (simulator, caller)
}

fn invoice(number: &str) -> Value {
    json!({ "NoFacture": number, "DateFacture": "2026-02-01", "Client": { "NoClient": "C-1" }, "Description": "wharf:abc",
        "Lignes": [{ "NoProduit": "P-100", "Description": "Vis", "Qte": 10, "PrixUnitaire": 1.25 }] })
}

fn supplier_invoice(number: &str, supplier: &str) -> Value {
    json!({ "NoFacture": number, "NoFournisseur": supplier, "DateFacture": "2026-02-01",
        "Lignes": [{ "NoCompteGL": "5100", "Montant": 100.0, "Description": "Achat" }] })
}

fn supplier_order(number: &str) -> Value {
    json!({ "NoCommande": number, "NoFournisseur": "V-9", "Lignes": [{ "NoProduit": "P-100", "Qte": 5 }] })
}

fn entry() -> Value {
    json!({ "DateEcriture": "2026-02-01", "Description": "Paie", "Lignes": [
        { "NoCompteGL": "5300", "Montant": 50.1, "Sens": "Debit" },
        { "NoCompteGL": "1010", "Montant": 50.0, "Sens": "Credit" }, { "NoCompteGL": "1011", "Montant": 0.1, "Sens": "Credit" }] })
}

fn with(mut record: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    record.pointer_mut(parent).expect("the parent is there")[name] = value;
    record
}

#[tokio::test]
async fn licence_and_secret_are_checked() {
    let (simulator, caller) = start(|_| {}).await;
    let address = format!("{}/api/Entity/Product/", caller.url);
    for request in [
        caller.http.get(&address),
        caller.http.get(&address).basic_auth("LIC-001", Some("wrong")),
        caller.http.get(&address).basic_auth("LIC-002", Some("secret")),
        caller.http.get(&address).bearer_auth("secret"),
    ] {
        let answer = caller.send(request).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.body, json!({ "Message": "Authorization has been denied for this request." }));
    }
    assert_eq!(caller.get("Product/").await.status, 200);
    simulator.set_secret("other");
    assert_eq!(caller.get("Product/").await.status, 401);
}

#[tokio::test]
async fn company_header_separates_the_books() {
    let (simulator, caller) = start(|_| {}).await;
    simulator.seed_product("P-1", "Vis", 1.0).unwrap();
    simulator.seed(OTHER_COMPANY, Entity::Product, json!({ "NoProduit": "P-2" })).unwrap();
    let of = |company: &'static str| caller.request(Method::GET, "Product/").header("COMPANY_ID", company);
    assert_eq!(caller.get("Product/").await.values("NoProduit"), ["P-1"], "the header's default is 0");
    assert_eq!(caller.send(of(COMPANY)).await.values("NoProduit"), ["P-1"]);
    assert_eq!(caller.send(of(OTHER_COMPANY)).await.values("NoProduit"), ["P-2"]);
    for unknown in ["2", "", "x"] {
        assert_eq!(caller.send(of(unknown)).await.status, 403, "{unknown}");
    }
}

#[tokio::test]
async fn each_system_offers_what_the_vendors_table_says() {
    let entities =
        ["Product", "Customer", "CustomerInvoice", "SupplierInvoice", "SupplierOrder", "GLJournalEntry", "GLAccount"];
    // G reads, P creates, U updates; in the order of the entities above.
    let table = [
        (Erp::Acomba, ["GPU", "GPU", "GP", "GP", "GP", "P", "G"]),
        (Erp::QuickBooksOnline, ["G", "GP", "GP", "GP", "", "", "G"]),
        (Erp::Avantage, ["", "G", "G", "GP", "G", "G", "G"]),
        (Erp::Sage50, ["", "G", "", "GP", "", "GP", "G"]),
        (Erp::Servicentre, ["", "G", "", "", "", "", "G"]),
    ];
    let (simulator, caller) = start(|_| {}).await;
    for (erp, offers) in table {
        simulator.change(|options| options.erp = erp);
        for (entity, offered) in entities.into_iter().zip(offers) {
            for (letter, method) in [('G', Method::GET), ('P', Method::POST), ('U', Method::PUT), ('D', Method::DELETE)]
            {
                let path = if letter == 'G' || letter == 'P' { format!("{entity}/") } else { format!("{entity}/X") };
                let answer = caller.send(caller.with_body(method, &path, &json!({}))).await;
                let refused = answer.status == 405;
                assert_eq!(refused, !offered.contains(letter), "{erp:?} {letter} {entity}: {}", answer.status);
            }
        }
    }
    simulator.change(|options| options.refused_verb_status = 501);
    let answer = caller.post("Customer", &json!({})).await;
    assert_eq!((answer.status, &answer.headers["allow"]), (501, &"GET".parse().unwrap()));
    simulator.change(|options| drop(options.verbs.insert(Entity::Customer, vec![Verb::Get, Verb::Post])));
    assert_eq!(caller.post("Customer", &json!({ "NoClient": "C-9", "NomClient": "Neuf" })).await.status, 201);
}

#[test]
fn profiles_are_found_by_name() {
    let names = ["acomba", "qbo", "avantage", "sage50", "servicentre", "oracle"];
    let found = names.map(Erp::named);
    let profiles = [Erp::Acomba, Erp::QuickBooksOnline, Erp::Avantage, Erp::Sage50, Erp::Servicentre];
    assert_eq!(found[..5], profiles.map(Some));
    assert_eq!(found[5], None);
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_cut() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    let inactive = json!({ "NoClient": "C-4", "NomClient": "Zorro", "EstActif": false, "Référence": "É'1" });
    simulator.seed(COMPANY, Entity::Customer, inactive).unwrap();
    type Asked<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Asked<'_>, &[&str]); 17] = [
        (&[], &["C-1", "C-2", "C-3", "C-4"]),
        (&[("$filter", "NomClient eq 'Tremblay inc'")], &["C-1"]),
        (&[("$filter", "NomClient eq 'L''Épicerie d''Amélie'")], &["C-2"]),
        (&[("$filter", "NoClient eq 'C-3'")], &["C-3"]),
        (&[("$filter", "NoClient eq 'C-3' and EstActif eq false")], &[]),
        (&[("$filter", "NoClient eq 'nobody'")], &[]),
        (&[("$filter", "EstActif eq false")], &["C-4"]),
        (&[("$filter", "Adresse.Ville eq 'Québec' and EstActif eq true")], &["C-1", "C-2", "C-3"]),
        (&[("$filter", "InfoAgeDesComptes.MontantDu_Cycle1_Courant eq 0")], &["C-1", "C-2", "C-3"]),
        (&[("$filter", "Référence eq 'É''1'")], &["C-4"]),
        (&[("$orderby", "NomClient")], &["C-3", "C-2", "C-1", "C-4"]),
        (&[("$orderby", "NoClient desc")], &["C-4", "C-3", "C-2", "C-1"]),
        (&[("$orderby", "EstActif asc, NoClient desc")], &["C-4", "C-3", "C-2", "C-1"]),
        (&[("$top", "2")], &["C-1", "C-2"]),
        (&[("$top", "2"), ("$skip", "2"), ("$orderby", "NoClient")], &["C-3", "C-4"]),
        (&[("$top", "2"), ("$skip", "4"), ("$orderby", "NoClient")], &[]),
        (&[("$top", "0")], &[]),
    ];
    for (options, keys) in cases {
        assert_eq!(caller.list("Customer", options).await.values("NoClient"), keys, "{options:?}");
    }
    let selected = [("$select", "NoClient,Adresse.Ville,InfoAgeDesComptes.MontantDu_Cycle1_Courant"), ("$top", "1")];
    assert_eq!(
        caller.list("Customer", &selected).await.body,
        json!([{ "NoClient": "C-1", "Adresse": { "Ville": "Québec" }, "InfoAgeDesComptes": { "MontantDu_Cycle1_Courant": 0 } }])
    );
}

#[tokio::test]
async fn bad_queries_are_refused_by_name() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    for (option, value) in [
        ("$filter", "NomClient gt 'A'"),
        ("$filter", "NomClient eq 'L'Épicerie'"),
        ("$filter", "NomClient eq"),
        ("$filter", "EstActif eq true or EstActif eq false"),
        ("$filter", "NomDuClient eq 'A'"),
        ("$select", "NoCustomer"),
        ("$orderby", "NomClient sideways"),
        ("$expand", "Everything"),
        ("$top", "-1"),
        ("$skip", "x"),
        ("$count", "true"),
    ] {
        let answer = caller.list("Customer", &[(option, value)]).await;
        assert_eq!(answer.status, 400, "{option}={value}");
        assert!(answer.body["Message"].is_string(), "{option}={value}");
    }
    simulator.change(|options| options.unknown_fields_accepted = true);
    assert_eq!(caller.list("Customer", &[("$filter", "NomDuClient eq 'A'")]).await.body, json!([]));
}

#[tokio::test]
async fn extra_parts_are_shown_only_when_expanded() {
    let (simulator, caller) = start(|_| {}).await;
    simulator.seed_product("P-1", "Vis", 1.25).unwrap();
    let plain = caller.list("Product", &[]).await;
    assert_eq!(plain.body[0]["ExtendedProperties"], Value::Null);
    let expanded = caller.list("Product", &[("$expand", "ExtendedProperties"), ("$select", "NoProduit")]).await;
    assert_eq!(expanded.body, json!([{ "NoProduit": "P-1", "ExtendedProperties": { "Poids": 1 } }]));
}

#[tokio::test]
async fn switches_wrap_lists_ignore_skip_and_cut_pages() {
    let (simulator, caller) = start_with_customers(|options| options.lists_wrapped = true).await;
    let wrapped = caller.list("Customer", &[("$top", "1")]).await;
    assert_eq!(wrapped.body["value"].as_array().unwrap().len(), 1);
    simulator.change(|options| (options.lists_wrapped, options.skip_ignored) = (false, true));
    let page = caller.list("Customer", &[("$top", "2"), ("$skip", "2")]).await;
    assert_eq!(page.values("NoClient"), ["C-1", "C-2"], "the same rows again");
    simulator.change(|options| (options.skip_ignored, options.largest_page) = (false, Some(1)));
    for (asked, shown) in [(vec![], "C-1"), (vec![("$top", "2"), ("$skip", "1")], "C-2")] {
        assert_eq!(caller.list("Customer", &asked).await.values("NoClient"), [shown]);
    }
}

#[tokio::test]
async fn one_record_is_read_by_its_key() {
    let (simulator, caller) = start(|_| {}).await;
    simulator.seed_product("É 1/2", "Équerre", 3.0).unwrap();
    let found = caller.get("Product/%C3%89%201%2F2").await;
    assert_eq!((found.status, &found.body["Description"]), (200, &json!("Équerre")));
    for (path, status) in [("Product/none", 404), ("Nothing/", 404), ("product/", 404), ("Product/a/b", 404)] {
        let answer = caller.get(path).await;
        assert_eq!((answer.status, answer.body["Message"].is_string()), (status, true), "{path}");
    }
}

#[tokio::test]
async fn invoice_is_created_with_taxes_and_read_back() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    let created = caller.post_if_new("CustomerInvoice", &invoice("F-10")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let amounts = ["MontantTPS", "MontantTVQ", "Total"].map(|field| created.body[field].as_f64().unwrap());
    assert_eq!(amounts, [0.63, 1.25, 14.38]);
    assert_eq!(caller.get("CustomerInvoice/F-10").await.body, created.body);
    assert_eq!(caller.list("CustomerInvoice", &[("$filter", "NoFacture eq 'F-10'")]).await.body, json!([created.body]));
    assert_eq!(
        caller.list("CustomerInvoice", &[("$filter", "Lignes.NoProduit eq 'P-100'")]).await.body,
        json!([created.body])
    );

    let mut unnumbered = invoice("");
    unnumbered.as_object_mut().unwrap().remove("NoFacture");
    let created = caller.post_if_new("CustomerInvoice", &unnumbered).await;
    assert_eq!((created.status, &created.body["NoFacture"]), (201, &json!("F-000001")));
    assert_eq!(simulator.records(Entity::CustomerInvoice).len(), 2);
}

#[tokio::test]
async fn second_document_of_a_number_is_refused_or_doubled() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    let documents = [
        ("CustomerInvoice", invoice("F-1")),
        ("SupplierInvoice", supplier_invoice("S-1", "V-9")),
        ("SupplierOrder", supplier_order("B-1")),
    ];
    for (entity, document) in &documents {
        assert_eq!(caller.post_if_new(entity, document).await.status, 201, "{entity}");
        assert_eq!(caller.post_if_new(entity, document).await.status, 412, "{entity}");
    }
    assert!(simulator.duplicates().is_empty());
    simulator.change(|options| options.same_number_status = Some(409));
    for (entity, document) in &documents {
        assert_eq!(caller.post(entity, document).await.status, 409, "{entity}");
    }
    simulator.change(|options| options.same_number_status = None);
    for (entity, document) in &documents {
        assert_eq!(caller.post(entity, document).await.status, 201, "{entity}");
    }
    let doubled: Vec<(String, usize)> = simulator.duplicates().into_iter().collect();
    let expected = ["0/CustomerInvoice/F-1/", "0/SupplierInvoice/S-1/V-9", "0/SupplierOrder/B-1/V-9"];
    assert_eq!(doubled, expected.map(|key| (key.to_owned(), 2)));

    let other_supplier = supplier_invoice("S-1", "V-10");
    assert_eq!(caller.post_if_new("SupplierInvoice", &other_supplier).await.status, 201, "numbers are per supplier");
    let other_company = caller.with_body(Method::POST, "SupplierInvoice/", &supplier_invoice("S-1", "V-9"));
    let other_company = other_company.header("If-None-Match", "*").header("COMPANY_ID", OTHER_COMPANY);
    assert_eq!(caller.send(other_company).await.status, 201, "and per company");
}

#[tokio::test]
async fn wrong_bodies_are_refused_with_their_fields() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    let good = invoice("F-1");
    let cases = [
        ("CustomerInvoice", with(good.clone(), "/Lignes", json!([])), vec!["Lignes"]),
        ("CustomerInvoice", with(good.clone(), "/Lignes", json!("x")), vec!["Lignes"]),
        ("CustomerInvoice", with(good.clone(), "/Lignes/0/Qte", json!("10")), vec!["Lignes[0].Qte"]),
        ("CustomerInvoice", with(good.clone(), "/Lignes/0/PrixUnitaire", Value::Null), vec!["Lignes[0].PrixUnitaire"]),
        ("CustomerInvoice", with(good.clone(), "/Lignes/0/Quantite", json!(1)), vec!["Lignes[0].Quantite"]),
        ("CustomerInvoice", with(good.clone(), "/Client/NoClient", json!("C-99")), vec!["Client.NoClient"]),
        ("CustomerInvoice", with(good.clone(), "/DateFacture", json!("01/02/2026")), vec!["DateFacture"]),
        ("CustomerInvoice", json!({}), vec!["Client.NoClient", "Lignes"]),
        ("SupplierInvoice", json!({}), vec!["DateFacture", "Lignes", "NoFacture", "NoFournisseur"]),
        (
            "SupplierInvoice",
            with(supplier_invoice("S", "V"), "/Lignes/0/NoCompteGL", json!(" ")),
            vec!["Lignes[0].NoCompteGL"],
        ),
        (
            "SupplierOrder",
            json!({ "NoFournisseur": "V", "Lignes": [{}] }),
            vec!["Lignes[0].NoProduit", "Lignes[0].Qte"],
        ),
        ("GLJournalEntry", with(entry(), "/Lignes/0/Montant", json!(50.11)), vec!["Lignes"]),
        ("GLJournalEntry", with(entry(), "/Lignes/0/Sens", json!("D")), vec!["Lignes", "Lignes[0].Sens"]),
        ("Product", json!({ "Description": "x" }), vec!["NoProduit"]),
        ("Customer", json!({ "NoClient": "C-9", "EstActif": "oui" }), vec!["EstActif"]),
    ];
    for (entity, body, fields) in cases {
        let answer = caller.post(entity, &body).await;
        assert_eq!((answer.status, answer.fields()), (400, fields), "{entity} {body}");
    }
    simulator.change(|options| options.unknown_client_status = 422);
    let unknown_client = with(good.clone(), "/Client/NoClient", json!("C-99"));
    assert_eq!(caller.post("CustomerInvoice", &unknown_client).await.status, 422);
    simulator.change(|options| options.products_checked = true);
    assert_eq!(caller.post("CustomerInvoice", &good).await.fields(), ["Lignes[0].NoProduit"]);

    simulator.change(|options| *options = Options::default());
    let absurd = with(good.clone(), "/Lignes/0/Qte", json!(1e300));
    assert_eq!(caller.post("CustomerInvoice", &absurd).await.status, 400, "more than any books hold");
    for body in ["", "{", "[]"] {
        let request = caller.request(Method::POST, "Customer/").header("Content-Type", "application/json").body(body);
        assert_eq!(caller.send(request).await.status, 400, "{body}");
    }
    let undeclared = caller.request(Method::POST, "Customer/").body("{}");
    assert_eq!(caller.send(undeclared).await.status, 415);
    assert!(simulator.records(Entity::CustomerInvoice).is_empty());
    assert_eq!(caller.post("GLJournalEntry", &entry()).await.status, 201);
}

#[tokio::test]
async fn closed_period_takes_no_documents() {
    let (simulator, caller) =
        start_with_customers(|options| options.closed_until = Some("2026-01-31".to_owned())).await;
    assert_eq!(caller.post("CustomerInvoice", &invoice("F-1")).await.status, 201, "the day after");
    simulator.change(|options| options.closed_until = Some("2026-02-01".to_owned()));
    for (entity, document) in [
        ("CustomerInvoice", invoice("F-2")),
        ("SupplierInvoice", supplier_invoice("S", "V")),
        ("GLJournalEntry", entry()),
    ] {
        let answer = caller.post(entity, &document).await;
        assert_eq!(answer.status, 422, "{entity}");
        assert!(answer.body["Message"].as_str().unwrap().contains("fermée"), "{entity}");
    }
    simulator.change(|options| options.closed_status = 500);
    assert_eq!(caller.post("CustomerInvoice", &invoice("F-2")).await.status, 500);
}

#[tokio::test]
async fn product_is_updated_by_key_in_path_or_body() {
    let (simulator, caller) = start(|_| {}).await;
    let created = caller.post("Product", &json!({ "NoProduit": "P-1", "Description": "Écrou", "PrixVente": 1 })).await;
    assert_eq!((created.status, &created.body["EstActif"]), (201, &json!(true)));
    assert_eq!(caller.post("Product", &json!({ "NoProduit": "P-1" })).await.status, 409);
    assert_eq!(caller.post_if_new("Product", &json!({ "NoProduit": "P-1" })).await.status, 412);

    let cases = [
        ("Product/P-1", json!({ "PrixVente": 2 }), 200),
        ("Product/P-1", json!({ "NoProduit": "P-1", "PrixVente": 3 }), 200),
        ("Product/", json!({ "NoProduit": "P-1", "GroupeProduit": { "CodeGroupe": "É" } }), 200),
        ("Product/P-1", json!({ "NoProduit": "P-2", "PrixVente": 4 }), 400),
        ("Product/P-1", json!({ "PrixVente": "4" }), 400),
        ("Product/", json!({ "PrixVente": 4 }), 400),
        ("Product/P-9", json!({ "PrixVente": 4 }), 404),
    ];
    for (path, change, status) in cases {
        assert_eq!(caller.put(path, &change).await.status, status, "{path} {change}");
    }
    let stored = &simulator.records(Entity::Product)[0];
    assert_eq!((&stored.value["PrixVente"], &stored.value["Description"]), (&json!(3), &json!("Écrou")));
    assert_eq!(
        caller.list("Product", &[("$filter", "GroupeProduit.CodeGroupe eq 'É'")]).await.values("NoProduit"),
        ["P-1"]
    );
}

#[tokio::test]
async fn robot_that_is_offline_or_slow_is_told_by_the_hub() {
    let (simulator, caller) = start_with_customers(|options| options.robot = Robot::Offline).await;
    assert_eq!(caller.post_if_new("CustomerInvoice", &invoice("F-1")).await.status, 503);
    simulator.change(|options| options.robot = Robot::Slow { works: false });
    assert_eq!(caller.post_if_new("CustomerInvoice", &invoice("F-1")).await.status, 504);
    assert!(simulator.records(Entity::CustomerInvoice).is_empty());
    simulator.change(|options| options.robot = Robot::Slow { works: true });
    assert_eq!(caller.post_if_new("CustomerInvoice", &invoice("F-1")).await.status, 504);
    assert_eq!(simulator.records(Entity::CustomerInvoice).len(), 1, "the work was done, unknown to the caller");
    simulator.change(|options| options.robot = Robot::Online);
    assert_eq!(caller.post_if_new("CustomerInvoice", &invoice("F-1")).await.status, 412);
}

#[tokio::test]
async fn faults_strike_by_entity() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    simulator.faults().nth("GET /Customer", 1, Kind::Vendor("robot_offline".to_owned()));
    simulator.faults().nth("GET /Customer/{id}", 1, Kind::Vendor("robot_slow".to_owned()));
    simulator.faults().drop_response_of("POST /CustomerInvoice", 1);
    assert_eq!(caller.get("Customer/").await.status, 503);
    assert_eq!(caller.get("Customer/").await.status, 200);
    assert_eq!(caller.get("Customer/C-1").await.status, 504);
    let lost = caller.with_body(Method::POST, "CustomerInvoice/", &invoice("F-1")).header("If-None-Match", "*");
    assert!(lost.send().await.is_err());
    assert_eq!(caller.post_if_new("CustomerInvoice", &invoice("F-1")).await.status, 412);
    assert_eq!(simulator.log().count("POST /CustomerInvoice"), 2);
}

#[tokio::test]
async fn created_and_changed_records_are_reported() {
    let (simulator, caller) = start_with_customers(|_| {}).await;
    caller.post("CustomerInvoice", &invoice("F-1")).await;
    caller.post("CustomerInvoice", &invoice("F-2")).await;
    caller.put("Customer/C-2", &json!({ "Telephone": "4185551111" })).await;
    let counts = simulator.counts();
    assert_eq!(counts["records"]["CustomerInvoice"], json!({ "all": 2, "created": 2 }));
    assert_eq!(counts["records"]["Customer"], json!({ "all": 3, "created": 0 }));
    let documents = simulator.documents();
    let ids: Vec<&str> = documents.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["C-2", "F-1", "F-2"]);
    assert!(documents[1]["texts"].as_array().unwrap().contains(&json!("wharf:abc")));
    let by_text =
        simulator.duplicates_by(Entity::CustomerInvoice, |one| Some(one.value["Description"].as_str()?.to_owned()));
    assert_eq!(by_text.into_iter().collect::<Vec<_>>(), [("wharf:abc".to_owned(), 2)]);
}

#[tokio::test]
async fn further_entities_are_listed_and_removed_where_a_switch_offers_it() {
    let (simulator, caller) = start(|options| {
        options.verbs.insert(Entity::GLAccount, vec![Verb::Get, Verb::Post, Verb::Delete]);
        options.verbs.insert(Entity::Customer, vec![Verb::Get, Verb::Delete]);
    })
    .await;
    simulator.seed_customer("C-1", "Tremblay", "a@x.ca").unwrap();
    for (number, text) in [("5300", "Salaires"), ("1010", "Banque"), ("5100", "Achats")] {
        let account = json!({ "NoCompteGL": number, "Description": text });
        assert_eq!(caller.post("GLAccount", &account).await.status, 201);
    }
    let removed = caller.send(caller.request(Method::DELETE, "GLAccount/1010")).await;
    assert_eq!((removed.status, &removed.body["Description"]), (200, &json!("Banque")));
    assert_eq!(caller.send(caller.request(Method::DELETE, "GLAccount/1010")).await.status, 404);
    assert_eq!(caller.list("GLAccount", &[("$orderby", "NoCompteGL")]).await.values("NoCompteGL"), ["5100", "5300"]);
    assert_eq!(caller.get("GLAccount/5100").await.body["Description"], "Achats");
    assert_eq!(caller.post("GLAccount", &json!({ "NoCompteGL": "5400" })).await.fields(), ["Description"]);
    assert_eq!(caller.send(caller.request(Method::DELETE, "Customer/C-1")).await.status, 422);
    simulator.seed(COMPANY, Entity::Tax, json!({ "CodeTaxe": "TPS", "Taux": 5 })).unwrap();
    assert_eq!(caller.list("Tax", &[]).await.body[0]["Taux"], 5);
    assert_eq!(simulator.counts()["records"]["GLAccount"]["created"], 2);
}
