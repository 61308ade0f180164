//! What the kind of a call lets through, and what stays of it.

use std::sync::Arc;
use std::time::Duration;

use super::super::Refusal;
use super::super::scope::{Allowance, CallScope};
use super::servers::Server;
use super::world::{World, denied, get, hosts, loopback, request};
use crate::limits::Limits;
use crate::model::{Cause, Effect};

#[tokio::test]
async fn writes_are_sent_only_where_the_call_may_write() {
    use Effect::{IdempotentWrite, Read, Write};
    let (world, server) = (World::new(), Server::ok().await);
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    let table = [
        (Allowance::Reads, "POST", Read, true),
        (Allowance::Reads, "POST", IdempotentWrite, false),
        (Allowance::Reads, "POST", Write, false),
        (Allowance::Reads, "GET", Write, false),
        // A guest that calls these a read is not believed.
        (Allowance::Reads, "DELETE", Read, false),
        (Allowance::Reads, "PUT", Read, false),
        (Allowance::Reads, "PATCH", Read, false),
        (Allowance::Reads, "PURGE", Read, false),
        (Allowance::IdempotentWrites, "PUT", IdempotentWrite, true),
        (Allowance::IdempotentWrites, "POST", Write, false),
        (Allowance::Writes, "POST", Write, true),
        (Allowance::Writes, "DELETE", Write, true),
    ];
    let mut arrived = 0;
    for (allowance, method, effect, passes) in table {
        let scope = world.scope_for(allowance, Duration::from_secs(10));
        let result = egress.send(&scope, request(method, server.origin(), effect)).await;
        arrived += usize::from(passes);
        assert_eq!(server.seen().len(), arrived, "{allowance:?} {method} {effect:?}");
        if passes {
            result.unwrap();
        } else {
            assert_eq!(result.unwrap_err().refusal, Refusal::WouldWrite, "{allowance:?} {method} {effect:?}");
            assert_eq!(scope.cause_of(1), Some(Cause::WouldWrite));
        }
    }
}

#[tokio::test]
async fn calls_without_network_send_nothing() {
    let (world, server) = (World::new(), Server::ok().await);
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    let scope = world.scope_for(Allowance::Nothing, Duration::from_secs(10));
    assert_eq!(denied(egress.send(&scope, get(server.origin())).await).0, "no-network");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn requests_over_the_limit_of_a_call_are_refused() {
    let (world, server) = (World::new(), Server::ok().await);
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    let limits = Limits { requests: 2, ..Limits::default() };
    let scope =
        CallScope::new(Allowance::Reads, tokio::time::Instant::now() + Duration::from_secs(9), Arc::new(limits));
    for number in 1..=2 {
        assert_eq!(egress.send(&scope, get(server.origin())).await.unwrap().number, number);
    }
    for number in 3..=4 {
        let error = egress.send(&scope, get(server.origin())).await.unwrap_err();
        assert_eq!((error.request, error.refusal.code()), (number, "request-limit"));
        assert!(matches!(scope.cause_of(number), Some(Cause::EgressDenied { rule, .. }) if rule == "request-limit"));
    }
    assert_eq!((server.seen().len(), scope.trace().requests.len()), (2, 2));
}

#[tokio::test]
async fn trace_tells_what_happened_without_query_values() {
    let (world, server) = (World::new(), Server::ok().await);
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    let scope = world.scope();
    egress.send(&scope, get(format!("{}/orders?name=Kowalski&page=2", server.origin()))).await.unwrap();
    let hidden = "https://me:hunter2@elsewhere.example.com/x?token=hunter2";
    denied(egress.send(&scope, get(hidden)).await);
    let trace = scope.trace();
    assert_eq!(trace.requests[0].url, format!("{}/orders?name=&page=", server.origin()));
    assert_eq!((trace.requests[0].status, trace.requests[0].received_bytes), (Some(200), 2));
    assert!(trace.requests[0].sent && trace.requests[0].micros > 0);
    assert_eq!(trace.requests[1].url, "https://elsewhere.example.com/x");
    assert!(!format!("{trace:?} {:?}", scope.cause_of(2)).contains("hunter2"));
}

#[tokio::test]
async fn dropped_write_stays_in_the_trace_as_sent() {
    let world = World::new();
    let address = super::servers::raw(|_, mut stream| async move {
        super::servers::read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    let scope = world.scope();
    let sending = egress.send(&scope, super::world::post(&origin, "x"));
    assert!(tokio::time::timeout(Duration::from_millis(200), sending).await.is_err());
    let line = &scope.trace().requests[0];
    assert!(line.sent && line.status.is_none() && scope.write_unanswered());
}
