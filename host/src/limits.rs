//! What one call may use. Every call has every limit; a breach ends that call with a named cause and nothing else.

use std::time::Duration;

/// Limits of the calls of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Wall-clock time of a whole call, waits included. 60 s: remote robots that answer in seconds, several requests
    /// per call. Beyond: `deadline`.
    pub deadline: Duration,
    /// Wall-clock time of a call that answers a request, `serving.serve`, in place of `deadline`. 3 s: somebody waits for
    /// the answer. Beyond: `deadline`.
    pub serve: Duration,
    /// Time the guest may compute, of all the call's time, in ticks of 10 ms. 10 s: a page of 4 MiB takes about 50 ms.
    /// Beyond: `deadline`.
    pub cpu: Duration,
    /// Bytes of all linear memories and tables of the instance together. 128 MiB: a page with its parsed form takes a
    /// few times its size. Beyond: `memory-exceeded`.
    pub memory_bytes: usize,
    /// Bytes of a request body. 8 MiB: a document with a file of 2 MiB in base64, with room. Beyond: denied.
    pub request_bytes: usize,
    /// Bytes of a response body after decompression. 16 MiB. Beyond: `too-large`.
    pub response_bytes: usize,
    /// Bytes of all response headers together. 64 KiB; at most 100 headers. Beyond: `unavailable`.
    pub response_header_bytes: usize,
    /// Time to connect, TLS included. 10 s. Beyond: not sent.
    pub connect: Duration,
    /// Time from the end of the request to the first byte of the answer. 50 s. Beyond: sent, no answer.
    pub first_byte: Duration,
    /// Time between two reads of the answer. 15 s. Beyond: sent, no answer.
    pub idle: Duration,
    /// Requests per call, those for tokens included. 200. Beyond: denied.
    pub requests: u32,
    /// Requests under way at once per connection. 8. Beyond: they queue.
    pub concurrent_requests: usize,
    /// Log lines per call. 200; the rest is counted and dropped.
    pub log_lines: u32,
    /// Bytes of log per call. 64 KiB; the rest is counted and dropped.
    pub log_bytes: usize,
    /// Items on a page. 5,000, whatever the bounds say. Beyond: the call fails and the connector is to blame.
    pub page_items: usize,
    /// Bytes of content on a page. 32 MiB. Beyond: the call fails and the connector is to blame.
    pub page_bytes: usize,
    /// Bytes of a cursor. 64 KiB. Beyond: the call fails and the connector is to blame.
    pub cursor_bytes: usize,
    /// Bytes that one call may make the host hold for it, copies of arguments and kept responses together. 64 MiB.
    /// Beyond: `memory-exceeded`.
    pub host_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            serve: Duration::from_secs(3),
            cpu: Duration::from_secs(10),
            memory_bytes: 128 << 20,
            request_bytes: 8 << 20,
            response_bytes: 16 << 20,
            response_header_bytes: 64 << 10,
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(50),
            idle: Duration::from_secs(15),
            requests: 200,
            concurrent_requests: 8,
            log_lines: 200,
            log_bytes: 64 << 10,
            page_items: 5_000,
            page_bytes: 32 << 20,
            cursor_bytes: 64 << 10,
            host_bytes: 64 << 20,
        }
    }
}
