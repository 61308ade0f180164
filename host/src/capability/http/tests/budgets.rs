//! Call budgets through the pipeline.

use std::time::{Duration, Instant as Moment};

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::super::{Egress, Refusal};
use super::servers::Server;
use super::world::{World, denied, get, loopback, manifest};
use crate::model::{Cause, Instant, LimitScope};
use crate::surroundings::Clock as _;

fn connection(world: &World, server: &Server, name: &str, budgets: Value, account: Option<&str>) -> Egress {
    let slots = json!([{"name": "key", "scheme": {"type": "bearer"}, "audience": [server.origin()]}]);
    let asked = manifest(&[&server.origin()], slots, budgets);
    let mut grant = loopback(&[server.address]).slot("key");
    if let Some(account) = account {
        grant = grant.account("key", account);
    }
    world.egress(name, &asked, &grant).unwrap()
}

fn two_a_minute() -> Value {
    json!([{"name": "default", "calls": 2, "seconds": 60}, {"name": "stock", "calls": 1, "seconds": 60}])
}

#[tokio::test]
async fn budget_that_is_used_up_names_the_time_to_come_again() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "token-a");
    let egress = connection(&world, &server, "shop", two_a_minute(), None);
    let start = world.clock.now();
    let scope = world.scope();
    for _ in 0..2 {
        egress.send(&scope, get(server.origin()).with("key")).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(20));
    let error = egress.send(&scope, get(server.origin()).with("key")).await.unwrap_err();
    let until = Instant(start.0 + 60_000);
    assert_eq!(error.refusal, Refusal::BudgetExhausted(until));
    assert!(matches!(scope.cause_of(3), Some(Cause::RateLimited { not_before: Some(at), .. }) if at == until));
    // Another budget of the same credential is its own.
    egress.send(&scope, get(server.origin()).with("key").budget("stock")).await.unwrap();
    assert_eq!(denied(egress.send(&scope, get(server.origin()).budget("none")).await).0, "budget-unknown");
    world.clock.advance(Duration::from_secs(40));
    egress.send(&scope, get(server.origin()).with("key")).await.unwrap();
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn connections_with_the_same_secret_or_account_share_a_budget() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "token-a");
    let send = async |egress: &Egress| egress.send(&world.scope(), get(server.origin()).with("key")).await;
    let shop = connection(&world, &server, "shop", two_a_minute(), None);
    let outlet = connection(&world, &server, "outlet", two_a_minute(), None);
    send(&shop).await.unwrap();
    send(&outlet).await.unwrap();
    assert!(matches!(send(&shop).await.unwrap_err().refusal, Refusal::BudgetExhausted(_)));

    // Another secret is another budget, unless the operator says that it is one account.
    world.secrets.set("key", "value", "token-b");
    send(&shop).await.unwrap();
    let first = connection(&world, &server, "first", two_a_minute(), Some("main"));
    let second = connection(&world, &server, "second", two_a_minute(), Some("main"));
    send(&first).await.unwrap();
    world.secrets.set("key", "value", "token-c");
    send(&second).await.unwrap();
    assert!(matches!(send(&first).await.unwrap_err().refusal, Refusal::BudgetExhausted(_)));
}

#[tokio::test]
async fn short_wait_is_waited_for() {
    let (mut world, server) = (World::new(), Server::ok().await);
    world.limits.deadline = Duration::from_secs(10);
    let egress = connection(&world, &server, "shop", json!([{"name": "default", "calls": 1, "seconds": 1}]), None);
    world.secrets.set("key", "value", "token-a");
    let scope = world.scope();
    egress.send(&scope, get(server.origin()).with("key")).await.unwrap();
    world.clock.advance(Duration::from_millis(800));
    let started = Moment::now();
    let (sent, ()) = tokio::join!(egress.send(&scope, get(server.origin()).with("key")), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.clock.advance(Duration::from_millis(200));
    });
    assert_eq!(sent.unwrap().status, 200);
    assert!(started.elapsed() >= Duration::from_millis(190), "{:?}", started.elapsed());
}

