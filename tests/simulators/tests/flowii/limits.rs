//! Limits, faults and what is reported.

use std::time::Duration;

use crate::support::{order, partner, start, with};
use reqwest::Method;
use serde_json::json;
use wharf_simulators::fault::Kind;
use wharf_simulators::flowii::{COMPANY, RetryAfter};

#[tokio::test]
async fn too_many_calls_are_refused_with_and_without_a_time() {
    let (simulator, caller) = start(|_| {}).await;
    // The next minute starts with nothing counted.
    simulator.advance(Duration::from_secs(60));
    simulator.change(|options| options.minute_limit = Some(0));
    let answer = caller.get("/partners").await;
    assert_eq!((answer.status, answer.headers.get("retry-after")), (429, None));
    simulator.change(|options| options.retry_after = RetryAfter::Seconds(3));
    assert_eq!(caller.get("/partners").await.headers["retry-after"], "3");
    simulator.change(|options| options.retry_after = RetryAfter::HttpDate(3));
    let answer = caller.get("/partners").await;
    assert!(answer.headers["retry-after"].to_str().unwrap().ends_with(" GMT"));
    simulator.change(|options| options.minute_limit = None);
    assert_eq!(caller.get("/partners").await.status, 200);

    simulator.faults().nth("GET /partners", 1, Kind::Vendor("rate_limit_seconds".to_owned()));
    let answer = caller.get("/partners").await;
    assert_eq!((answer.status, &answer.headers["retry-after"]), (429, &"2".parse().unwrap()));
}

#[tokio::test]
async fn faults_strike_by_operation_and_a_lost_answer_leaves_a_record() {
    let (simulator, caller) = start(|_| {}).await;
    simulator.faults().drop_response_of("POST /partners", 1).unauthorized_at("GET /partners/{id}", 1);
    let body = json!({ "data": partner("ACME") }).to_string();
    let lost = caller.request(Method::POST, &format!("/partners?companyId={COMPANY}")).body(body).send().await;
    assert!(lost.is_err());
    assert_eq!(simulator.partners().len(), 1);
    let path = format!("/partners/{}", simulator.partners()[0].document.id);
    assert_eq!(caller.get(&path).await.status, 401);
    assert_eq!(caller.get(&path).await.status, 401, "the token is gone, not only refused once");
    assert_eq!(simulator.log().count("GET /partners/{id}"), 2);
}

#[tokio::test]
async fn what_was_created_twice_is_reported() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let mut ids = Vec::new();
    for correlation in ["wharf:abc", "ref [wharf:abc]", "wharf:abcd"] {
        let sent = with(order(&partner), "/attributes/description", json!(correlation));
        ids.push(caller.post("/orders", sent).await.id());
    }
    let found = simulator.duplicates("orders", &["wharf:abc", "wharf:abcd", "wharf:none"]);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("wharf:abc".to_owned(), ids[..2].to_vec())]);
    let by_name = simulator.duplicates_by("orders", |order| Some(order.text("name").to_owned()));
    assert_eq!(by_name["Objednávka 1001"], ids);

    let counts = simulator.counts();
    assert_eq!(counts["records"]["orders"], json!({ "all": 3, "created": 3 }));
    assert_eq!(counts["records"]["partners"], json!({ "all": 1, "created": 0 }));
    assert_eq!(simulator.log().count("POST /orders"), 3);
    let documents = simulator.documents();
    let documents = documents.as_array().unwrap();
    assert_eq!(documents.len(), 3, "what was seeded is not created");
    assert!(documents[0]["texts"].as_array().unwrap().contains(&json!("wharf:abc")));
    assert_eq!(documents[0]["id"], ids[0]);
}
