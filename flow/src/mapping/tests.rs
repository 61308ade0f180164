#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap is a failed test")]

use super::*;

const ORDER: &str = r#"{"id":"1001","status":"201","total":10.10,"customer":{"name":"Ann","country":"PL"},
    "lines":[{"sku":"A","qty":"2.000","tax":{"percent":"23.00"}},{"sku":"B","qty":"1","tax":{"percent":"8"}}],
    "extra":{"big":123456789012345678901234567890}}"#;

fn tables() -> BTreeMap<String, Table> {
    let entries = [("23".to_owned(), "3".to_owned())].into();
    let vat = Table { reference_list: Some("vat-rate".into()), entries, ..Table::default() };
    let with_default = Table { default: Some("1".into()), ..vat.clone() };
    [("vat".to_owned(), vat), ("vat-or-1".to_owned(), with_default)].into()
}

fn map(base: Base, rules: &[(&str, Rule)]) -> Result<Option<String>, MapFailure> {
    let rules: Vec<_> = rules.iter().map(|(path, rule)| ((*path).to_owned(), rule.clone())).collect();
    let mapping = Mapping::new(base, &rules, &tables(), Stage::Document).unwrap();
    let scene = Scene::new(DOCUMENT_NAMES, &[ORDER.as_bytes(), br#"{"id":"1001","entity":"order","deleted":false}"#]);
    let mapped = mapping.apply(&scene)?;
    Ok(mapped.map(|document| String::from_utf8(document.as_bytes().to_vec()).unwrap()))
}

#[test]
fn each_kind_of_rule_puts_its_value() {
    let cases = [
        ("number", Rule::from_path("id"), r#"{"number":"1001"}"#),
        ("a.b[0]", Rule::from_path("customer.name"), r#"{"a":{"b":["Ann"]}}"#),
        ("total", Rule::from_path("total"), r#"{"total":10.10}"#),
        ("missing", Rule::from_path("customer.phone"), "{}"),
        ("status", Rule::constant("7"), r#"{"status":"7"}"#),
        ("note", Rule::expression("'order ' ~ doc.id ~ '/' ~ item.entity"), r#"{"note":"order 1001/order"}"#),
        ("none", Rule::expression("doc.phone"), "{}"),
        ("skus", Rule::from_path("lines[].sku"), r#"{"skus":["A","B"]}"#),
        ("lines[].sku", Rule::from_path("lines[].sku"), r#"{"lines":[{"sku":"A"},{"sku":"B"}]}"#),
        ("lines[].unit", Rule::constant("pcs"), r#"{"lines":[{"unit":"pcs"},{"unit":"pcs"}]}"#),
        ("lines[].n", Rule::expression("index ~ element.sku"), r#"{"lines":[{"n":"0A"},{"n":"1B"}]}"#),
        ("lines[].of", Rule::from_path("id"), r#"{"lines":[{"of":"1001"},{"of":"1001"}]}"#),
        ("rate", Rule::from_path("lines[0].tax.percent").in_table("vat"), r#"{"rate":"3"}"#),
        ("rate", Rule::from_path("customer.phone").in_table("vat"), "{}"),
        ("rates", Rule::from_path("lines[].tax.percent").in_table("vat-or-1"), r#"{"rates":["3","1"]}"#),
        ("big", Rule::from_path("extra.big"), r#"{"big":123456789012345678901234567890}"#),
    ];
    for (path, rule, expected) in cases {
        assert_eq!(map(Base::Empty, &[(path, rule.clone())]).unwrap().as_deref(), Some(expected), "{path}: {rule:?}");
    }
}

#[test]
fn copy_keeps_everything_that_no_rule_touches_to_the_letter() {
    assert_eq!(map(Base::Copy, &[]).unwrap(), None, "a document without rules is not even read");
    let mapped = map(Base::Copy, &[("status", Rule::constant("7")), ("customer.phone", Rule::from_path("nothing"))]);
    assert_eq!(mapped.unwrap().unwrap(), ORDER.replace(r#""201""#, r#""7""#).replace(",\n    ", ","));
    let removed = map(Base::Copy, &[("total", Rule::from_path("nothing"))]).unwrap().unwrap();
    assert!(!removed.contains("total"), "a source that is missing leaves nothing behind: {removed}");
}

#[test]
fn all_missing_values_are_reported_at_once() {
    let rules = [
        ("lines[].rate", Rule::from_path("lines[].tax.percent").in_table("vat")),
        ("country", Rule::from_path("customer.country").in_table("vat")),
        ("again", Rule::from_path("customer.country").in_table("vat")),
    ];
    let missing = |value: &str| MissingMapping { reference_list: "vat-rate".into(), value: value.into() };
    assert_eq!(map(Base::Copy, &rules), Err(MapFailure::Unmapped(vec![missing("8"), missing("PL")])));
}

#[test]
fn document_that_does_not_fit_is_refused_with_the_place() {
    let cases = [
        (("customer.name.first", Rule::constant("x")), "/customer/name/first", "no-place"),
        (("rate", Rule::from_path("customer").in_table("vat")), "/rate", "not-a-key"),
        (("n", Rule::expression("doc.id + 1")), "/n", "expression-failed"),
    ];
    for (rule, path, code) in cases {
        match map(Base::Copy, &[rule]) {
            Err(MapFailure::Invalid(violations)) => {
                let found: Vec<_> = violations.iter().map(|v| (v.path.as_str(), v.code.as_str())).collect();
                assert_eq!(found, [(path, code)]);
            }
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[test]
fn rules_that_cannot_work_are_found_beforehand() {
    let cases = [
        (("a", Rule::from_path("a..b")), "is not a path"),
        (("lines[].a", Rule::from_path("lines[].b[].c")), "the same number of `[]`"),
        (("a", Rule::from_path("b").in_table("colour")), "there is no table `colour`"),
        (("a", Rule::expression("element.x")), "`element` is not known"),
        (("a", Rule::expression("result.id")), "`result` is not known"),
    ];
    for ((path, rule), expected) in cases {
        let mistakes = Mapping::new(Base::Copy, &[(path.to_owned(), rule)], &tables(), Stage::Document).unwrap_err();
        assert!(mistakes[0].1.contains(expected), "{mistakes:?}");
    }
}

#[test]
fn write_backs_see_source_item_and_result() {
    let rules = [
        ("status".to_owned(), Rule::constant("205")),
        ("extra.field_2".to_owned(), Rule::from_path("result.number")),
        ("note".to_owned(), Rule::expression("source.id ~ ' is ' ~ result.id")),
    ];
    let mapping = Mapping::new(Base::Empty, &rules, &tables(), Stage::WriteBack).unwrap();
    let scene = Scene::new(WRITE_BACK_NAMES, &[ORDER.as_bytes(), b"{}", br#"{"id":"77","number":"ZK/5"}"#]);
    let mapped = mapping.apply(&scene).unwrap().unwrap();
    let expected = r#"{"status":"205","extra":{"field_2":"ZK/5"},"note":"1001 is 77"}"#;
    assert_eq!(std::str::from_utf8(mapped.as_bytes()).unwrap(), expected);
    let target = CompiledValue::new(&Rule::from_path("source.id"), &tables(), Stage::WriteBack, false).unwrap();
    assert_eq!(target.text(&scene).unwrap().as_deref(), Some("1001"));
    let wrong =
        Mapping::new(Base::Empty, &[("a".into(), Rule::from_path("id"))], &tables(), Stage::WriteBack).unwrap_err();
    assert!(wrong[0].1.contains("starts with none of"), "{wrong:?}");
}

#[test]
fn first_filter_that_is_true_names_the_item() {
    let rule = |rule: &str, when: &str| FilterRule { rule: rule.into(), when: when.into() };
    let filters = Filters::new(&[
        rule("cancelled", "doc.status == '209'"),
        rule("small", "doc.lines | length < 3"),
        rule("polish", "doc.customer.country == 'PL'"),
    ])
    .unwrap();
    let scene = Scene::new(DOCUMENT_NAMES, &[ORDER.as_bytes(), b"{}"]);
    assert_eq!(filters.first(&scene).unwrap(), Some("small"));
    let broken = Scene::new(DOCUMENT_NAMES, &[b"{", b"{}"]);
    assert!(matches!(filters.first(&broken), Err(MapFailure::Invalid(_))));
    assert_eq!(Filters::new(&[rule("a", "doc.x"), rule("b", "order.x")]).unwrap_err()[0].0, 1);
}
