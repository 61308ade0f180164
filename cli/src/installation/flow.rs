//! `[flow.NAME]`: what is read, how it is changed, where it goes, and when. Pure.

use std::num::NonZeroU32;
use std::time::Duration;

use wharf_flow::{Base, DependencyRule, FilterRule, FlowSpec, Rule, Source, Target, ValueSource, WriteBack};
use wharf_flow::{Cron, Schedule};
use wharf_host::model::Action;

use super::name::Names;
use super::reader::{Node, Section};

/// Most documents of one flow that are worked on at once; the host lets a connection have 8 requests under way.
const MOST_CONCURRENCY: u32 = 64;

pub(super) const ACTIONS: [(&str, Action); 6] = [
    ("create", Action::Create),
    ("update", Action::Update),
    ("upsert", Action::Upsert),
    ("transition", Action::Transition),
    ("delete", Action::Delete),
    ("attach", Action::Attach),
];

const BASES: [(&str, Base); 2] = [("copy", Base::Copy), ("empty", Base::Empty)];

/// Reads a flow. Its tables are left empty: they belong to the whole file.
pub(super) fn read(name: &str, section: &Section<'_>, names: &Names) -> Option<FlowSpec> {
    let from = section.required("from", "from = { connection = \"NAME\", feed = \"NAME\" }");
    let from = from.and_then(|node| source(&node.section()?, names));
    let to = section.required("to", "to = { connection = \"NAME\", entity = \"NAME\", action = \"create\" }");
    let to = to.and_then(|node| target(&node.section()?, names));
    let on_delete = section.optional("on_delete").and_then(|node| node.one_of(&ACTIONS));
    let schedule = schedule(section);
    let concurrency = section.optional("concurrency").and_then(|node| node.number(1, MOST_CONCURRENCY));
    let verify_after = section.optional("verify_after").and_then(|node| node.duration());
    let base = section.optional("base").and_then(|node| node.one_of(&BASES));
    let filters = all(section, "drop", filter);
    let mapping = map(section, names);
    let dependencies = all(section, "dependency", dependency);
    let write_backs = all(section, "write_back", |section| write_back(section, names));
    section.end();
    let mut flow = FlowSpec::new(name, from?, to?);
    flow.on_delete = on_delete;
    flow.schedule = schedule;
    flow.concurrency = concurrency.and_then(NonZeroU32::new).unwrap_or(flow.concurrency);
    flow.verify_after = verify_after.unwrap_or(flow.verify_after);
    flow.base = base.unwrap_or(flow.base);
    (flow.filters, flow.mapping) = (filters, mapping);
    (flow.dependencies, flow.write_backs) = (dependencies, write_backs);
    Some(flow)
}

