//! Tasks. Their shape is known from a client.

use wharf_sdk::Result;
use wharf_sdk::document::Extra;

use super::{instant, keep_relations, local, times};
use crate::api::{self, Draft, Envelope, Resource};
use crate::assumed::WAITING;
use crate::config::Config;
use crate::document::{Activity, Task};

/// Makes the document of a task.
pub(crate) fn read(envelope: &Envelope<'_>, row: &Resource<'_>, config: &Config) -> Result<Task> {
    let attributes: api::Task<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["activities", "order", "partner"], &mut extra);
    let activities = row.many("activities")?;
    Ok(Task {
        id: row.id.filled(),
        caption: attributes.caption.into_string(),
        description: attributes.description.filled(),
        deadline: instant(config.zone(), attributes.deadline.get()),
        partner_id: row.related_id("partner")?,
        partner: None,
        order_id: row.related_id("order")?,
        activities: activities
            .iter()
            .map(|held| read_activity(super::whole(envelope, held), config))
            .collect::<Result<_>>()?,
        extra,
    })
}

fn read_activity(row: &Resource<'_>, config: &Config) -> Result<Activity> {
    let attributes: api::Activity<'_> = row.attributes()?;
    let mut extra = Extra::new();
    attributes.unknown.add_to(&mut extra);
    keep_relations(row, &["activity-type", "user"], &mut extra);
    Ok(Activity {
        id: row.id.filled(),
        activity_type: row.related_id("activity-type")?,
        user_id: row.related_id("user")?,
        state: attributes.state.get(),
        deadline: instant(config.zone(), attributes.deadline.get()),
        extra,
    })
}

/// Says what keeps a task from being sent.
pub(crate) fn check(task: &Task, is_new: bool) -> Result<()> {
    super::named("/caption", &task.caption, is_new)?;
    times(&[("/deadline", &task.deadline)])?;
    for (index, activity) in task.activities.iter().enumerate() {
        times(&[(format!("/activities/{index}/deadline").as_str(), &activity.deadline)])?;
    }
    Ok(())
}

/// Makes the fields that a document sets, without description and activities.
pub(crate) fn draft(task: &Task, partner: Option<&str>, config: &Config) -> Draft {
    Draft::new("task")
        .text_if("caption", Some(task.caption.trim()))
        .text_if("deadline", local(config.zone(), task.deadline.as_deref()))
        .one_if("partner", partner.map(|id| Draft::existing("partner", id)))
        .one_if("order", task.order_id.as_deref().map(|id| Draft::existing("order", id)))
}

/// Makes the activities of a new task: the given ones, or one for each of the users that are responsible.
pub(crate) fn activities(task: &Task, activity_type: &str, config: &Config) -> Vec<Draft> {
    let of_user = |user: &String| Activity { user_id: Some(user.clone()), ..Activity::default() };
    let given = match (task.activities.as_slice(), config.responsible_user_ids.as_slice()) {
        ([], []) => vec![Activity::default()],
        ([], users) => users.iter().map(of_user).collect(),
        (given, _) => given.to_vec(),
    };
    given.iter().map(|one| activity(task, one, activity_type, config)).collect()
}

fn activity(task: &Task, activity: &Activity, activity_type: &str, config: &Config) -> Draft {
    let deadline = activity.deadline.as_deref().or(task.deadline.as_deref());
    let kind = activity.activity_type.as_deref().unwrap_or(activity_type);
    Draft::new("activity")
        .whole("state", activity.state.unwrap_or(WAITING))
        .text_if("deadline", local(config.zone(), deadline))
        .one("activity-type", Draft::existing("activity-type", kind))
        .one_if("user", activity.user_id.as_deref().map(|id| Draft::existing("user", id)))
}
