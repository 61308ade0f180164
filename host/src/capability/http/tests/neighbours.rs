//! Connections that share an upstream share nothing on the way to it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::Egress;
use super::tls::Authority;
use super::world::{World, get, hosts, loopback};
use crate::policy::Grant;

type Handshakes = Arc<Mutex<Vec<HandshakeKind>>>;

/// A server that ends each connection after one answer, and notes how each began.
async fn one_answer_each(acceptor: TlsAcceptor) -> (SocketAddr, Handshakes) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, handshakes) = (listener.local_addr().unwrap(), Handshakes::default());
    let noted = Arc::clone(&handshakes);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            noted.lock().unwrap().push(stream.get_ref().1.handshake_kind().unwrap());
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
            let _ = stream.shutdown().await;
        }
    });
    (address, handshakes)
}

#[tokio::test]
async fn tls_session_of_one_connection_is_not_gone_on_with_by_another() {
    let authority = Authority::new();
    let (address, handshakes) = one_answer_each(authority.acceptor("erp.example.com", false, &[b"http/1.1"])).await;
    let mut world = World::new();
    world.roots = authority.roots();
    world.resolver.set("erp.example.com", &[&[address]]);
    let origin = format!("https://erp.example.com:{}", address.port());
    let grant = Grant::new().origin(&origin).private_address(address.to_string());
    let [one, other]: [Egress; 2] =
        ["one", "other"].map(|name| world.egress(name, &hosts(&[&origin]), &grant).unwrap());
    for egress in [&one, &one, &other] {
        assert_eq!(egress.send(&world.scope(), get(&origin)).await.unwrap().text(), "ok");
    }
    // The second of the same connection goes on with its session, so a session could be gone on with.
    let expected = [HandshakeKind::Full, HandshakeKind::Resumed, HandshakeKind::Full];
    assert_eq!(*handshakes.lock().unwrap(), expected);
}

#[tokio::test]
async fn socket_of_one_connection_is_not_used_by_another() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peers: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
    let noted = Arc::clone(&peers);
    let answer = move |peer: axum::extract::ConnectInfo<SocketAddr>| async move {
        noted.lock().unwrap().push(peer.0);
        "ok"
    };
    let service = axum::Router::new().fallback(answer).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let (world, origin) = (World::new(), format!("http://{address}"));
    let [one, other]: [Egress; 2] =
        ["one", "other"].map(|name| world.egress(name, &hosts(&[&origin]), &loopback(&[address])).unwrap());
    for egress in [&one, &one, &other, &one] {
        assert_eq!(egress.send(&world.scope(), get(&origin)).await.unwrap().text(), "ok");
    }
    let peers = peers.lock().unwrap().clone();
    let used = |index: usize| peers.iter().position(|peer| *peer == peers[index]).unwrap();
    assert_eq!(used(2), 2, "the other one came over a socket of its own: {peers:?}");
}
