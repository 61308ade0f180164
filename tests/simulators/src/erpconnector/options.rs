//! The switches of the simulator: almost every answer of this system is an assumption.

use std::collections::BTreeMap;
use std::time::Duration;

use super::profile::{Entity, Erp, Verb, verbs};

/// How the robot beside the accounting system fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Robot {
    /// It answers.
    #[default]
    Online,
    /// The hub cannot reach it: 503, nothing is done.
    Offline,
    /// The hub gives up waiting: 504.
    Slow {
        /// Whether the robot did the work all the same, unknown to the caller.
        works: bool,
    },
}

/// Settings of a [`Simulator`](super::Simulator), changeable while it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The accounting system; Acomba unless set.
    pub erp: Erp,
    /// Verbs of an entity in place of those of the table; none unless set. What is removed is gone, unless it is a customer
    /// or a document: those stay, as in any books.
    pub verbs: BTreeMap<Entity, Vec<Verb>>,
    /// Status for a verb that the system does not offer; 405 unless set \[assumed\], 501 is possible.
    pub refused_verb_status: u16,
    /// Whether lists come as `{"value": [...]}`; as a bare array unless set \[assumed\].
    pub lists_wrapped: bool,
    /// Whether `$skip` is ignored in silence; it is honoured unless set \[assumed\].
    pub skip_ignored: bool,
    /// Most rows of a list, whatever `$top` says; as many as are asked for unless set \[assumed\].
    pub largest_page: Option<usize>,
    /// Status for a second document of the same number without `If-None-Match: *`; none creates a duplicate.
    pub same_number_status: Option<u16>,
    /// Status for an invoice to a customer that does not exist; 400 unless set \[assumed\], 422 is possible.
    pub unknown_client_status: u16,
    /// Whether a line may only name products that exist; no unless set.
    pub products_checked: bool,
    /// Last day (`YYYY-MM-DD`) of the period that is closed; none unless set.
    pub closed_until: Option<String>,
    /// Status for a document in the closed period; 422 unless set \[assumed\], 500 is possible.
    pub closed_status: u16,
    /// Whether TPS, TVQ and total are worked out; otherwise they stay as they are sent. Yes unless set \[assumed\].
    pub taxes_computed: bool,
    /// Whether fields that nobody documented are accepted in bodies and queries; they are refused unless set.
    pub unknown_fields_accepted: bool,
    /// Whether a body must be declared as `application/json`, else 415; yes unless set \[assumed\].
    pub content_type_required: bool,
    /// How the robot fares.
    pub robot: Robot,
    /// How long each call takes beside its work; nothing unless set.
    pub latency: Duration,
}

impl Options {
    pub(crate) fn verbs(&self, entity: Entity) -> &[Verb] {
        self.verbs.get(&entity).map_or_else(|| verbs(self.erp, entity), Vec::as_slice)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            erp: Erp::default(),
            verbs: BTreeMap::new(),
            refused_verb_status: 405,
            lists_wrapped: false,
            skip_ignored: false,
            largest_page: None,
            same_number_status: None,
            unknown_client_status: 400,
            products_checked: false,
            closed_until: None,
            closed_status: 422,
            taxes_computed: true,
            unknown_fields_accepted: false,
            content_type_required: true,
            robot: Robot::default(),
            latency: Duration::ZERO,
        }
    }
}
