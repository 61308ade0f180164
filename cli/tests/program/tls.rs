//! The listener's certificate: https is answered, http is not, and a file that is no certificate is named.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::Site;
#[cfg(unix)]
use crate::serving::code_of;
use crate::serving::{Daemon, KEY};

const FILE: &str = r#"
[serve]
listen = "127.0.0.1:0"
tls = { certificate = "certificate.pem", key = "key.pem" }
[connection.shop]
connector = "webhook-mac"
credential.signing = { value = { env = "WHARF_TEST_KEY" } }
"#;

const QUESTION: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// A site with a certificate for `localhost`.
fn site() -> (Site, CertificateDer<'static>) {
    let site = Site::new(FILE);
    site.install("webhook-mac");
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    site.write("certificate.pem", &cert.pem());
    site.write("key.pem", &signing_key.serialize_pem());
    (site, cert.der().clone())
}

/// Asks over TLS, as somebody who trusts this certificate.
fn ask(daemon: &Daemon, trusted: &CertificateDer<'static>) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, daemon.connect());
    stream.write_all(QUESTION)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn listener_with_a_certificate_answers_https_and_refuses_http() {
    let (site, certificate) = site();
    let daemon = Daemon::start(&site);
    let answer = ask(&daemon, &certificate).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut plain = daemon.connect();
    plain.write_all(QUESTION).unwrap();
    let mut told = Vec::new();
    // What comes is an alert of TLS, or the end of the connection.
    let _ = plain.read_to_end(&mut told);
    assert!(!String::from_utf8_lossy(&told).contains("HTTP/1.1"), "{told:?}");

    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let refused = ask(&daemon, other.cert.der()).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[test]
fn certificate_that_cannot_be_used_is_named_with_what_to_do() {
    let (site, _) = site();
    let good = ["certificate.pem", "key.pem"].map(|name| std::fs::read_to_string(site.path(name)).unwrap());
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap().signing_key.serialize_pem();
    let damaged = good[0].replacen("MI", "!!", 1);
    let table = [
        ("certificate.pem", Some("no certificate"), "certificate chain"),
        ("certificate.pem", Some(damaged.as_str()), "certificate chain"),
        ("certificate.pem", None, "certificate chain"),
        ("certificate.pem", Some(&good[1]), "certificate chain"),
        ("key.pem", Some("no key"), "private key"),
        ("key.pem", Some(&good[0]), "private key"),
        ("key.pem", None, "private key"),
        ("key.pem", Some(&other), "key that belongs to it"),
    ];
    for (name, text, fix) in table {
        match text {
            Some(text) => site.write(name, text),
            None => std::fs::remove_file(site.path(name)).unwrap(),
        }
        let mut command = site.command(&["serve"]);
        command.env("WHARF_TEST_KEY", KEY).timeout(Duration::from_secs(120));
        let ended = crate::ended(command);
        assert_eq!(ended.code, 3, "{name} {text:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(".pem") && ended.stderr.contains(fix), "{name} {text:?}: {}", ended.stderr);
        assert!(!ended.stdout.contains("listening"), "{name} {text:?}: {}", ended.stdout);
        site.write("certificate.pem", &good[0]);
        site.write("key.pem", &good[1]);
    }
}

/// Puts a pipe in the place of a file: who reads it waits.
#[cfg(unix)]
fn put_pipe(site: &Site, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(site.path("pipe")).status().unwrap();
    assert!(made.success());
    std::fs::rename(site.path("pipe"), site.path(name)).unwrap();
}

/// Opens a pipe once somebody reads it.
#[cfg(unix)]
fn open_when_read(site: &Site, name: &str) -> std::fs::File {
    let (path, (opened, wait)) = (site.path(name), std::sync::mpsc::channel());
    std::thread::spawn(move || opened.send(std::fs::File::options().write(true).open(path).unwrap()));
    wait.recv_timeout(Duration::from_secs(120)).unwrap()
}

#[cfg(unix)]
#[test]
fn connector_that_is_revoked_while_the_program_starts_is_not_served() {
    // The certificate is read twice: it is looked at before anything is loaded, and used after all is.
    for reading in 1..=2 {
        let (site, _) = site();
        let pem = std::fs::read(site.path("certificate.pem")).unwrap();
        put_pipe(&site, "certificate.pem");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wharf"));
        command.current_dir(site.path("")).args(["serve"]).env("WHARF_TEST_KEY", KEY).env_remove("WHARF_FILE");
        let output = (std::process::Stdio::null(), std::process::Stdio::null());
        let mut child = command.stdout(output.0).stderr(output.1).spawn().unwrap();
        for _ in 1..reading {
            let mut pipe = open_when_read(&site, "certificate.pem");
            put_pipe(&site, "certificate.pem");
            pipe.write_all(&pem).unwrap();
        }
        let mut pipe = open_when_read(&site, "certificate.pem");
        assert_eq!(site.json(&["revoke", "webhook-mac", "--by", "chief"]).0, 0);
        std::fs::write(site.path("whole.pem"), &pem).unwrap();
        std::fs::rename(site.path("whole.pem"), site.path("certificate.pem")).unwrap();
        pipe.write_all(&pem).unwrap();
        drop(pipe);
        assert_eq!(code_of(&mut child), Some(4), "reading {reading}");
    }
}
