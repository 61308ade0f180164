//! Figures and how they are printed.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// One figure beside its control, measured in the same run.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: &'static str,
    /// Unit of `value` and `control`.
    pub(crate) unit: &'static str,
    /// Median over the rounds.
    pub(crate) value: f64,
    /// What it is compared with.
    pub(crate) control_is: &'static str,
    /// Median of the control over the rounds; none where there is no control.
    pub(crate) control: Option<f64>,
    /// Where to get to.
    pub(crate) goal: String,
}

/// Prints the figures as a table.
pub(crate) fn table(figures: &[Figure]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    table.set_header(["figure", "value", "control", "ratio", "control is", "goal"]);
    for figure in figures {
        let control = figure.control.map(|control| format!("{} {}", number(control), figure.unit));
        let ratio = figure.control.map(|control| format!("{:.2}", figure.value / control));
        table.add_row([
            figure.what.to_owned(),
            format!("{} {}", number(figure.value), figure.unit),
            control.unwrap_or_default(),
            ratio.unwrap_or_default(),
            figure.control_is.to_owned(),
            figure.goal.clone(),
        ]);
    }
    for column in 1..=3 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}

/// Returns the middle of some measurements; 0 for none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
