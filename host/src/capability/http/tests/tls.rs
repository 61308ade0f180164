//! TLS: who is trusted, that HTTP/2 repeats nothing, and that the address rules hold there too.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::{Refusal, Roots};
use super::servers;
use super::world::{World, denied, get, hosts, post};
use crate::policy::Grant;

/// A certificate authority of a test.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(super) fn roots(&self) -> Roots {
        Roots::with_added(self.0.pem().as_bytes()).unwrap()
    }

    pub(super) fn acceptor(&self, name: &str, expired: bool, alpn: &[&[u8]]) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if expired {
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Serves with axum behind TLS.
struct TlsListener(TcpListener, TlsAcceptor);

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<tokio::net::TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (stream, address) = self.0.accept().await.unwrap();
            if let Ok(stream) = self.1.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

pub(super) async fn serve(acceptor: TlsAcceptor) -> (SocketAddr, Arc<std::sync::Mutex<Vec<servers::Seen>>>) {
    let listener = TlsListener(TcpListener::bind("127.0.0.1:0").await.unwrap(), acceptor);
    let address = listener.0.local_addr().unwrap();
    let (router, seen) = servers::recording(|_| "over tls");
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, seen)
}

#[tokio::test]
async fn certificate_must_be_trusted_current_and_of_that_name() {
    let (known, unknown) = (Authority::new(), Authority::new());
    let table = [
        ("right", known.acceptor("erp.example.com", false, &[b"h2"]), true),
        ("right, HTTP/1.1", known.acceptor("erp.example.com", false, &[b"http/1.1"]), true),
        ("wrong name", known.acceptor("crm.example.com", false, &[]), false),
        ("expired", known.acceptor("erp.example.com", true, &[]), false),
        ("unknown root", unknown.acceptor("erp.example.com", false, &[]), false),
    ];
    for (name, acceptor, passes) in table {
        let (address, seen) = serve(acceptor).await;
        let mut world = World::new();
        world.roots = known.roots();
        world.resolver.set("erp.example.com", &[&[address]]);
        let origin = format!("https://erp.example.com:{}", address.port());
        let grant = Grant::new().origin(&origin).private_address(address.to_string());
        let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
        match egress.send(&world.scope(), post(&origin, "body")).await {
            Ok(response) => assert!(passes && response.text() == "over tls", "{name}"),
            Err(error) => assert!(!passes && matches!(error.refusal, Refusal::NotSent(_)), "{name}: {error:?}"),
        }
        assert_eq!(seen.lock().unwrap().len(), usize::from(passes), "{name}");
    }
}

#[tokio::test]
async fn name_that_changes_its_address_is_vetted_over_tls() {
    let authority = Authority::new();
    let (address, seen) = serve(authority.acceptor("erp.example.com", false, &[b"h2"])).await;
    let mut world = World::new();
    world.roots = authority.roots();
    let elsewhere: SocketAddr = format!("127.0.0.2:{}", address.port()).parse().unwrap();
    world.resolver.set("erp.example.com", &[&[elsewhere], &[address]]);
    let origin = format!("https://erp.example.com:{}", address.port());
    let grant = Grant::new().origin(&origin).private_address(address.to_string());
    let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
    assert_eq!(denied(egress.send(&world.scope(), get(&origin)).await).0, "address-loopback");
    assert_eq!(egress.send(&world.scope(), get(&origin)).await.unwrap().status, 200);
    assert_eq!(seen.lock().unwrap().len(), 1);
}

/// HTTP/2 lets a server say that it did not process a stream, and client libraries then like to send it again.
#[tokio::test]
async fn http2_refusals_are_not_repeated_by_the_client() {
    for go_away in [false, true] {
        let authority = Authority::new();
        let acceptor = authority.acceptor("erp.example.com", false, &[b"h2"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let arrived = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&arrived);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, counted) = (acceptor.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.unwrap();
                    let mut connection = h2::server::handshake(stream).await.unwrap();
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        counted.fetch_add(1, Ordering::SeqCst);
                        if go_away {
                            connection.abrupt_shutdown(h2::Reason::NO_ERROR);
                        } else {
                            respond.send_reset(h2::Reason::REFUSED_STREAM);
                        }
                    }
                });
            }
        });
        let mut world = World::new();
        world.roots = authority.roots();
        world.resolver.set("erp.example.com", &[&[address]]);
        let origin = format!("https://erp.example.com:{}", address.port());
        let grant = Grant::new().origin(&origin).private_address(address.to_string());
        let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
        for (count, request) in [post(&origin, "create"), get(&origin)].into_iter().enumerate() {
            let error = egress.send(&world.scope(), request).await.unwrap_err();
            match go_away {
                true => assert!(matches!(error.refusal, Refusal::SentNoAnswer(_)), "{error:?}"),
                // The server vouches that it did nothing, so the connector may repeat; the client library must not.
                false => assert!(matches!(error.refusal, Refusal::NotSent(_)), "{error:?}"),
            }
            assert_eq!(arrived.load(Ordering::SeqCst), count + 1);
        }
    }
}

#[tokio::test]
async fn http2_header_flood_is_cut() {
    let authority = Authority::new();
    let acceptor = authority.acceptor("erp.example.com", false, &[b"h2"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut response = http::Response::new(());
            for number in 0..20_000 {
                let name = http::HeaderName::from_bytes(format!("x-flood-{number}").as_bytes()).unwrap();
                response.headers_mut().insert(name, "0123456789".parse().unwrap());
            }
            let _ = respond.send_response(response, true);
        }
    });
    let mut world = World::new();
    world.roots = authority.roots();
    world.resolver.set("erp.example.com", &[&[address]]);
    let origin = format!("https://erp.example.com:{}", address.port());
    let grant = Grant::new().origin(&origin).private_address(address.to_string());
    let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
    let error = egress.send(&world.scope(), get(&origin)).await.unwrap_err();
    assert!(matches!(error.refusal, Refusal::SentNoAnswer(_) | Refusal::TooLarge(_)), "{error:?}");
}

#[test]
fn added_roots_that_are_none_are_refused() {
    let error = Roots::with_added(b"not a certificate").err().unwrap();
    assert_eq!(error.code(), "root-certificates-invalid");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(Roots::with_added(broken).err().unwrap().code(), "root-certificates-invalid");
}
