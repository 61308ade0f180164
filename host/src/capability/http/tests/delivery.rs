//! Sent or not sent, and never twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::super::scope::Allowance;
use super::super::{Refusal, Request};
use super::servers;
use super::world::{World, denied, get, hosts, loopback, post};
use crate::model::{Cause, Effect};

#[tokio::test]
async fn refused_connection_is_not_sent() {
    let world = World::new();
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    let scope = world.scope();
    let error = egress.send(&scope, post(&origin, "x")).await.unwrap_err();
    assert!(matches!(&error.refusal, Refusal::NotSent(text) if text.contains("refused")), "{error:?}");
    assert!(!scope.trace().requests[0].sent && !scope.write_unanswered());
}

#[tokio::test]
async fn unknown_name_is_not_sent() {
    let world = World::new();
    let origin = "https://nowhere.example.com";
    let egress = world.egress("shop", &hosts(&[origin]), &crate::policy::Grant::new().origin(origin)).unwrap();
    let error = egress.send(&world.scope(), post(origin, "x")).await.unwrap_err();
    assert!(matches!(&error.refusal, Refusal::NotSent(text) if text.contains("no such name")), "{error:?}");
}

/// A listener whose queue is full: connecting to it goes on for as long as it is tried.
struct Deaf {
    address: std::net::SocketAddr,
    _listener: tokio::net::TcpListener,
    _waiting: Vec<tokio::net::TcpStream>,
}

impl Deaf {
    async fn new() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        let connect = || tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(address));
        while let Ok(Ok(stream)) = connect().await {
            waiting.push(stream);
        }
        Self { address, _listener: listener, _waiting: waiting }
    }
}

#[tokio::test]
async fn time_that_ends_while_connecting_is_not_sent() {
    let deaf = Deaf::new().await;
    let origin = format!("http://{}", deaf.address);
    let mut world = World::new();
    for (connect, call, refusal) in [(10_000, 300, "deadline"), (200, 10_000, "not-sent")] {
        world.limits.connect = Duration::from_millis(connect);
        let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[deaf.address])).unwrap();
        let scope = world.scope_for(Allowance::Writes, Duration::from_millis(call));
        let error = egress.send(&scope, post(&origin, "x")).await.unwrap_err();
        assert_eq!(error.refusal.code(), refusal, "{error:?}");
        assert_ne!(error.refusal, Refusal::Deadline(true));
        assert!(!scope.trace().requests[0].sent);
    }
}

#[tokio::test]
async fn tls_that_is_never_answered_is_not_sent() {
    let mut world = World::new();
    world.limits.connect = Duration::from_millis(200);
    let address = servers::raw(|_, stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let origin = format!("https://{address}");
    let grant = crate::policy::Grant::new().origin(&origin).private_address(address.to_string());
    let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
    let error = egress.send(&world.scope(), post(&origin, "x")).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::NotSent(_)), "{error:?}");
}

#[tokio::test]
async fn connection_that_ends_after_the_request_is_sent_without_answer() {
    let world = World::new();
    let endings: [(&str, &str); 3] = [
        ("nothing", ""),
        ("half a head", "HTTP/1.1 200 O"),
        ("half a body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
    ];
    for (name, answer) in endings {
        for with_reset in [false, true] {
            let arrived = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&arrived);
            let address = servers::raw(move |_, mut stream| {
                let counted = Arc::clone(&counted);
                async move {
                    servers::read_request(&mut stream).await.unwrap();
                    counted.fetch_add(1, Ordering::SeqCst);
                    servers::write(&mut stream, answer).await;
                    if with_reset {
                        servers::reset(stream);
                    }
                }
            })
            .await;
            let origin = format!("http://{address}");
            let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
            let scope = world.scope();
            let error = egress.send(&scope, post(&origin, "x")).await.unwrap_err();
            assert!(matches!(error.refusal, Refusal::SentNoAnswer(_)), "{name}: {error:?}");
            assert!(scope.write_unanswered());
            assert_eq!(arrived.load(Ordering::SeqCst), 1, "{name}");
        }
    }
}

/// The classic way to a double order: the server closes a kept connection just when the next write goes out on it.
#[tokio::test]
async fn write_on_a_kept_connection_that_dies_is_not_repeated() {
    let world = World::new();
    let arrived = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&arrived);
    let address = servers::raw(move |_, mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            servers::read_request(&mut stream).await.unwrap();
            servers::write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            // The second request on this connection is read whole, and then the connection is gone.
            if servers::read_request(&mut stream).await.is_some() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            servers::reset(stream);
        }
    })
    .await;
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    let scope = world.scope();
    egress.send(&scope, get(&origin)).await.unwrap();
    let error = egress.send(&scope, post(&origin, "create")).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::SentNoAnswer(_)), "{error:?}");
    assert_eq!(arrived.load(Ordering::SeqCst), 1);
}

/// A connector that repeats a write by itself doubles the order, whatever the host does about it afterwards.
#[tokio::test]
async fn write_of_which_nobody_knows_the_end_is_not_sent_again_in_its_call() {
    let world = World::new();
    for (answer, in_doubt) in [
        ("", true),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", true),
        ("HTTP/1.1 408 Late\r\ncontent-length: 0\r\n\r\n", true),
        ("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", true),
        ("HTTP/1.1 201 Made\r\ncontent-length: 0\r\n\r\n", false),
        ("HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n", false),
    ] {
        let arrived = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&arrived);
        let address = servers::raw(move |_, mut stream| {
            let counted = Arc::clone(&counted);
            async move {
                while servers::read_request(&mut stream).await.is_some() {
                    counted.fetch_add(1, Ordering::SeqCst);
                    servers::write(&mut stream, answer).await;
                    if answer.is_empty() {
                        break;
                    }
                }
            }
        })
        .await;
        let origin = format!("http://{address}");
        let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
        let (scope, wanted) = (world.scope(), if in_doubt { 1 } else { 2 });
        let _first = egress.send(&scope, post(&origin, "order 1")).await;
        let again = egress.send(&scope, post(&origin, "order 1")).await;
        assert_eq!(arrived.load(Ordering::SeqCst), wanted, "{answer:?}");
        if in_doubt {
            assert_eq!(denied(again).0, "write-repeated", "{answer:?}");
            assert_eq!(scope.cause_of(2), Some(Cause::OutcomeUnknown), "it is asked about, and not parked as refused");
        }
        let _other = egress.send(&scope, post(&origin, "order 2")).await;
        let twice = Request { effect: Effect::IdempotentWrite, ..post(&origin, "order 1") };
        let _repeatable = egress.send(&scope, twice).await;
        let _next_call = egress.send(&world.scope(), post(&origin, "order 1")).await;
        assert_eq!(arrived.load(Ordering::SeqCst), wanted + 3, "{answer:?}: others, and what may be repeated, go out");
    }
}

#[tokio::test]
async fn write_that_its_caller_gave_up_is_not_sent_again_in_its_call() {
    let world = World::new();
    let arrived = Arc::new(tokio::sync::Semaphore::new(0));
    let counted = Arc::clone(&arrived);
    let address = servers::raw(move |_, mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            servers::read_request(&mut stream).await.unwrap();
            counted.add_permits(1);
            std::future::pending::<()>().await;
        }
    })
    .await;
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    let scope = world.scope();
    tokio::select! {
        _ = egress.send(&scope, post(&origin, "order 1")) => panic!("there is no answer"),
        permit = arrived.acquire() => permit.unwrap().forget(),
    }
    assert_eq!(denied(egress.send(&scope, post(&origin, "order 1")).await).0, "write-repeated");
    assert_eq!(arrived.available_permits(), 0);
}
