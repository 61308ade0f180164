//! Takes secrets out of what a connector returns besides documents, cursors and replies: out of every text in it.

use crate::call::Call;
use crate::model::{
    Applied, Event, Outcome, Parsed, Preview, Reference, ReferencePage, Step, Subscription, Tally, Verdict,
};

/// Takes the secrets that the connection has used out of `told`, and reports them as found at `place`.
pub(super) fn searched<T: Texts>(mut told: T, place: &str, call: &Call) -> T {
    told.each_text(&mut |text| call.rooms().redact(call.scope(), place, text));
    told
}

/// What has texts that a connector wrote.
pub(super) trait Texts {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String));
}

impl Texts for String {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(self);
    }
}

impl<T: Texts> Texts for Option<T> {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.iter_mut().for_each(|told| told.each_text(each));
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.iter_mut().for_each(|told| told.each_text(each));
    }
}

/// Failures are searched where they are judged.
impl<T: Texts, E> Texts for Result<T, E> {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.iter_mut().for_each(|told| told.each_text(each));
    }
}

impl Texts for Step {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.name);
        each(&mut self.detail);
        self.hint.each_text(each);
    }
}

impl Texts for Reference {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.id);
        each(&mut self.label);
        self.code.each_text(each);
        self.value.each_text(each);
    }
}

impl Texts for ReferencePage {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.references.each_text(each);
        self.next.each_text(each);
    }
}

impl Texts for Tally {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        self.digest.each_text(each);
    }
}

impl Texts for Preview {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.method);
        each(&mut self.url);
        each(&mut self.body);
        self.notes.each_text(each);
    }
}

impl Texts for Applied {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.id);
        self.revision.each_text(each);
        self.number.each_text(each);
    }
}

impl Texts for Outcome {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Applied(applied) | Self::AlreadyApplied(applied) => applied.each_text(each),
            Self::NothingToDo | Self::Failed(_) => {}
        }
    }
}

impl Texts for Verdict {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Found(applied) => applied.each_text(each),
            Self::Inconclusive(why) => each(why),
            Self::Absent => {}
        }
    }
}

/// The answer to a handshake is searched as a reply.
impl Texts for Parsed {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Events(events) => events.each_text(each),
            Self::Rejected(why) => each(why),
            Self::Handshake(_) => {}
        }
    }
}

impl Texts for Event {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.key);
        each(&mut self.entity);
        each(&mut self.id);
    }
}

impl Texts for Subscription {
    fn each_text(&mut self, each: &mut dyn FnMut(&mut String)) {
        each(&mut self.id);
        each(&mut self.url);
        self.topics.each_text(each);
    }
}
