//! What the accounting system demands of a record, and what it works out by itself \[assumed\].

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::books::Books;
use super::options::Options;
use super::profile::Entity;

/// Largest quantity, price or amount that is taken, well below where sums of their products would overflow.
const LARGEST: f64 = 1e9;

/// What is wrong, by field, as `ModelState` shows it.
#[derive(Debug, Default)]
struct Problems(BTreeMap<String, Vec<String>>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, problem: &str) {
        self.0.entry(field.into()).or_default().push(problem.to_owned());
    }

    fn done(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::of_fields(400, self.0)) }
    }
}

/// Checks the form of a body: known fields of the right types.
pub(crate) fn check_form(entity: Entity, body: &Value, books: &Books, options: &Options) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let known = |path: &str| options.unknown_fields_accepted || books.knows_path(entity, path);
    check_members(body, "", "", &known, &mut problems);
    problems.done()
}

fn check_members(value: &Value, place: &str, path: &str, known: &impl Fn(&str) -> bool, problems: &mut Problems) {
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        let dotted = |base: &str| if base.is_empty() { name.clone() } else { format!("{base}.{name}") };
        let (place, path) = (dotted(place), dotted(path));
        // Extended properties are the customer's own.
        if path.starts_with("ExtendedProperties") {
            continue;
        }
        if !known(&path) {
            problems.add(place, "The field is not known.");
            continue;
        }
        if let Some(problem) = wrong_type(name, member) {
            problems.add(place.clone(), problem);
        }
        match member {
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    check_members(element, &format!("{place}[{index}]"), &path, known, problems);
                }
            }
            inner => check_members(inner, &place, &path, known, problems),
        }
    }
}

fn wrong_type(name: &str, value: &Value) -> Option<&'static str> {
    if value.is_null() {
        return None;
    }
    match name {
        "PrixVente" | "CoutMoyen" | "QteEnMain" | "Qte" | "PrixUnitaire" | "Montant" | "MontantTPS" | "MontantTVQ"
        | "Total" | "Taux" => number_problem(value),
        "EstActif" => (!value.is_boolean()).then_some("The value must be true or false."),
        "Lignes" => value
            .as_array()
            .is_none_or(|lines| lines.iter().any(|line| !line.is_object()))
            .then_some("The value must be an array of objects."),
        "GroupeProduit" | "Adresse" | "Client" | "InfoAgeDesComptes" => {
            (!value.is_object()).then_some("The value must be an object.")
        }
        name if name.starts_with("Date") => date(value).is_none().then_some("The value must be a date (YYYY-MM-DD)."),
        "NoProduit" | "NoClient" | "NoFacture" | "NoFournisseur" | "NoCommande" | "NoEcriture" | "NoCompteGL"
        | "NomClient" | "NomFournisseur" | "CodeTaxe" | "Description" | "Courriel" | "Telephone" => {
            (!value.is_string()).then_some("The value must be a text.")
        }
        _ => None,
    }
}

fn number_problem(value: &Value) -> Option<&'static str> {
    match value.as_f64() {
        None => Some("The value must be a number."),
        Some(number) if number.abs() > LARGEST => Some("The value is too large."),
        Some(_) => None,
    }
}

/// Reads a date, with or without a time behind it.
fn date(value: &Value) -> Option<Date> {
    let text = value.as_str()?;
    Date::strptime("%Y-%m-%d", text).or_else(|_| DateTime::strptime("%Y-%m-%dT%H:%M:%S", text).map(Date::from)).ok()
}

/// Checks a new record against what the accounting system demands.
pub(crate) fn check_new(entity: Entity, body: &Value, books: &Books, options: &Options) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let (fields, of_line): (&[&str], &[&str]) = match entity {
        Entity::Product => (&["NoProduit"], &[]),
        Entity::Customer => (&["NoClient", "NomClient"], &[]),
        Entity::CustomerInvoice => (&["Client.NoClient"], &["Qte", "PrixUnitaire"]),
        Entity::SupplierInvoice => (&["NoFacture", "NoFournisseur", "DateFacture"], &["NoCompteGL", "Montant"]),
        Entity::SupplierOrder => (&["NoFournisseur"], &["NoProduit", "Qte"]),
        Entity::GLJournalEntry => (&["DateEcriture"], &["NoCompteGL", "Montant", "Sens"]),
        Entity::Supplier => (&["NoFournisseur", "NomFournisseur"], &[]),
        Entity::GLAccount => (&["NoCompteGL", "Description"], &[]),
        Entity::ProductGroup => (&["CodeGroupe"], &[]),
        Entity::Tax => (&["CodeTaxe"], &[]),
    };
    for field in fields.iter().filter(|field| is_blank(at(body, field))) {
        problems.add(*field, "The field is required.");
    }
    if !of_line.is_empty() {
        check_lines(body, of_line, &mut problems);
    }
    match entity {
        Entity::GLJournalEntry => check_balance(body, &mut problems),
        Entity::CustomerInvoice if options.products_checked => check_products(body, books, &mut problems),
        _ => {}
    }
    problems.done()?;
    check_client(entity, body, books, options)?;
    check_period(entity, body, options)
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| value.get(name).unwrap_or(&Value::Null))
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn lines(body: &Value) -> &[Value] {
    body["Lignes"].as_array().map_or(&[], Vec::as_slice)
}

