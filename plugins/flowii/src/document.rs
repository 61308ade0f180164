//! Documents that no common one stands for: tasks, events, business cases, attendance. Times are RFC 3339 in UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wharf_sdk::document::{Decimal, Extra, Partner};

/// Something to be done, and who does it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    /// FLOWii's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// What it is called.
    #[serde(default)]
    pub(crate) caption: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// When it has to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<String>,
    /// FLOWii's id of the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner_id: Option<String>,
    /// The partner, to be looked up; `partner_id` goes before it. Only written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner: Option<Partner>,
    /// FLOWii's id of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<String>,
    /// One for each person that does it. A new task without any gets one for each of `responsible_user_ids`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) activities: Vec<Activity>,
    /// Everything else, by FLOWii's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// What one person does for a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    /// FLOWii's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// Id from the reference list `activity-type`; the first one where a new one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) activity_type: Option<String>,
    /// FLOWii's id of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
    /// FLOWii's number of its state; 4 is waiting, and that of a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<i64>,
    /// When it has to be done; the task's deadline where a new one has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<String>,
    /// Everything else, by FLOWii's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// Something that happens at a time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    /// FLOWii's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// What it is called.
    #[serde(default)]
    pub(crate) caption: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<String>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
    /// FLOWii's id of the partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner_id: Option<String>,
    /// The partner, to be looked up; `partner_id` goes before it. Only written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner: Option<Partner>,
    /// FLOWii's ids of the users that take part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) user_ids: Vec<String>,
    /// Everything else, by FLOWii's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// A chance to sell something.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BusinessCase {
    /// FLOWii's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// What it is called.
    #[serde(default)]
    pub(crate) name: String,
    /// The number that FLOWii gave it. Not written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<String>,
    /// When it was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<String>,
    /// When it is expected to be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected_close: Option<String>,
    /// What it is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<Decimal>,
    /// ISO 4217, upper case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    /// How likely it is, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<Decimal>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// FLOWii's id of the partner. A new one needs it, or `partner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner_id: Option<String>,
    /// The partner, to be looked up; `partner_id` goes before it. Only written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partner: Option<Partner>,
    /// Id from the reference list `business-case-state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// FLOWii's id of the user that is responsible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) responsible_user_id: Option<String>,
    /// Everything else, by FLOWii's names.
    #[serde(default, skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}

/// When somebody was there. Only read.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct Attendance {
    pub(crate) id: Option<String>,
    /// Day, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) date: Option<String>,
    /// Local times, as FLOWii writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
    /// FLOWii's number of what it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<String>,
    #[serde(skip_serializing_if = "Extra::is_empty")]
    pub(crate) extra: Extra,
}
