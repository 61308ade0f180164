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
        "/bomb/brotli" => ok(&["content-encoding: br"], &BROTLI_BOMB),
        "/bomb/twice" => ok(&["content-encoding: gzip, gzip"], &gzip(&gzip(&vec![0; BOMB]))),
        "/coding" => ok(&["content-encoding: deflate"], b"\x78\x9c\x03\x00\x00\x00\x00\x01"),
        "/bomb/zstd" => ok(&["content-encoding: zstd"], &zstd_bomb()),
        "/echo/body" => ok(&[], format!("<p>{credential}</p>").as_bytes()),
        "/echo/header" => ok(&[&format!("x-received: {credential}")], b"in the header"),
        "/echo/base64" => ok(&[], STANDARD.encode(&credential).as_bytes()),
        "/echo/hex" => ok(&[], hex(&credential).as_bytes()),
        "/echo/percent" => ok(&[], percent(&credential).as_bytes()),
        "/echo/json" => ok(&[], escaped(&credential, |unit| format!("\\u{unit:04x}")).as_bytes()),
        "/echo/html" => ok(&[], escaped(&credential, |unit| format!("&#{unit};")).as_bytes()),
        "/echo/utf-16" => ok(&[], &credential.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
        "/echo/name" => ok(&[&format!("x-{}: in the name", hex(&credential))], b"in the name of a header"),
        "/codings" => ok(&["content-encoding: gzip", "content-encoding: br"], &gzip(&brotli(credential.as_bytes()))),
        "/transfer-coding" => transferred(&gzip(credential.as_bytes())),
        "/lengths" => ok(&["content-length: 3"], b"two lengths"),
        "/echo/gzip" => ok(&["content-encoding: gzip"], &gzip(credential.as_bytes())),
        "/echo/brotli" => ok(&["content-encoding: br"], &brotli(credential.as_bytes())),
        "/echo/zstd" => ok(&["content-encoding: zstd"], &zstd(credential.as_bytes())),
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

/// What a brotli encoder makes of that many zeros, with the largest window of RFC 7932.
const BROTLI_BOMB: [u8; 51] = [
    0xcf, 0xff, 0xff, 0x7f, 0x00, 0x24, 0x00, 0xe2, 0xb1, 0x40, 0x72, 0xef, 0xff, 0xf9, 0xff, 0xff, 0x0f, 0x80, 0x04,
    0x40, 0x1c, 0x16, 0x80, 0xee, 0xfd, 0x3f, 0xff, 0xff, 0xff, 0x01, 0x90, 0x00, 0x88, 0xc3, 0x02, 0xd0, 0xbd, 0xff,
    0xcf, 0xff, 0xff, 0x7f, 0x00, 0x12, 0x00, 0x71, 0x58, 0x00, 0xba, 0xf7, 0xff,
];

/// A stream with one block that is not compressed, of up to 64 KiB, and the empty last one (RFC 7932).
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let head = (bytes.len().saturating_sub(1) << 4) | (1 << 20);
    [&head.to_le_bytes()[..3], bytes, &[3]].concat()
}

/// A frame with one block that is not compressed (RFC 8878).
fn zstd(bytes: &[u8]) -> Vec<u8> {
    let header = (bytes.len() << 3) | 1;
    [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58], &header.to_le_bytes()[..3], bytes].concat()
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

/// An answer that is compressed on its way, and says so where nobody looks.
fn transferred(bytes: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n{:x}\r\n", bytes.len());
    [head.as_bytes(), bytes, b"\r\n0\r\n\r\n"].concat()
}

fn escaped(text: &str, escape: impl Fn(u16) -> String) -> String {
    text.encode_utf16().map(escape).collect()
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
