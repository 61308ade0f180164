//! The log import: lines of the guest, counted, cleaned, and passed on as events.

use super::Rooms;
use super::http::CallScope;

/// Longest event name or field that is kept, in bytes.
const TEXT: usize = 8 << 10;

/// How grave a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// The log of one call. Says at the end how much it dropped.
pub(crate) struct Log {
    call: &'static str,
    lines: u32,
    bytes: usize,
    dropped: u32,
}

impl Log {
    /// Starts a log that passes on that many lines and bytes.
    pub(crate) fn new(call: &'static str, lines: u32, bytes: usize) -> Self {
        Self { call, lines, bytes, dropped: 0 }
    }

    /// Passes a line on, if it is within the limits.
    pub(crate) fn write(
        &mut self,
        (rooms, scope): (&Rooms, &CallScope),
        level: Level,
        event: &str,
        fields: &[(String, String)],
    ) {
        let size = fields.iter().fold(event.len(), |sum, (name, value)| sum.saturating_add(name.len() + value.len()));
        let (Some(lines), Some(bytes)) = (self.lines.checked_sub(1), self.bytes.checked_sub(size)) else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        (self.lines, self.bytes) = (lines, bytes);
        // Before anything is cut or cleaned: half a secret is not found any more.
        let whole = |text: &str| {
            let mut text = text.to_owned();
            rooms.redact(scope, "log", &mut text);
            text
        };
        let (mut event, fields) = (clean(&whole(event)), redacted(fields, whole));
        let mut fields = joined(&fields);
        // And after: what was taken out may have joined the halves.
        rooms.redact(scope, "log", &mut event);
        rooms.redact(scope, "log", &mut fields);
        let (connector, connection) = (rooms.connector(), rooms.connection().unwrap_or_default());
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(target: "wharf::connector", connector, connection, call = self.call, %fields, "{event}")
            };
        }
        match level {
            Level::Debug => emit!(debug),
            Level::Info => emit!(info),
            Level::Warn => emit!(warn),
            Level::Error => emit!(error),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let (call, dropped) = (self.call, self.dropped);
            tracing::warn!(target: "wharf::connector", call, dropped, "log lines beyond the limit were dropped");
        }
    }
}

fn redacted(fields: &[(String, String)], whole: impl Fn(&str) -> String) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (whole(name), whole(value))).collect()
}

fn joined(fields: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&clean(name));
        text.push('=');
        text.push_str(&clean(value));
    }
    text
}

/// Takes out what would move a terminal's cursor, fake a line, or change the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut clean = String::with_capacity(text.len().min(TEXT));
    for letter in text.chars() {
        if clean.len() >= TEXT {
            break;
        }
        clean.push(if harmful(letter) { ' ' } else { letter });
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_taken_out() {
        assert_eq!(clean("a\x1b[31mb\r\nc\u{9b}d\u{202e}e"), "a [31mb  c d e");
        assert_eq!(clean("zażółć 你好"), "zażółć 你好");
    }

    #[test]
    fn fields_stay_on_one_line() {
        let fields = [("id".to_owned(), "1\n2".to_owned()), ("state\t".to_owned(), "new".to_owned())];
        assert_eq!(joined(&fields), "id=1 2 state =new");
    }

    #[test]
    fn text_without_end_is_cut() {
        assert_eq!(clean(&"x".repeat(TEXT * 2)).len(), TEXT);
    }
}
