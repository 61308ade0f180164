//! Pages and filters.

use std::time::Duration;

use crate::support::{Caller, order, start, with};
use serde_json::json;
use wharf_simulators::flowii::{COMPANY, CreatedFilter, Paging, Seed};

async fn walk(caller: &Caller, first: &str, most: usize) -> (Vec<String>, usize) {
    let mut address = Some(format!("{}{first}", caller.url));
    let (mut ids, mut pages) = (Vec::new(), 0);
    while let Some(next) = address.take().filter(|_| pages < most) {
        let request = caller.http.get(next).header("Api-Key", "K1").bearer_auth(&caller.token);
        let answer = caller.send(request).await;
        ids.extend(answer.ids().into_iter().map(str::to_owned));
        address = answer.body["links"]["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    (ids, pages)
}

#[tokio::test]
async fn pages_start_at_zero_and_end_without_next() {
    let (simulator, caller) = start(|_| {}).await;
    let seeded: Vec<String> =
        (0..205).map(|number| simulator.seed_partner(&format!("P{number}"), "1", "e@x.sk").unwrap()).collect();
    for brackets in ["page[size]=100&page[number]=0", "page%5Bsize%5D=100&page%5Bnumber%5D=0"] {
        let (ids, pages) = walk(&caller, &format!("/partners?companyId={COMPANY}&{brackets}"), 10).await;
        assert_eq!((ids, pages), (seeded.clone(), 3), "{brackets}");
    }
    let default = caller.get("/partners").await;
    assert_eq!((default.ids().len(), default.body["links"]["next"].is_string()), (25, true));
    assert_eq!(caller.get("/partners?page[size]=500").await.ids().len(), 100);
    let last = caller.get("/partners?page[size]=100&page[number]=2").await;
    assert_eq!(last.body["links"], json!({ "next": null }));
    assert!(caller.get("/partners?page[size]=100&page[number]=3").await.ids().is_empty());
    simulator.change(|options| options.last_page_says_null = false);
    assert_eq!(caller.get("/partners?page[size]=100&page[number]=2").await.body["links"], json!({}));
    for bad in ["page[size]=0", "page[size]=x", "page[number]=-1"] {
        assert_eq!(caller.get(&format!("/partners?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn lists_that_ignore_pages_return_the_same_rows_again() {
    let (simulator, caller) = start(|options| options.paging = Paging::Ignored).await;
    for number in 0..3 {
        simulator.seed_partner(&format!("P{number}"), "1", "e@x.sk").unwrap();
    }
    let first = caller.get("/partners?page[size]=1&page[number]=0").await;
    let second = caller.get("/partners?page[size]=1&page[number]=1").await;
    assert_eq!((first.ids().len(), &first.body), (3, &second.body));
    simulator.change(|options| options.paging = Paging::IgnoredWithNext);
    let (ids, pages) = walk(&caller, &format!("/partners?companyId={COMPANY}&page[size]=1"), 5).await;
    assert_eq!((ids.len(), pages), (15, 5), "only the caller's own bound ends this");
    simulator.change(|options| options.paging = Paging::FirstOnly);
    for page in 0..2 {
        let answer = caller.get(&format!("/partners?page[size]=2&page[number]={page}")).await;
        assert_eq!((answer.ids().len(), answer.body["links"]["next"].is_string()), (2, true));
    }
}

#[tokio::test]
async fn lists_are_filtered_by_unix_seconds() {
    let (simulator, caller) = start(|_| {}).await;
    let partner = simulator.seed_partner("ACME", "1", "e@x.sk").unwrap();
    let mut ids = Vec::new();
    for created in ["2026-02-01T11:00:00", "2026-07-01T12:00:00"] {
        let resource = with(order(&partner), "/attributes/created", json!(created));
        ids.push(simulator.seed(&Seed { company: COMPANY, table: "orders", resource }).unwrap());
    }
    // The two moments of the local times above, in winter and in summer.
    let cases = [(1_769_940_000, 2), (1_769_940_001, 1), (1_782_900_000, 1), (1_782_900_001, 0)];
    for (from, count) in cases {
        for name in ["filter[created-from]", "filter%5Bcreated-from%5D"] {
            assert_eq!(caller.get(&format!("/orders?{name}={from}")).await.ids().len(), count, "{name}={from}");
        }
    }
    simulator.change(|options| options.created_filter = CreatedFilter::Stored);
    assert_eq!(caller.get("/orders?filter[created-from]=1782900001").await.ids().len(), 2);
    assert_eq!(caller.get("/orders?filter[created-from]=2026-02-01").await.status, 400);

    let later = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 30;
    let path = format!("/orders?filter[updated-from]={later}");
    assert!(caller.get(&path).await.ids().is_empty());
    simulator.advance(Duration::from_secs(60));
    let change = json!({ "type": "order", "attributes": { "description": "changed" } });
    assert_eq!(caller.patch(&format!("/orders/{}", ids[1]), change).await.status, 200);
    assert_eq!(caller.get(&path).await.ids(), [ids[1].as_str()]);
}
