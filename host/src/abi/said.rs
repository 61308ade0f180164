//! Arguments of calls as JSON, for tapes.

use serde_json::{Value, json};

use crate::model::{Bounds, Cursor, Delivery, Intent};

/// Returns an argument as JSON.
pub(super) fn said<T: Said + ?Sized>(argument: &T) -> Value {
    argument.said()
}

pub(super) trait Said {
    fn said(&self) -> Value;
}

impl Said for str {
    fn said(&self) -> Value {
        Value::from(self)
    }
}

impl Said for String {
    fn said(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl Said for u32 {
    fn said(&self) -> Value {
        Value::from(*self)
    }
}

impl<T: Said + ?Sized> Said for &T {
    fn said(&self) -> Value {
        (*self).said()
    }
}

impl<T: Said> Said for Option<T> {
    fn said(&self) -> Value {
        self.as_ref().map_or(Value::Null, Said::said)
    }
}

impl<T: Said> Said for [T] {
    fn said(&self) -> Value {
        self.iter().map(Said::said).collect()
    }
}

impl Said for (String, String) {
    fn said(&self) -> Value {
        json!([self.0, self.1])
    }
}

impl Said for Cursor {
    fn said(&self) -> Value {
        json!({ "version": self.version, "bytes": text_or_hex(&self.bytes) })
    }
}

impl Said for Bounds {
    fn said(&self) -> Value {
        json!({
            "since": self.since,
            "until": self.until,
            "filter": self.filter,
            "max_items": self.max_items,
            "max_bytes": self.max_bytes,
        })
    }
}

impl Said for Intent {
    fn said(&self) -> Value {
        json!({
            "id": self.id,
            "entity": self.entity,
            "action": self.action,
            "target": self.target,
            "expected_revision": self.expected_revision,
            "correlation": self.correlation,
            "document": String::from_utf8_lossy(self.document.as_bytes()),
        })
    }
}

impl Said for Delivery {
    fn said(&self) -> Value {
        json!({
            "method": self.method,
            "path": self.path,
            "headers": self.headers,
            "body": text_or_hex(&self.body),
        })
    }
}

fn text_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("hex:{}", hex::encode(bytes)),
    }
}
