//! Documents that are ranges of a response that the host holds.

#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use wharf_contract_tests::{Upstream, load};
use wharf_host::Blame;
use wharf_host::model::Bounds;

const LIST: &str = r#"[ {"id": 1, "name": "Zażółć"} , [2], "three", null ]"#;

#[tokio::test]
async fn documents_are_cut_from_the_held_response() {
    let upstream = Upstream::saying(LIST).await.unwrap();
    let connection = upstream.connect(&load("slices").await.unwrap()).await.unwrap();
    let page = connection.pull("good", None, &Bounds::default()).await.unwrap().value;
    let documents: Vec<&[u8]> = page.items.iter().map(|item| item.document.as_bytes()).collect();
    let expected = [r#"{"id": 1, "name": "Zażółć"}"#, "[2]", r#""three""#, "null"];
    assert_eq!(documents, expected.map(str::as_bytes));
}

#[tokio::test]
async fn range_that_is_not_in_a_held_response_fails_the_page() {
    let upstream = Upstream::saying(LIST).await.unwrap();
    let connection = upstream.connect(&load("slices").await.unwrap()).await.unwrap();
    for (feed, reason) in
        [("outside", "stay within"), ("cut", "not JSON"), ("unknown", "`keep`"), ("not-kept", "`keep`")]
    {
        let error = connection.pull(feed, None, &Bounds::default()).await.unwrap_err();
        assert_eq!((error.code(), error.blame()), ("internal", Blame::Connector), "{feed}: {error}");
        assert!(error.to_string().contains(reason), "{feed}: {error}");
        assert_eq!(error.trace().requests.len(), 1);
    }
}