fn all<T>(section: &Section<'_>, name: &'static str, read: impl Fn(&Section<'_>) -> Option<T>) -> Vec<T> {
    let sections = section.optional(name).and_then(|node| node.sections()).unwrap_or_default();
    sections.iter().filter_map(read).collect()
}

fn source(section: &Section<'_>, names: &Names) -> Option<Source> {
    let connection = connection(section, names);
    let feed = text(section, "feed");
    let filter = section.optional("filter").and_then(|node| node.entries()).unwrap_or_default();
    let since = section.optional("since").and_then(|node| node.instant());
    section.end();
    let values = |(name, node): (String, Node<'_>)| {
        let values = node.scalars().unwrap_or_default();
        values.into_iter().map(move |value| (name.clone(), value)).collect::<Vec<_>>()
    };
    let filter = filter.into_iter().flat_map(values).collect();
    Some(Source { connection: connection?, feed: feed?, filter, since })
}

fn target(section: &Section<'_>, names: &Names) -> Option<Target> {
    let (connection, entity, action) = (connection(section, names), text(section, "entity"), action(section));
    let id = section.optional("id").and_then(|node| rule(&node, names));
    section.end();
    Some(Target { connection: connection?, entity: entity?, action: action?, id })
}

fn connection(section: &Section<'_>, names: &Names) -> Option<String> {
    section.required("connection", "connection = \"NAME\"").and_then(|node| names.connection(&node))
}

fn action(section: &Section<'_>) -> Option<Action> {
    section.required("action", "action = \"create\"").and_then(|node| node.one_of(&ACTIONS))
}

fn text(section: &Section<'_>, name: &'static str) -> Option<String> {
    section.required(name, &format!("{name} = \"...\"")).and_then(|node| node.text())
}

fn schedule(section: &Section<'_>) -> Schedule {
    let (every, cron) = (section.optional("every"), section.optional("cron"));
    let (jitter, zone) = (section.optional("jitter"), section.optional("zone"));
    if let Some(jitter) = jitter.as_ref().filter(|_| every.is_none()) {
        jitter.wrong("has no meaning without `every`", "remove it");
    }
    if let Some(zone) = zone.as_ref().filter(|_| cron.is_none()) {
        zone.wrong("has no meaning without `cron`", "remove it");
    }
    let schedule = match (every, cron) {
        (Some(every), None) => interval(&every, jitter.as_ref()),
        (None, Some(cron)) => at_times(&cron, zone.as_ref()),
        (Some(_), Some(cron)) => {
            cron.wrong("is a second schedule", "keep `every` or `cron`");
            None
        }
        (None, None) => None,
    };
    schedule.unwrap_or(Schedule::Manual)
}

fn interval(every: &Node<'_>, jitter: Option<&Node<'_>>) -> Option<Schedule> {
    let period = every.duration();
    let wait = jitter.map_or(Some(Duration::ZERO), Node::duration)?;
    let period = period?;
    if period < Duration::from_secs(1) {
        every.wrong("is shorter than a second", "write \"1s\" or more");
        return None;
    }
    if let Some(jitter) = jitter.filter(|_| wait > period) {
        jitter.wrong("is longer than `every`", "write a shorter one");
        return None;
    }
    Some(Schedule::Every { interval: period, jitter: wait })
}

fn at_times(cron: &Node<'_>, zone: Option<&Node<'_>>) -> Option<Schedule> {
    let expression = cron.text().filter(|text| is_schedule(cron, text, "UTC"));
    // Whether the zone is known shows with an expression that is.
    let zone =
        zone.map_or(Some("UTC".to_owned()), |node| node.text().filter(|zone| is_schedule(node, "* * * * *", zone)));
    Cron::new(&expression?, &zone?).ok().map(Schedule::Cron)
}

fn is_schedule(node: &Node<'_>, expression: &str, zone: &str) -> bool {
    let made = Cron::new(expression, zone);
    if let Err(error) = &made {
        node.wrong_sentence(&error.to_string());
    }
    made.is_ok()
}

fn filter(section: &Section<'_>) -> Option<FilterRule> {
    let (rule, when) = (text(section, "rule"), text(section, "when"));
    section.end();
    Some(FilterRule { rule: rule?, when: when? })
}

fn dependency(section: &Section<'_>) -> Option<DependencyRule> {
    let (entity, action, from) = (text(section, "entity"), action(section), text(section, "from"));
    let key = section.optional("key").as_ref().and_then(Node::text);
    section.end();
    Some(DependencyRule { entity: entity?, action: action?, from: from?, key })
}

fn write_back(section: &Section<'_>, names: &Names) -> Option<WriteBack> {
    let (connection, entity, action) = (connection(section, names), text(section, "entity"), action(section));
    let target = section.optional("target").and_then(|node| rule(&node, names));
    let mapping = map(section, names);
    section.end();
    Some(WriteBack { connection: connection?, entity: entity?, action: action?, target, mapping })
}

fn map(section: &Section<'_>, names: &Names) -> Vec<(String, Rule)> {
    let entries = section.optional("map").and_then(|node| node.entries()).unwrap_or_default();
    entries.into_iter().filter_map(|(path, node)| Some((path, rule(&node, names)?))).collect()
}

/// Reads what goes into a place: `{ from = .. }`, `{ value = .. }` or `{ expr = .. }`, each with a `table` or without.
fn rule(node: &Node<'_>, names: &Names) -> Option<Rule> {
    let section = node.section()?;
    let (from, value, expression) = (section.optional("from"), section.optional("value"), section.optional("expr"));
    let table = section.optional("table");
    section.end();
    let value = match (from, value, expression) {
        (Some(from), None, None) => from.text().map(ValueSource::From),
        (None, Some(value), None) => value.json().map(ValueSource::Constant),
        (None, None, Some(expression)) => expression.text().map(ValueSource::Expression),
        _ => {
            section.wrong("does not say what goes there", "give exactly one of `from`, `value` and `expr`");
            None
        }
    };
    let table = table.map_or(Some(None), |node| names.table(&node).map(Some));
    Some(Rule { value: value?, table: table? })
}
