use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wharf_simulators::admin;
use wharf_simulators::authority::Authority;
use wharf_simulators::baselinker::{Order, Simulator};
use wharf_simulators::fault::{Fault, Hits, Kind};
use wharf_simulators::server::serve;

use crate::client::{Account, error_code, order, trusting};

async fn account() -> Account {
    let account = Account::start(Simulator::builder().calls_per_minute(10_000)).await;
    account.simulator.add_order(order(1, 10)).unwrap();
    account
}

fn to_203() -> Value {
    json!({"order_id": 1, "status_id": 203})
}

#[tokio::test]
async fn dropped_answer_means_that_the_work_was_done() {
    let account = account().await;
    account.simulator.faults().drop_response_of("setOrderStatus", 1);
    assert!(account.request("setOrderStatus", &to_203()).send().await.is_err());
    assert_eq!(account.simulator.order(1).unwrap().order_status_id, 203);
    assert_eq!(account.call("setOrderStatus", to_203()).await["status"], "SUCCESS", "only the first is hit");
    let first = &account.simulator.log().entries()[0];
    assert_eq!(
        (first.operation.as_str(), first.status, first.fault.as_deref()),
        ("setOrderStatus", 200, Some("drop_response"))
    );
}

#[tokio::test]
async fn reset_means_that_nothing_was_done() {
    let account = account().await;
    account.simulator.faults().nth("setOrderStatus", 1, Kind::ResetBefore);
    assert!(account.request("setOrderStatus", &to_203()).send().await.is_err());
    assert_eq!(account.simulator.order(1).unwrap().order_status_id, 202);
    assert_eq!(account.simulator.log().entries()[0].status, 0);
}

#[tokio::test]
async fn cut_also_reaches_a_plain_http_1_client() {
    let simulator = Simulator::builder().start(None).await.unwrap();
    simulator.add_order(Order { order_status_id: 202, ..order(1, 10) }).unwrap();
    simulator.faults().drop_response_of("setOrderStatus", 1);
    let account = Account { http: trusting(&Authority::new().unwrap()), simulator };
    assert!(account.simulator.url().starts_with("http://127.0.0.1:"));
    assert!(account.request("setOrderStatus", &to_203()).send().await.is_err());
    assert_eq!(account.simulator.order(1).unwrap().order_status_id, 203);
}

