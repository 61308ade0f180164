//! Entries of the general ledger.

use wharf_sdk::document::Decimal;
use wharf_sdk::{Failure, Result, Violation, violation};

use super::{date_violation, day, key};
use crate::assumed::entry::{DATE, DESCRIPTION, LINE_ACCOUNT, LINE_AMOUNT, LINE_SIDE, LINE_TEXT, LINES, NUMBER};
use crate::assumed::{CREDIT, DEBIT};
use crate::body::Body;
use crate::config::Config;
use crate::document::{EntryLine, JournalEntry};
use crate::row::Row;

/// Makes the document of an entry.
pub(crate) fn read(row: &Row<'_>, config: &Config) -> Result<JournalEntry> {
    let text = |field| row.text(config.name(field));
    let known = [NUMBER, DATE, DESCRIPTION, LINES].map(|field| config.name(field));
    let number = key(row, NUMBER, config)?;
    let lines = row.parts(config.name(LINES))?;
    Ok(JournalEntry {
        id: Some(number.clone()),
        number: Some(number),
        date: day(text(DATE)?).unwrap_or_default(),
        description: text(DESCRIPTION)?,
        lines: lines.iter().map(|line| read_line(line, config)).collect::<Result<_>>()?,
        extra: row.extra(&known),
    })
}

/// A line of neither side keeps its amount and its side under `extra`.
fn read_line(row: &Row<'_>, config: &Config) -> Result<EntryLine> {
    let side = row.text(config.name(LINE_SIDE))?.unwrap_or_default();
    let amount = row.number(config.name(LINE_AMOUNT))?;
    let of = |wanted: &str| amount.filter(|_| side.eq_ignore_ascii_case(wanted));
    let (debit, credit) = (of(DEBIT), of(CREDIT));
    let mut known = [LINE_ACCOUNT, LINE_TEXT].map(|field| config.name(field)).to_vec();
    if debit.or(credit).is_some() {
        known.extend([config.name(LINE_AMOUNT), config.name(LINE_SIDE)]);
    }
    Ok(EntryLine {
        account: row.text(config.name(LINE_ACCOUNT))?.unwrap_or_default(),
        debit,
        credit,
        description: row.text(config.name(LINE_TEXT))?,
        extra: row.extra(&known),
    })
}

/// Makes the record of a new entry, and says everything that keeps it from being sent: above all that it does not
/// balance.
pub(crate) fn body(entry: &JournalEntry, description: &str, config: &Config) -> Result<Body> {
    let name = |field| config.name(field);
    let mut found: Vec<Violation> = date_violation("/date", Some(&entry.date)).into_iter().collect();
    if entry.lines.len() < 2 {
        found.push(violation("/lines", "required", "the entry has fewer than two lines; give both sides"));
    }
    let mut lines = Vec::new();
    for (index, line) in entry.lines.iter().enumerate() {
        match side_of(index, line) {
            Ok((side, amount)) => lines.push(
                Body::new()
                    .text(name(LINE_ACCOUNT), Some(line.account.trim()))
                    .number(name(LINE_AMOUNT), Some(amount))
                    .text(name(LINE_SIDE), Some(side))
                    .text(name(LINE_TEXT), line.description.as_deref()),
            ),
            Err(violation) => found.push(violation),
        }
    }
    found.extend(imbalance(entry));
    if !found.is_empty() {
        return Err(Failure::invalid_record(found));
    }
    Ok(Body::new()
        .text(name(NUMBER), entry.number.as_deref().map(str::trim))
        .text(name(DATE), day(Some(entry.date.clone())))
        .text(name(DESCRIPTION), Some(description))
        .parts(name(LINES), lines))
}

fn side_of(index: usize, line: &EntryLine) -> std::result::Result<(&'static str, Decimal), Violation> {
    let wrong = |field: &str, code: &str, message: &str| violation(format!("/lines/{index}{field}"), code, message);
    if line.account.trim().is_empty() {
        return Err(wrong("/account", "required", "the line has no account; give its number"));
    }
    let (side, amount) = match (line.debit, line.credit) {
        (Some(debit), None) => (DEBIT, debit),
        (None, Some(credit)) => (CREDIT, credit),
        (None, None) => return Err(wrong("", "required", "the line has no amount; give `debit` or `credit`")),
        (Some(_), Some(_)) => return Err(wrong("", "both-sides", "the line has two amounts; make two lines of it")),
    };
    if amount < Decimal::ZERO {
        let field = if side == DEBIT { "/debit" } else { "/credit" };
        return Err(wrong(field, "negative", "the amount is negative; put it on the other side"));
    }
    Ok((side, amount))
}

/// Says both sums where they differ.
fn imbalance(entry: &JournalEntry) -> Option<Violation> {
    let debit = sum(entry.lines.iter().filter_map(|line| line.debit));
    let credit = sum(entry.lines.iter().filter_map(|line| line.credit));
    let message = match (debit, credit) {
        (Some(debit), Some(credit)) if debit == credit => return None,
        (Some(debit), Some(credit)) => {
            format!("the debits are {debit} and the credits are {credit}; make them equal")
        }
        _ => "the amounts are too large to be added; correct them".to_owned(),
    };
    Some(violation("/lines", "not-balanced", message))
}

fn sum(mut amounts: impl Iterator<Item = Decimal>) -> Option<Decimal> {
    amounts.try_fold(Decimal::ZERO.get(), |sum, amount| sum.checked_add(amount.get())).map(Decimal::new)
}