#[tokio::test]
async fn retry_after_holds_the_budget_of_every_connection_with_that_credential() {
    let now = World::new().clock.now().0;
    let date = |seconds: u64| {
        let at = jiff::Timestamp::from_millisecond(i64::try_from(now + seconds * 1000).unwrap()).unwrap();
        at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    for (status, retry_after, held) in [
        (429, Some("90".to_owned()), Some(90)),
        (503, Some("90".to_owned()), Some(90)),
        (429, Some(date(90)), Some(90)),
        (429, Some("9999999999".to_owned()), Some(24 * 60 * 60)),
        (429, Some("soon".to_owned()), None),
        (429, None, None),
        (500, Some("90".to_owned()), None),
    ] {
        let world = World::new();
        let header = retry_after.clone();
        let server = Server::answering(move |_| {
            let status = StatusCode::from_u16(status).unwrap();
            match &header {
                Some(value) => (status, [("retry-after", value.clone())]).into_response(),
                None => status.into_response(),
            }
        })
        .await;
        world.secrets.set("key", "value", "token-a");
        let shop = connection(&world, &server, "shop", json!([]), None);
        let outlet = connection(&world, &server, "outlet", json!([]), None);
        let first = shop.send(&world.scope(), get(server.origin()).with("key")).await.unwrap();
        assert_eq!(first.status, status);
        let second = outlet.send(&world.scope(), get(server.origin()).with("key")).await;
        match held {
            Some(seconds) => {
                let until = Instant(now + seconds * 1000);
                assert_eq!(second.unwrap_err().refusal, Refusal::BudgetExhausted(until), "{status} {retry_after:?}");
                assert_eq!(server.seen().len(), 1);
            }
            None => assert_eq!(second.unwrap().status, status, "{retry_after:?}"),
        }
    }
}

#[tokio::test]
async fn hold_that_a_connector_reports_covers_what_it_says() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "token-a");
    let egress = connection(&world, &server, "shop", two_a_minute(), None);
    let scope = world.scope();
    egress.send(&scope, get(server.origin()).with("key")).await.unwrap();
    let until = world.clock.now().after(Duration::from_secs(30));
    egress.hold(&scope, 1, LimitScope::Endpoint, Some(until));
    let refused = async |budget: &str| {
        let request = get(server.origin()).with("key").budget(budget);
        egress.send(&world.scope(), request).await.err().map(|error| error.refusal)
    };
    assert_eq!(refused("default").await, Some(Refusal::BudgetExhausted(until)));
    assert_eq!(refused("stock").await, None);
    // Without a request and a time: all that the call used, for half a minute from now.
    world.clock.advance(Duration::from_secs(60));
    let later = world.clock.now().after(Duration::from_secs(30));
    egress.hold(&scope, 0, LimitScope::Account, None);
    assert_eq!(refused("default").await, Some(Refusal::BudgetExhausted(later)));
    assert_eq!(refused("stock").await, Some(Refusal::BudgetExhausted(later)));
    // Requests without that credential are not its account's.
    assert_eq!(egress.send(&world.scope(), get(server.origin())).await.unwrap().status, 200);
}

#[tokio::test]
async fn concurrent_places_of_a_budget_are_shared() {
    let (world, server) = (World::new(), Server::ok().await);
    world.secrets.set("key", "value", "token-a");
    let one = json!([{"name": "default", "calls": 100, "seconds": 60, "concurrent": 1}]);
    let (shop, outlet) =
        (connection(&world, &server, "shop", one.clone(), None), connection(&world, &server, "outlet", one, None));
    let scope = world.scope();
    let sending = (0..4).map(|number| {
        let egress = if number % 2 == 0 { &shop } else { &outlet };
        egress.send(&scope, get(server.origin()).with("key"))
    });
    for result in futures::future::join_all(sending).await {
        assert_eq!(result.unwrap().status, 200);
    }
}