fn unpacked(body: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn bodies_are_spoiled_as_asked() {
    let account = account().await;
    let faults = account.simulator.faults();
    faults
        .html_instead_of_json("getOrders", 1)
        .nth("getOrders", 2, Kind::TruncatedJson)
        .nth("getOrders", 3, Kind::SlowDrip { chunk_bytes: 400, pause_ms: 1 })
        .nth("getOrders", 4, Kind::HugeBody { bytes: 3_000_000 })
        .nth("getOrders", 5, Kind::GzipBomb { bytes: 5_000_000 })
        .nth("getOrders", 6, Kind::EchoRequestHeaders { status: 500 });
    let mut answers = Vec::new();
    for _ in 0..7 {
        let response = account.request("getOrders", &json!({})).send().await.unwrap();
        let (status, packed) = (response.status().as_u16(), response.headers().contains_key("content-encoding"));
        let body = response.bytes().await.unwrap();
        answers.push((status, if packed { unpacked(&body) } else { String::from_utf8(body.into()).unwrap() }));
    }
    let (statuses, texts): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    assert_eq!(statuses, [502, 200, 200, 200, 200, 500, 200]);
    assert!(texts[0].starts_with("<html>"));
    assert_eq!(texts[1], texts[6][..texts[6].len() / 2]);
    assert_eq!(texts[2], texts[6], "slow, and whole");
    assert!(texts[3].len() > 3_000_000 && serde_json::from_str::<Value>(&texts[3]).is_ok());
    assert_eq!(texts[4].len(), 5_000_000, "unpacked");
    assert!(texts[5].contains("x-bltoken: 1-23-ABC"));
}

#[tokio::test]
async fn delayed_answer_is_late() {
    let account = account().await;
    account.simulator.faults().all("getOrders", Kind::Delay { ms: 80 });
    let begun = Instant::now();
    account.call("getOrders", json!({})).await;
    assert!(begun.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn vendor_faults_speak_as_the_vendor() {
    let account = Account::start(Simulator::builder().block(Duration::from_secs(5), Duration::from_secs(1))).await;
    account.simulator.faults().unauthorized_at("getOrders", 1).nth(
        "getOrders",
        2,
        Kind::Vendor("account_blocked".into()),
    );
    assert_eq!(error_code(&account.call("getOrders", json!({})).await), "ERROR_BAD_TOKEN");
    assert_eq!(error_code(&account.call("getOrders", json!({})).await), "ERROR_USER_ACCOUNT_BLOCKED");
    account.simulator.faults().clear();
    account.simulator.faults().rate_limit_after(1);
    assert_eq!(account.call("getOrders", json!({})).await["status"], "SUCCESS");
    assert_eq!(error_code(&account.call("getOrders", json!({})).await), "ERROR_BLOCKED_TOKEN");
    assert_eq!(
        error_code(&account.call("getOrders", json!({})).await),
        "ERROR_BLOCKED_TOKEN",
        "the block is a real one"
    );
    account.simulator.advance(Duration::from_secs(7));
    assert_eq!(account.call("getOrders", json!({})).await["status"], "SUCCESS");
}

#[tokio::test]
async fn custom_status_carries_its_headers() {
    let account = account().await;
    account.simulator.faults().add(Fault {
        operation: None,
        hits: Hits::First(1),
        kind: Kind::Status {
            status: 429,
            body: "slow down".into(),
            content_type: "text/plain".into(),
            headers: vec![("retry-after".into(), "2".into())],
        },
    });
    let response = account.request("getOrders", &json!({})).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (429, "2"));
    assert_eq!(account.call("getOrders", json!({})).await["status"], "SUCCESS");
}

#[test]
fn hits_count_from_one() {
    let cases = [
        (Hits::Nth(2), vec![2]),
        (Hits::First(2), vec![1, 2]),
        (Hits::After(4), vec![5, 6]),
        (Hits::Every(3), vec![3, 6]),
        (Hits::Every(0), vec![]),
        (Hits::All, vec![1, 2, 3, 4, 5, 6]),
    ];
    for (hits, expected) in cases {
        let faults = wharf_simulators::fault::Faults::new();
        faults.add(Fault { operation: Some("a".into()), hits, kind: Kind::DropResponse });
        let struck: Vec<u64> =
            (1..=6).filter(|_| faults.strike("b").is_none() && faults.strike("a").is_some()).collect();
        assert_eq!(struck, expected, "{hits:?}");
    }
}

#[tokio::test]
async fn admin_reads_counts_and_adds_faults() {
    let account = account().await;
    let admin = serve(admin::router([account.simulator.system()]), None).await.unwrap();
    let at = |path: &str| format!("{}/_sim/{path}", admin.url());
    let fault = json!({"operation": "setOrderStatus", "hits": {"nth": 1}, "kind": "drop_response"});
    let sent =
        account.http.post(at("baselinker/faults")).header("content-type", "application/json").body(fault.to_string());
    assert_eq!(sent.send().await.unwrap().status(), 200);
    assert!(account.request("setOrderStatus", &to_203()).send().await.is_err());
    let read = async |path: &str| -> Value {
        let text = account.http.get(at(path)).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let counts = read("baselinker/counts").await;
    assert_eq!(counts["state"]["orders_by_status"], json!({"203": 1}));
    assert_eq!(counts["requests"]["by_operation"], json!({"setOrderStatus": 1}));
    assert_eq!(counts["faults"], json!({"drop_response": 1}));
    assert_eq!(read("baselinker/documents").await[0]["parameters"], to_203());
    assert_eq!(read("baselinker/log").await[0]["fault"], "drop_response");
    let unknown = account.http.get(at("allegro/counts")).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert!(unknown.text().await.unwrap().contains("baselinker"));
}

#[tokio::test]
async fn stopped_simulator_frees_its_port() {
    let first = Simulator::builder().start(None).await.unwrap();
    let url = first.url();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    first.stop().await;
    let second = Simulator::builder().port(port).start(None).await.unwrap();
    assert_eq!(second.url(), url);
}

#[tokio::test]
async fn paused_simulator_comes_back_with_its_state_on_the_same_port() {
    let account = account().await;
    account.call("setOrderStatus", to_203()).await;
    account.simulator.running().pause().await;
    assert!(account.request("getOrders", &json!({})).send().await.is_err());
    account.simulator.running().resume().await.unwrap();
    assert_eq!(account.call("getOrders", json!({})).await["orders"][0]["order_status_id"], 203);
}

#[tokio::test]
async fn unknown_vendor_fault_is_told() {
    let account = account().await;
    account.simulator.faults().all("getOrders", Kind::Vendor("acount_blocked".into()));
    assert_eq!(account.request("getOrders", &json!({})).send().await.unwrap().status(), 501);
}

#[tokio::test]
async fn client_without_the_root_is_not_served() {
    let account = account().await;
    let stranger = trusting(&Authority::new().unwrap());
    assert!(stranger.get(account.simulator.url()).send().await.is_err());
    let version = account.http.get(account.simulator.url()).send().await.unwrap().version();
    assert_eq!(version, reqwest::Version::HTTP_2);
}
