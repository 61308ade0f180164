//! Who may call, in which company, and what is there at all.

use std::time::Duration;

use crate::support::start;
use reqwest::Method;
use serde_json::json;
use wharf_simulators::flowii::{COMPANY, HIDDEN_COMPANY, OTHER_COMPANY};

#[tokio::test]
async fn token_has_the_vendors_form_and_the_set_life() {
    let (simulator, caller) = start(|options| options.token_life = Duration::from_secs(60)).await;
    let answer = caller.log_in("heslo").await;
    assert_eq!((answer.status, &answer.body["token_type"]), (200, &json!("bearer")));
    assert_eq!(answer.body["expires_in"], 60);
    assert_eq!(simulator.tokens_given(), 2);

    simulator.change(|options| options.expires_in_stated = false);
    assert!(caller.log_in("heslo").await.body.get("expires_in").is_none());

    assert_eq!(caller.get("/ordertypes").await.status, 200);
    simulator.advance(Duration::from_secs(61));
    assert_eq!(caller.get("/ordertypes").await.status, 401);
}

#[tokio::test]
async fn failed_login_is_an_oauth_error() {
    let (simulator, caller) = start(|_| {}).await;
    let answer = caller.log_in("wrong").await;
    assert_eq!((answer.status, &answer.body["error"]), (400, &json!("invalid_grant")));
    simulator.change(|options| options.failed_login_status = 401);
    assert_eq!(caller.log_in("wrong").await.status, 401);

    let request = caller.http.post(format!("{}/token", caller.url)).header("Api-Key", "K1");
    let form = request.header("Content-Type", "application/x-www-form-urlencoded").body("grant_type=refresh_token");
    assert_eq!(caller.send(form).await.body["error"], "unsupported_grant_type");
    let without_key = caller.http.post(format!("{}/token", caller.url)).body("grant_type=password");
    assert_eq!(caller.send(without_key).await.status, 401);
}

#[tokio::test]
async fn call_without_key_token_or_company_is_refused() {
    let (_simulator, caller) = start(|_| {}).await;
    let address = |query: &str| format!("{}/partners{query}", caller.url);
    let good = format!("?companyId={COMPANY}");
    let hidden = format!("?companyId={HIDDEN_COMPANY}");
    let bearer = format!("Bearer {}", caller.token);
    let cases = [
        (Some("K1"), Some(bearer.as_str()), good.as_str(), 200),
        (None, Some(&bearer), &good, 401),
        (Some("K2"), Some(&bearer), &good, 403),
        (Some("K1"), None, &good, 401),
        (Some("K1"), Some("Bearer nonsense"), &good, 401),
        (Some("K1"), Some(&bearer), "", 400),
        (Some("K1"), Some(&bearer), "?companyid=4711", 400),
        (Some("K1"), Some(&bearer), "?companyId=x", 400),
        (Some("K1"), Some(&bearer), &hidden, 403),
        (Some("K1"), Some(&bearer), "?companyId=1", 403),
    ];
    for (key, token, query, status) in cases {
        let mut request = caller.http.get(address(query));
        request = key.into_iter().fold(request, |request, key| request.header("Api-Key", key));
        request = token.into_iter().fold(request, |request, token| request.header("Authorization", token));
        assert_eq!(caller.send(request).await.status, status, "{key:?} {token:?} {query}");
    }
}

#[tokio::test]
async fn companies_of_the_user_are_listed_without_company_id() {
    let (simulator, caller) = start(|_| {}).await;
    let answer = caller.send(caller.request(Method::GET, "/companies")).await;
    assert_eq!(answer.ids(), [COMPANY, OTHER_COMPANY]);
    assert_eq!(answer.body["data"][0]["attributes"]["name"], "Demo s.r.o.");
    assert_ne!(answer.body["data"][0]["attributes"], answer.body["data"][1]["attributes"]);

    simulator.change(|options| options.company_name_ambiguous = true);
    let answer = caller.send(caller.request(Method::GET, "/companies")).await;
    assert_eq!(answer.body["data"][0]["attributes"], answer.body["data"][1]["attributes"]);
}

#[tokio::test]
async fn code_lists_ignore_pages_and_differ_by_company() {
    let (simulator, caller) = start(|_| {}).await;
    for list in
        ["ordertypes", "orderstates", "activitytypes", "countries", "companydata", "orders/customfields", "users"]
    {
        let all = caller.get(&format!("/{list}")).await;
        assert_eq!(all.status, 200, "{list}");
        assert!(!all.ids().is_empty(), "{list}");
        let page = caller.get(&format!("/{list}?page[size]=1&page[number]=7")).await;
        assert_eq!(page.body, all.body, "{list}");
    }
    assert_eq!(caller.get("/users/self").await.id(), "12");
    let types = caller.get("/ordertypes").await;
    let parent = types.body["data"].as_array().unwrap().iter().find(|row| row["id"] == "9").unwrap();
    assert_eq!(parent["relationships"]["parent"]["data"]["id"], "2");
    assert_eq!(caller.get("/orders/customfields").await.body["data"][0]["attributes"]["value-type"], 3);
    assert_ne!(simulator.code(COMPANY, "ordertypes", "Servis"), simulator.code(OTHER_COMPANY, "ordertypes", "Servis"));
}

#[tokio::test]
async fn companies_do_not_see_each_others_records() {
    let (simulator, caller) = start(|_| {}).await;
    let mine = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let other = |path: &str| caller.request(Method::GET, &format!("{path}?companyId={OTHER_COMPANY}"));
    assert_eq!(caller.send(other(&format!("/partners/{mine}"))).await.status, 404);
    assert!(caller.send(other("/partners")).await.ids().is_empty());
    assert_eq!(caller.get(&format!("/partners/{mine}")).await.status, 200);
}

#[tokio::test]
async fn unknown_paths_verbs_and_ids_are_refused_in_the_same_form() {
    let (_simulator, caller) = start(|_| {}).await;
    let cases = [
        (Method::GET, "/nothing", 404),
        (Method::GET, "/partners/77", 404),
        (Method::GET, "/orders/77/items", 404),
        (Method::GET, "/orders/77/documents", 404),
        (Method::PUT, "/partners/77", 405),
        (Method::POST, "/ordertypes", 405),
        (Method::DELETE, "/partners", 405),
    ];
    for (method, path, status) in cases {
        let answer = caller.call(method, path, None).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["status"]),
            (status, &json!(status.to_string())),
            "{path}"
        );
    }
}
