//! Requests and output through WASI, as a guest of another language's tools makes them.

use wharf_sdk::{Failure, Result};

use self::bindings::wasi::filesystem::types::{NewTimestamp, PathFlags};
use self::bindings::wasi::http::outgoing_handler;
use self::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, HeaderError, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    Scheme,
};
use self::bindings::wasi::io::streams::{OutputStream, StreamError};

/// Bytes of a body that are written or read at once; a stream takes no more than 4096.
const CHUNK: usize = 4096;

/// What `wit_bindgen` makes of `wit/wasi.wit`.
mod bindings {
    #![allow(
        unsafe_code,
        missing_docs,
        unreachable_pub,
        clippy::all,
        clippy::panic,
        clippy::unwrap_used,
        reason = "generated from wit/; the boundary is made of raw pointers, and its lints are not ours to fix"
    )]
    wit_bindgen::generate!({ path: "wit", world: "wharf:guests/wasi", generate_all });
}

/// An answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Sends a request. The URL is taken apart as it is; whether it makes sense is for the import to say.
pub fn send(method: &str, url: &str, headers: &[(String, String)], body: Option<&[u8]>) -> Result<Answer> {
    let (outgoing, future) = begin(method, url, headers)?;
    give(outgoing, body.unwrap_or_default())?;
    read(&answer(&future)?)
}

/// Begins requests whose bodies have so many bytes and do not end, and holds all of them; returns how many.
pub fn hold_requests(url: &str, times: usize, bytes: usize) -> Result<usize> {
    let chunk = vec![b'x'; CHUNK];
    let mut held = Vec::new();
    for _ in 0..times {
        let (outgoing, future) = begin("POST", url, &[("wharf-effect".to_owned(), "read".to_owned())])?;
        let stream = outgoing.write().map_err(|()| refused("body"))?;
        for _ in 0..bytes / CHUNK {
            write(&stream, &chunk)?;
        }
        held.push((stream, outgoing, future));
    }
    Ok(held.len())
}

/// Asks so many times and holds all answers without reading them; returns how many.
pub fn hold_answers(url: &str, times: usize) -> Result<usize> {
    let mut held = Vec::new();
    for _ in 0..times {
        let (outgoing, future) = begin("GET", url, &[])?;
        give(outgoing, &[])?;
        held.push(answer(&future)?);
    }
    Ok(held.len())
}

/// Makes lists of headers as large as they can be, and holds all of them; returns the bytes in each.
pub fn hold_headers(times: usize) -> Vec<usize> {
    let (name, value) = ("x".repeat(100), [b'y'; 900]);
    let fill = |fields: &Fields| (0..10_000).take_while(|_| fields.append(&name, &value).is_ok()).count() * 1000;
    let held: Vec<Fields> = (0..times).map(|_| Fields::new()).collect();
    held.iter().map(fill).collect()
}

fn begin(method: &str, url: &str, headers: &[(String, String)]) -> Result<(OutgoingBody, FutureIncomingResponse)> {
    let fields = Fields::new();
    for (name, value) in headers {
        fields.append(name, value.as_bytes()).map_err(|error| refused(header_word(&error)))?;
    }
    let request = OutgoingRequest::new(fields);
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    request.set_method(&named(method)).map_err(|()| refused("method-syntax"))?;
    request.set_scheme(Some(&scheme)).map_err(|()| refused("scheme-syntax"))?;
    request.set_authority(Some(authority)).map_err(|()| refused("authority-syntax"))?;
    request.set_path_with_query(Some(path)).map_err(|()| refused("path-syntax"))?;
    let outgoing = request.body().map_err(|()| refused("body"))?;
    let future = outgoing_handler::handle(request, None).map_err(|code| refused(&word(&code)))?;
    Ok((outgoing, future))
}

fn answer(future: &FutureIncomingResponse) -> Result<IncomingResponse> {
    future.subscribe().block();
    match future.get() {
        Some(Ok(Ok(response))) => Ok(response),
        Some(Ok(Err(code))) => Err(refused(&word(&code))),
        _ => Err(refused("no-answer")),
    }
}

/// Writes to standard output.
pub fn print(text: &[u8]) -> Result<()> {
    write(&bindings::wasi::cli::stdout::get_stdout(), text)
}

/// Writes to standard error.
pub fn print_error(text: &[u8]) -> Result<()> {
    write(&bindings::wasi::cli::stderr::get_stderr(), text)
}

/// Returns how many variables, arguments and directories there are.
pub fn belongings() -> [usize; 3] {
    let environment = bindings::wasi::cli::environment::get_environment();
    let arguments = bindings::wasi::cli::environment::get_arguments();
    let directories = bindings::wasi::filesystem::preopens::get_directories();
    [environment.len(), arguments.len(), directories.len()]
}

/// Sets the times of a file of the directory that was granted to now, also through a link; returns the code of a refusal.
pub fn touch(path: &str) -> std::result::Result<(), String> {
    let directory = bindings::wasi::filesystem::preopens::get_directories().into_iter().next();
    let (directory, _) = directory.ok_or("no-directory")?;
    let touched = directory.set_times_at(PathFlags::SYMLINK_FOLLOW, path, NewTimestamp::Now, NewTimestamp::Now);
    touched.map_err(|code| code.name().to_owned())
}

fn give(body: OutgoingBody, bytes: &[u8]) -> Result<()> {
    let stream = body.write().map_err(|()| refused("body"))?;
    write(&stream, bytes)?;
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|code| refused(&word(&code)))
}

fn write(stream: &OutputStream, bytes: &[u8]) -> Result<()> {
    for chunk in bytes.chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk).map_err(|_| refused("stream"))?;
    }
    Ok(())
}

fn read(response: &IncomingResponse) -> Result<Answer> {
    let text = |(name, value): (String, Vec<u8>)| (name, String::from_utf8_lossy(&value).into_owned());
    let headers = response.headers().entries().into_iter().map(text).collect();
    let incoming = response.consume().map_err(|()| refused("body"))?;
    let stream = incoming.stream().map_err(|()| refused("body"))?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(1 << 16) {
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(Answer { status: response.status(), headers, body }),
            Err(StreamError::LastOperationFailed(error)) => return Err(refused(&error.to_debug_string())),
        }
    }
}

fn named(method: &str) -> Method {
    match method {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "TRACE" => Method::Trace,
        "CONNECT" => Method::Connect,
        other => Method::Other(other.to_owned()),
    }
}

fn header_word(error: &HeaderError) -> &'static str {
    match error {
        HeaderError::InvalidSyntax => "header-syntax",
        HeaderError::Forbidden => "header-forbidden",
        HeaderError::Immutable => "header-immutable",
    }
}

/// Returns the case of a code, as `wasi:http` names it.
fn word(code: &ErrorCode) -> String {
    let text = format!("{code:?}");
    let case = text.strip_prefix("ErrorCode::").unwrap_or(&text);
    case.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

fn refused(word: &str) -> Failure {
    Failure::precondition(word, format!("wasi:http refuses the request ({word}); send another one"))
}
