//! Upstreams that send too much, too slowly, or without end.

use std::io::Write as _;
use std::time::{Duration, Instant};

use axum::response::IntoResponse as _;
use tokio::io::AsyncWriteExt as _;

use super::super::Refusal;
use super::super::scope::Allowance;
use super::servers::{self, Server};
use super::world::{World, denied, get, hosts, loopback, post};
use crate::model::Cause;

async fn refusal_of(world: &World, address: std::net::SocketAddr) -> Refusal {
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    egress.send(&world.scope(), get(&origin)).await.unwrap_err().refusal
}

#[tokio::test]
async fn bomb_is_cut_after_decompression() {
    let mut world = World::new();
    world.limits.response_bytes = 1 << 20;
    // 200 MiB of zeros in about 200 KiB.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        gzip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let server = Server::answering(move |_| ([("content-encoding", "gzip")], bomb.clone()).into_response()).await;
    let started = Instant::now();
    assert_eq!(refusal_of(&world, server.address).await, Refusal::TooLarge(1 << 20));
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn body_at_the_limit_passes_and_one_byte_more_does_not() {
    let mut world = World::new();
    world.limits.response_bytes = 100_000;
    for (bytes, passes) in [(100_000, true), (100_001, false)] {
        for chunked in [false, true] {
            let server = Server::answering(move |_| match chunked {
                false => vec![b'x'; bytes].into_response(),
                true => axum::body::Body::from_stream(futures::stream::iter(
                    vec![b'x'; bytes]
                        .chunks(7_000)
                        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
                        .collect::<Vec<_>>(),
                ))
                .into_response(),
            })
            .await;
            let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
            let result = egress.send(&world.scope(), get(server.origin())).await;
            match result {
                Ok(response) => assert!(passes && response.body.len() == bytes),
                Err(error) => assert!(!passes && error.refusal == Refusal::TooLarge(100_000), "{error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn endless_body_ends_at_the_limit() {
    let mut world = World::new();
    world.limits.response_bytes = 1 << 20;
    let address = servers::raw(|_, mut stream| async move {
        servers::read_request(&mut stream).await;
        servers::write(&mut stream, "HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    assert_eq!(refusal_of(&world, address).await, Refusal::TooLarge(1 << 20));
}

#[tokio::test]
async fn announced_size_over_the_limit_is_not_waited_for() {
    let world = World::new();
    let address = servers::raw(|_, mut stream| async move {
        servers::read_request(&mut stream).await;
        servers::write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n").await;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(refusal_of(&world, address).await, Refusal::TooLarge(16 << 20));
}

#[tokio::test]
async fn answer_that_stands_still_is_given_up() {
    let mut world = World::new();
    world.limits.idle = Duration::from_millis(200);
    let address = servers::raw(|_, mut stream| async move {
        servers::read_request(&mut stream).await;
        servers::write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx").await;
        std::future::pending::<()>().await;
    })
    .await;
    let refusal = refusal_of(&world, address).await;
    assert!(matches!(&refusal, Refusal::SentNoAnswer(text) if text.contains("stood still")), "{refusal:?}");
}

#[tokio::test]
async fn drip_ends_with_the_call() {
    let mut world = World::new();
    world.limits.idle = Duration::from_secs(5);
    let address = servers::raw(|_, mut stream| async move {
        servers::read_request(&mut stream).await;
        servers::write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    let scope = world.scope_for(Allowance::Writes, Duration::from_millis(500));
    let error = egress.send(&scope, post(&origin, "x")).await.unwrap_err();
    assert_eq!(error.refusal, Refusal::Deadline(true));
    assert_eq!(scope.cause_of(1), Some(Cause::Deadline { write_in_flight: true }));
    // Nothing more is sent in a call whose time is over.
    assert_eq!(egress.send(&scope, get(&origin)).await.unwrap_err().refusal, Refusal::Deadline(false));
    assert!(!scope.trace().requests[1].sent);
}

#[tokio::test]
async fn server_that_never_answers_is_given_up() {
    let mut world = World::new();
    (world.limits.connect, world.limits.first_byte) = (Duration::from_millis(100), Duration::from_millis(100));
    let address = servers::raw(|_, mut stream| async move {
        servers::read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let refusal = refusal_of(&world, address).await;
    assert!(matches!(&refusal, Refusal::SentNoAnswer(text) if text.contains("did not begin")), "{refusal:?}");
}

#[tokio::test]
async fn header_floods_are_cut() {
    let mut world = World::new();
    world.limits.response_header_bytes = 4 << 10;
    let flood = |line: &'static str, times: usize| {
        servers::raw(move |_, mut stream| async move {
            servers::read_request(&mut stream).await;
            servers::write(&mut stream, "HTTP/1.1 200 OK\r\n").await;
            for _ in 0..times {
                if stream.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
            let _ = stream.write_all(b"content-length: 0\r\n\r\n").await;
        })
    };
    let wide = flood("x-flood: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n", 90).await;
    assert_eq!(refusal_of(&world, wide).await, Refusal::TooLarge(4 << 10));
    for times in [200, usize::MAX] {
        let refusal = refusal_of(&world, flood("x-f: 0\r\n", times).await).await;
        assert!(matches!(refusal, Refusal::SentNoAnswer(_)), "{refusal:?}");
    }
    // Interim answers without end.
    world.limits.first_byte = Duration::from_millis(300);
    world.limits.connect = Duration::from_millis(300);
    let address = servers::raw(|_, mut stream| async move {
        servers::read_request(&mut stream).await;
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n").await.is_ok() {}
    })
    .await;
    let refusal = refusal_of(&world, address).await;
    assert!(matches!(refusal, Refusal::SentNoAnswer(_)), "{refusal:?}");
}

#[tokio::test]
async fn request_body_over_the_limit_is_refused() {
    let mut world = World::new();
    world.limits.request_bytes = 10;
    let server = Server::ok().await;
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    egress.send(&world.scope(), post(server.origin(), "0123456789")).await.unwrap();
    let refused = egress.send(&world.scope(), post(server.origin(), "0123456789x")).await;
    assert_eq!(denied(refused).0, "request-too-large");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn requests_of_a_connection_queue_for_its_places() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let mut world = World::new();
    world.limits.concurrent_requests = 2;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now_there, most_there) = (Arc::clone(&now), Arc::clone(&most));
    let address = servers::raw(move |_, mut stream| {
        let (now, most) = (Arc::clone(&now_there), Arc::clone(&most_there));
        async move {
            while servers::read_request(&mut stream).await.is_some() {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(20)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                servers::write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
            }
        }
    })
    .await;
    let origin = format!("http://{address}");
    let egress = world.egress("shop", &hosts(&[&origin]), &loopback(&[address])).unwrap();
    let scope = world.scope();
    let sending = (0..10).map(|_| egress.send(&scope, get(&origin)));
    for result in futures::future::join_all(sending).await {
        assert_eq!(result.unwrap().status, 200);
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}
