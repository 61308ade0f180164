//! Where requests get to, and where they do not.

use std::net::SocketAddr;

use axum::http::StatusCode;
use axum::response::IntoResponse as _;

use super::servers::Server;
use super::world::{World, denied, get, hosts, loopback};
use crate::policy::Grant;

#[tokio::test]
async fn granted_origin_is_reached() {
    let (world, server) = (World::new(), Server::ok().await);
    let egress = world.egress("shop", &hosts(&[&server.origin()]), &loopback(&[server.address])).unwrap();
    let response = egress.send(&world.scope(), get(format!("{}/orders?page=2", server.origin()))).await.unwrap();
    assert_eq!((response.status, response.text().as_str(), response.number), (200, "ok", 1));
    let seen = server.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].path_and_query.as_str()), ("GET", "/orders?page=2"));
}

#[tokio::test]
async fn without_each_grant_nothing_arrives() {
    let (world, server, other) = (World::new(), Server::ok().await, Server::ok().await);
    let (origin, address) = (server.origin(), server.address.to_string());
    let asked = hosts(&[&origin]);
    let table = [
        (Grant::new(), origin.clone(), "plain-http-not-granted"),
        (Grant::new().plain_http(&origin), origin.clone(), "address-loopback"),
        (Grant::new().private_address(&address), origin.clone(), "plain-http-not-granted"),
        (
            Grant::new().plain_http(&origin).private_address(other.address.to_string()),
            origin.clone(),
            "address-loopback",
        ),
        (loopback(&[server.address, other.address]), other.origin(), "host-not-asked"),
        (loopback(&[server.address]), origin.replace("http:", "https:"), "host-not-asked"),
        (loopback(&[server.address]), format!("http://user@{}", server.address), "url-userinfo"),
        (loopback(&[server.address]), format!("http://127.0.0.1:{}", other.address.port()), "host-not-asked"),
    ];
    for (grant, url, code) in table {
        let egress = world.egress("shop", &asked, &grant).unwrap();
        let scope = world.scope();
        assert_eq!(denied(egress.send(&scope, get(&url)).await).0, code, "{url}");
        let trace = scope.trace();
        assert!(!trace.requests[0].sent);
        assert_eq!(trace.requests[0].refusal.as_deref(), Some(code));
    }
    assert!(server.seen().is_empty() && other.seen().is_empty());
}

#[tokio::test]
async fn redirects_are_returned_and_not_followed() {
    let (world, target) = (World::new(), Server::ok().await);
    let location = target.origin();
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let server = Server::answering(move |_| {
            (StatusCode::from_u16(status).unwrap(), [("location", location.clone())]).into_response()
        })
        .await;
        let asked = hosts(&[&server.origin(), &target.origin()]);
        let egress = world.egress("shop", &asked, &loopback(&[server.address, target.address])).unwrap();
        let response = egress.send(&world.scope(), get(server.origin())).await.unwrap();
        assert_eq!((response.status, response.header("location")), (status, Some(target.origin().as_str())));
    }
    assert!(target.seen().is_empty());
}

#[tokio::test]
async fn name_that_leads_to_a_special_address_needs_exactly_that_carve_out() {
    let (world, server) = (World::new(), Server::ok().await);
    let port = server.address.port();
    let origin = format!("http://erp.example.com:{port}");
    let public: SocketAddr = format!("93.184.216.34:{port}").parse().unwrap();
    world.resolver.set("erp.example.com", &[&[server.address]]);
    let granted = Grant::new().plain_http(&origin);
    let carved = granted.clone().private_address(server.address.to_string());
    let near = granted.clone().private_address(format!("127.0.0.2:{port}"));

    let send = async |grant: &Grant| {
        world.egress("shop", &hosts(&[&origin]), grant).unwrap().send(&world.scope(), get(&origin)).await
    };
    let (code, message) = denied(send(&granted).await);
    assert_eq!(code, "address-loopback");
    assert!(message.contains(&format!("private_addresses = [\"127.0.0.1:{port}\"]")), "{message}");
    assert_eq!(denied(send(&near).await).0, "address-loopback");
    assert_eq!(send(&carved).await.unwrap().status, 200);

    // One special address among public ones is enough to refuse; the public one is never tried.
    world.resolver.set("erp.example.com", &[&[public, server.address]]);
    assert_eq!(denied(send(&granted).await).0, "address-loopback");
    let metadata: SocketAddr = "[::ffff:169.254.169.254]:80".parse().unwrap();
    world.resolver.set("erp.example.com", &[&[server.address, metadata]]);
    assert_eq!(denied(send(&carved).await).0, "address-metadata");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn name_that_changes_its_address_is_vetted_at_each_connect() {
    let world = World::new();
    let closing = || Server::answering(|_| [("connection", "close")].into_response());
    let (first, second) = (closing().await, Server::ok().await);
    let origin = format!("http://erp.example.com:{}", first.address.port());
    let elsewhere: SocketAddr = format!("127.0.0.2:{}", first.address.port()).parse().unwrap();
    world.resolver.set("erp.example.com", &[&[first.address], &[elsewhere], &[second.address]]);
    let grant = Grant::new().plain_http(&origin).private_address(first.address.to_string());
    let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
    let scope = world.scope();
    assert_eq!(egress.send(&scope, get(&origin)).await.unwrap().status, 200);
    assert_eq!(denied(egress.send(&scope, get(&origin)).await).0, "address-loopback");
    // A resolver that answers with a port of its own does not move the request to another port.
    assert_eq!(egress.send(&scope, get(&origin)).await.unwrap().status, 200);
    assert_eq!((first.seen().len(), second.seen().len()), (2, 0));
}

#[tokio::test]
async fn host_header_is_the_vetted_name() {
    let (world, server) = (World::new(), Server::ok().await);
    let port = server.address.port();
    world.resolver.set("erp.example.com", &[&[server.address]]);
    let origin = format!("http://erp.example.com:{port}");
    let grant = Grant::new().plain_http(&origin).private_address(server.address.to_string());
    let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
    egress.send(&world.scope(), get(format!("http://ERP.Example.com.:{port}/x#part"))).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("host"), Some(format!("erp.example.com:{port}").as_str()));
    assert_eq!(seen[0].path_and_query, "/x");
}

/// Variables can be set safely for another process only, so the test runs itself in one.
#[tokio::test]
async fn proxy_variables_are_ignored() {
    const INNER: &str = "WHARF_TEST_PROXY_INNER";
    if std::env::var_os(INNER).is_some() {
        let (world, server) = (World::new(), Server::ok().await);
        world.resolver.set("erp.example.com", &[&[server.address]]);
        let origin = format!("http://erp.example.com:{}", server.address.port());
        let grant = Grant::new().plain_http(&origin).private_address(server.address.to_string());
        let egress = world.egress("shop", &hosts(&[&origin]), &grant).unwrap();
        assert_eq!(egress.send(&world.scope(), get(&origin)).await.unwrap().text(), "ok");
        assert_eq!(server.seen().len(), 1);
        return;
    }
    let proxy = Server::answering(|_| "from the proxy").await;
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "capability::http::tests::reach::proxy_variables_are_ignored"]).env(INNER, "1");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, proxy.origin());
    }
    let output = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert!(proxy.seen().is_empty());
}
