//! Answers that are made before they are sent.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Size of a bomb that went off, in bytes: 64 MiB, four times what a host takes by default.
const BOMB: usize = 64 << 20;

/// Returns the whole answer to a request.
pub(super) fn to(path: &str, head: &str) -> Vec<u8> {
    let credential = credential(head);
    match path {
        "/bomb/gzip" => ok(&["content-encoding: gzip"], &gzip(&vec![0; BOMB])),
        "/bomb/zstd" => ok(&["content-encoding: zstd"], &zstd_bomb()),
        "/echo/body" => ok(&[], format!("<p>{credential}</p>").as_bytes()),
        "/echo/header" => ok(&[&format!("x-received: {credential}")], b"in the header"),
        "/echo/base64" => ok(&[], STANDARD.encode(&credential).as_bytes()),
        "/echo/hex" => ok(&[], hex(&credential).as_bytes()),
        "/echo/percent" => ok(&[], percent(&credential).as_bytes()),
        "/echo/gzip" => ok(&["content-encoding: gzip"], &gzip(credential.as_bytes())),
        "/echo/status" => of("500 Internal Server Error", &[], credential.as_bytes()),
        "/echo/broken" => {
            format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nx-{credential}\r\n\r\n{credential}").into_bytes()
        }
        _ => match path.split_once("/redirect?") {
            Some((_, target)) => of("302 Found", &[&format!("location: {target}?token={credential}")], b""),
            None => ok(&[], b"ok"),
        },
    }
}

/// Returns the bearer token that a request has.
pub(super) fn credential(head: &str) -> String {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization: bearer "));
    line.and_then(|line| line.rsplit_once(' ')).map(|(_, token)| token.to_owned()).unwrap_or_default()
}

fn ok(headers: &[&str], body: &[u8]) -> Vec<u8> {
    of("200 OK", headers, body)
}

fn of(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default()
}

/// A frame of blocks that each say one byte 128 Ki times (RFC 8878).
fn zstd_bomb() -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    let blocks = BOMB / BLOCK;
    // Magic number; no content size and no checksum; a window of 2 MiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for number in 1..=blocks {
        let last = usize::from(number == blocks);
        let header = (BLOCK << 3) | (1 << 1) | last;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
