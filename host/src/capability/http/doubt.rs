//! Writes of a call of which nobody knows whether they were done. None of them is sent again in the same call: whether that
//! is right can only be said after the remote was asked.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use http::Method;
use url::Url;

use super::Refusal;
use super::send::Received;
use crate::model::Effect;

/// The rule that refuses to repeat a write.
pub(super) const REPEATED: &str = "write-repeated";

/// The writes of one call that are in doubt.
#[derive(Default)]
pub(super) struct Doubts(Mutex<HashSet<Likeness>>);

/// What makes two requests the same: method, address and body.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Likeness(Box<[u8]>);

/// A write on its way. Dropped before its end is known it is in doubt.
pub(super) struct Doubt<'a> {
    doubts: &'a Doubts,
    likeness: Likeness,
    settled: bool,
}

impl Doubts {
    /// Begins a request; none for what may be repeated.
    ///
    /// # Errors
    /// When the same write is in doubt.
    pub(super) fn begin(
        &self,
        effect: Effect,
        method: &Method,
        url: &Url,
        body: Option<&Bytes>,
    ) -> Result<Option<Doubt<'_>>, Refusal> {
        if effect != Effect::Write {
            return Ok(None);
        }
        let likeness = Likeness::of(method, url, body);
        if self.likenesses().contains(&likeness) {
            return Err(Refusal::denied(
                REPEATED,
                "nobody knows whether the same write was done a moment ago; return `outcome-unknown`, the host asks before it repeats one",
            ));
        }
        Ok(Some(Doubt { doubts: self, likeness, settled: false }))
    }

    fn likenesses(&self) -> MutexGuard<'_, HashSet<Likeness>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Doubt<'_> {
    /// Ends the doubt where the outcome leaves none.
    pub(super) fn settle(mut self, outcome: &Result<Received, Refusal>) {
        self.settled = match outcome {
            // Systems fail after the work is done, too.
            Ok(received) => !matches!(received.status, 408 | 500..600),
            Err(refusal) => !refusal.may_have_left(),
        };
    }
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.doubts.likenesses().insert(self.likeness.clone());
        }
    }
}

impl Likeness {
    fn of(method: &Method, url: &Url, body: Option<&Bytes>) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [method.as_str(), url.as_str()] {
            context.update(part.as_bytes());
            // Stands in neither of the two.
            context.update(b"\n");
        }
        context.update(body.map_or(&[][..], |body| body));
        Self(context.finish().as_ref().into())
    }
}