fn check_lines(body: &Value, fields: &[&str], problems: &mut Problems) {
    if lines(body).is_empty() {
        problems.add("Lignes", "At least one line is required.");
    }
    for (index, line) in lines(body).iter().enumerate() {
        for field in fields.iter().filter(|field| is_blank(&line[**field])) {
            problems.add(format!("Lignes[{index}].{field}"), "The field is required.");
        }
    }
}

fn check_balance(body: &Value, problems: &mut Problems) {
    let mut balance = 0;
    for (index, line) in lines(body).iter().enumerate() {
        let amount = millionths(&line["Montant"]);
        match line["Sens"].as_str() {
            Some("Debit") => balance += amount,
            Some("Credit") => balance -= amount,
            _ => problems.add(format!("Lignes[{index}].Sens"), "The value must be Debit or Credit."),
        }
    }
    if balance != 0 {
        problems.add("Lignes", "Debit and credit are not equal.");
    }
}

fn check_products(body: &Value, books: &Books, problems: &mut Problems) {
    for (index, line) in lines(body).iter().enumerate() {
        let product = line["NoProduit"].as_str();
        if product.is_some_and(|product| !books.has(Entity::Product, product)) {
            problems.add(format!("Lignes[{index}].NoProduit"), "The product does not exist.");
        }
    }
}

fn check_client(entity: Entity, body: &Value, books: &Books, options: &Options) -> Result<(), Refusal> {
    let client = body["Client"]["NoClient"].as_str().unwrap_or_default();
    if entity != Entity::CustomerInvoice || books.has(Entity::Customer, client) {
        return Ok(());
    }
    let problem = format!("The customer '{client}' does not exist.");
    Err(Refusal::of_field(options.unknown_client_status, "Client.NoClient", problem))
}

fn check_period(entity: Entity, body: &Value, options: &Options) -> Result<(), Refusal> {
    let booked = entity.date().and_then(|field| date(&body[field]));
    let closed = options.closed_until.as_ref().and_then(|day| day.parse::<Date>().ok());
    match (booked, closed) {
        (Some(booked), Some(closed)) if booked <= closed => {
            let message = format!("La période comptable est fermée jusqu'au {closed}.");
            Err(Refusal::new(options.closed_status, message))
        }
        _ => Ok(()),
    }
}

/// Adds what the system gives by itself: number, date, taxes.
pub(crate) fn complete(entity: Entity, record: &mut Value, books: &mut Books, options: &Options, today: &str) {
    if is_blank(&record[entity.key()]) {
        record[entity.key()] = json!(books.next_number(entity));
    }
    if let Some(field) = entity.date().filter(|field| is_blank(&record[*field])) {
        record[field] = json!(today);
    }
    match entity {
        Entity::CustomerInvoice if options.taxes_computed => add_taxes(record),
        Entity::Product | Entity::Customer if record["EstActif"].is_null() => record["EstActif"] = json!(true),
        _ => {}
    }
}

/// Adds the federal tax of 5 % and the tax of Quebec of 9.975 %, each on the net amount and rounded by itself.
fn add_taxes(invoice: &mut Value) {
    let net: i128 =
        lines(invoice).iter().map(|line| millionths(&line["Qte"]) * millionths(&line["PrixUnitaire"])).sum();
    let (tps, tvq) = (cents(net * 5, 100), cents(net * 9_975, 100_000));
    let total = cents(net, 1) + tps + tvq;
    for (field, amount) in [("MontantTPS", tps), ("MontantTVQ", tvq), ("Total", total)] {
        invoice[field] = json!(amount as f64 / 100.0);
    }
}

fn millionths(value: &Value) -> i128 {
    (value.as_f64().unwrap_or_default() * 1e6).round() as i128
}

/// Rounds an amount in millionths of millionths, divided by `by`, to cents; half a cent goes away from zero.
fn cents(amount: i128, by: i128) -> i128 {
    let unit = 10_i128.pow(10) * by;
    (amount.abs() + unit / 2) / unit * amount.signum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taxes_are_rounded_each_to_the_cent() {
        let cases = [
            (json!([{ "Qte": 10, "PrixUnitaire": 1.25 }]), (0.63, 1.25, 14.38)),
            (json!([{ "Qte": 3, "PrixUnitaire": 0.1 }, { "Qte": 1, "PrixUnitaire": 0.2 }]), (0.03, 0.05, 0.58)),
            (json!([{ "Qte": -1, "PrixUnitaire": 12.5 }]), (-0.63, -1.25, -14.38)),
            (json!([{ "Qte": 1, "PrixUnitaire": 0 }]), (0.0, 0.0, 0.0)),
        ];
        for (lines, (tps, tvq, total)) in cases {
            let mut invoice = json!({ "Lignes": lines });
            add_taxes(&mut invoice);
            assert_eq!((&invoice["MontantTPS"], &invoice["MontantTVQ"]), (&json!(tps), &json!(tvq)), "{invoice}");
            assert_eq!(invoice["Total"], json!(total), "{invoice}");
        }
    }

    #[test]
    fn dates_have_one_form_with_or_without_time() {
        for (text, good) in
            [("2026-02-01", true), ("2026-02-01T00:00:00", true), ("2026-02-30", false), ("01/02/2026", false)]
        {
            assert_eq!(date(&json!(text)).is_some(), good, "{text}");
        }
    }
}
