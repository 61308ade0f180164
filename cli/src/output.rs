//! The only place that prints.
//!
//! Results go to stdout: text for people, or one JSON value per command with `--json`. Logs, progress and errors for
//! people go to stderr. Text from outside (ids, names, what a remote said) is shown without its control characters, so
//! that nothing can steer the terminal.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{self, BufRead, IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, ContentArrangement, presets};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::failure::Failure;

/// How something is shown on a terminal with colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As it is.
    Plain,
    /// A heading.
    Strong,
    /// Fine.
    Good,
    /// Look at it.
    Doubtful,
    /// Not fine.
    Bad,
    /// Less important.
    Faint,
}

impl Look {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Doubtful => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }

    fn cell(self, text: &str) -> Cell {
        let cell = Cell::new(text);
        match self {
            Self::Plain => cell,
            Self::Strong => cell.add_attribute(comfy_table::Attribute::Bold),
            Self::Good => cell.fg(comfy_table::Color::Green),
            Self::Doubtful => cell.fg(comfy_table::Color::Yellow),
            Self::Bad => cell.fg(comfy_table::Color::Red),
            Self::Faint => cell.add_attribute(comfy_table::Attribute::Dim),
        }
    }
}

/// Where output goes and what it may look like.
#[derive(Clone)]
pub(crate) struct Output {
    json: bool,
    colour: bool,
    error_colour: bool,
    bars: MultiProgress,
}

impl Output {
    /// Looks at the terminal and at `NO_COLOR`.
    pub(crate) fn new(json: bool) -> Self {
        let (no_colour, kind) = (std::env::var_os("NO_COLOR"), std::env::var_os("TERM"));
        let wanted = wants_colour(no_colour.as_deref(), kind.as_deref());
        let terminal = io::stderr().is_terminal();
        let target = if json || !terminal { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        Self {
            json,
            colour: wanted && io::stdout().is_terminal(),
            error_colour: wanted && terminal,
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Tells whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a result: `json` with `--json`, else the page that `text` fills.
    pub(crate) fn result(&self, json: &Value, text: impl FnOnce(&mut Page)) {
        if self.json {
            return self.write(&format!("{}\n", unsteering(&format!("{json:#}"))));
        }
        let mut page = Page { colour: self.colour, text: String::new() };
        text(&mut page);
        self.write(&page.text);
    }

    /// Shows something and asks whether to go on; no, when nobody is there to answer.
    pub(crate) fn confirm(&self, text: impl FnOnce(&mut Page), question: &str) -> bool {
        if self.json || !io::stdin().is_terminal() {
            return false;
        }
        let mut page = Page { colour: self.colour, text: String::new() };
        text(&mut page);
        self.write(&format!("{}{question} [y/N] ", page.text));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && ["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str())
    }

    /// Prints one of several results: a JSON value on a line of its own, or a line of text.
    pub(crate) fn event(&self, json: &Value, text: &str) {
        let line = if self.json { unsteering(&json.to_string()) } else { clean_lines(text).into_owned() };
        self.write(&format!("{line}\n"));
    }

    /// Prints text as it is, for scripts such as completions.
    pub(crate) fn raw(&self, text: &[u8]) {
        // Nobody reads on when the pipe is closed; there is nothing to tell and no one to tell it to.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text).and_then(|()| stdout.flush());
    }

    /// Prints why a command did not do its work.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            let json = format!("{:#}", serde_json::json!({ "error": failure.json() }));
            return self.write(&format!("{}\n", unsteering(&json)));
        }
        let mut page = Page { colour: self.error_colour, text: String::new() };
        for problem in &failure.problems {
            page.line(problem.text());
        }
        page.labelled("error", Look::Bad, &failure.placed());
        self.notice(&page.text);
    }

    /// Prints what the command line parser has to say: help and version to stdout, mistakes as failures are.
    pub(crate) fn command_line(&self, error: &clap::Error) {
        if !error.use_stderr() {
            let text = error.render();
            let text = if self.colour { text.ansi().to_string() } else { text.to_string() };
            return self.write(&text);
        }
        if self.json {
            let text = error.render().to_string();
            let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            return self.failure(&Failure::usage(format!("{message}; see `wharf --help`")));
        }
        let text = error.render();
        self.notice(&if self.error_colour { text.ansi().to_string() } else { text.to_string() });
    }

    /// Starts the progress of one piece of work; shown on a terminal only.
    pub(crate) fn progress(&self, name: &str) -> Progress {
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}  {elapsed}") {
            bar.set_style(style);
        }
        bar.set_prefix(clean(name).into_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress(bar)
    }

    /// Tells whether log lines may have colours.
    pub(crate) fn log_colour(&self) -> bool {
        self.error_colour
    }

    fn write(&self, text: &str) {
        self.bars.suspend(|| self.raw(text.as_bytes()));
    }

    fn notice(&self, text: &str) {
        self.bars.suspend(|| {
            let mut stderr = io::stderr().lock();
            let _ = stderr.write_all(text.as_bytes());
        });
    }
}

/// Tells whether a terminal may be sent colours: <https://no-color.org>, and a terminal that knows them.
fn wants_colour(no_colour: Option<&OsStr>, terminal: Option<&OsStr>) -> bool {
    no_colour.is_none_or(OsStr::is_empty) && terminal.is_none_or(|kind| kind != "dumb")
}

/// Log lines go between the progress bars, not through them.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Each event comes in one piece; in colours when it is not JSON. What it tells may come from outside.
        let event = String::from_utf8_lossy(bytes);
        let event = if self.json { unsteering(&event) } else { one_event(&event) };
        self.bars.suspend(|| io::stderr().lock().write_all(event.as_bytes()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The progress of one piece of work. Gone from the terminal when dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Shows how far it is.
    pub(crate) fn say(&self, text: &str) {
        self.0.set_message(clean(text).into_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Text for people, built up and printed at once.
pub(crate) struct Page {
    colour: bool,
    text: String,
}

impl Page {
    /// Adds a line.
    pub(crate) fn line(&mut self, text: &str) {
        self.styled(text, Look::Plain);
    }

    /// Adds a line that looks like that.
    pub(crate) fn styled(&mut self, text: &str, look: Look) {
        let text = self.paint(text, look);
        self.text.push_str(&text);
        self.text.push('\n');
    }

    /// Adds `label: text`.
    pub(crate) fn labelled(&mut self, label: &str, look: Look, text: &str) {
        let label = self.paint(&format!("{label}:"), look);
        self.text.push_str(&format!("{label} {}\n", clean_lines(text)));
    }

    /// Adds an empty line, unless the page is empty.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds a table; nothing when it has no rows.
    pub(crate) fn table(&mut self, header: &[&str], rows: &[Vec<Value>]) {
        let rows = rows.iter().map(|row| row.iter().map(|value| (shown(value), Look::Plain)).collect());
        self.looking_table(header, rows.collect());
    }

    /// Adds a table whose cells have looks.
    pub(crate) fn looking_table(&mut self, header: &[&str], rows: Vec<Vec<(String, Look)>>) {
        if rows.is_empty() {
            return;
        }
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        if !self.colour {
            table.force_no_tty();
        }
        table.set_header(header.iter().map(|name| Look::Strong.cell(name)));
        for row in rows {
            table.add_row(row.iter().map(|(text, look)| look.cell(&clean_lines(text))));
        }
        for line in table.lines() {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    fn paint(&self, text: &str, look: Look) -> String {
        let text = clean_lines(text);
        if !self.colour || look == Look::Plain {
            return text.into_owned();
        }
        let style = look.style();
        format!("{style}{text}{style:#}")
    }
}

/// Shows a JSON value as people write it: text without quotes, nothing for null.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// Stands before every line of a text but its first, so that no text from outside can pass for a line of ours.
const CONTINUED: &str = "\n  | ";

/// Tells whether a character steers a terminal or changes the direction of writing.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t') || is_bidirectional(c)
}

fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Replaces what steers by what names it.
fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let replaced = text.chars().map(|c| if steers(c) { c.escape_default().to_string() } else { c.to_string() });
    Cow::Owned(replaced.collect())
}

/// The same, and marks every line but the first as one that goes on.
fn clean_lines(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if !text.contains('\n') {
        return text;
    }
    Cow::Owned(text.replace('\n', CONTINUED))
}

/// Writes what steers within JSON as JSON's own escapes. The writer of JSON has escaped the rest.
fn unsteering(json: &str) -> String {
    let escaped = |c: char| match steers(c) {
        true => format!("\\u{:04x}", u32::from(c)),
        false => c.to_string(),
    };
    if json.contains(steers) { json.chars().map(escaped).collect() } else { json.to_owned() }
}

/// Makes one event of the log what it is: one event. Its colours are ours; the escapes of others were taken out before.
fn one_event(event: &str) -> String {
    let (text, end) = event.strip_suffix('\n').map_or((event, ""), |text| (text, "\n"));
    let shown = |c: char| match c {
        '\n' => CONTINUED.to_owned(),
        c if c == '\r' || is_bidirectional(c) => c.escape_default().to_string(),
        c => c.to_string(),
    };
    format!("{}{end}", text.chars().map(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn control_characters_are_shown_not_sent() {
        assert_eq!(clean("a\u{1b}[31mred\u{9b}2J\r\u{202e}\n"), "a\\u{1b}[31mred\\u{9b}2J\\r\\u{202e}\n");
        assert_eq!(clean("žluť\tok"), "žluť\tok");
    }

    #[test]
    fn text_from_outside_cannot_pass_for_a_line_of_ours() {
        let mut page = Page { colour: false, text: String::new() };
        page.line("of a connector\nIt asks for nothing");
        page.labelled("error", Look::Bad, "it says\nerror: none");
        assert_eq!(page.text, "of a connector\n  | It asks for nothing\nerror: it says\n  | error: none\n");
        let mut page = Page { colour: false, text: String::new() };
        page.looking_table(&["name"], vec![vec![("one\nanother ok".into(), Look::Plain)]]);
        assert_eq!(page.text, " name\n one\n   | another ok\n");
        let event = one_event("\u{1b}[32m INFO\u{1b}[0m said \r\n WARN forged\u{202e}\n");
        assert_eq!(event, "\u{1b}[32m INFO\u{1b}[0m said \\r\n  |  WARN forged\\u{202e}\n");
    }

    #[test]
    fn json_says_the_same_and_steers_no_terminal() {
        let said = serde_json::json!({ "said\u{9b}": "\u{1b}[2J\u{9b}2J\u{7f}\u{202e}žluť\n" });
        for text in [said.to_string(), format!("{said:#}")] {
            let shown = unsteering(&text);
            assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\u{202e}']), "{shown:?}");
            assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), said);
        }
    }

    #[test]
    fn no_color_and_dumb_terminals_are_honoured() {
        let table = [
            (None, None, true),
            (None, Some("xterm"), true),
            (Some(""), Some("xterm"), true),
            (Some("1"), Some("xterm"), false),
            (Some("0"), None, false),
            (None, Some("dumb"), false),
        ];
        for (no_colour, terminal, expected) in table {
            let wanted = wants_colour(no_colour.map(OsStr::new), terminal.map(OsStr::new));
            assert_eq!(wanted, expected, "{no_colour:?} {terminal:?}");
        }
    }

    #[test]
    fn page_without_colour_has_no_escape_codes() {
        let mut page = Page { colour: false, text: String::new() };
        page.styled("heading", Look::Strong);
        page.looking_table(&["name", "state"], vec![vec![("a".into(), Look::Plain), ("ok".into(), Look::Good)]]);
        assert_eq!(page.text, "heading\n name  state\n a     ok\n");
        let mut page = Page { colour: true, text: String::new() };
        page.styled("heading", Look::Strong);
        assert!(page.text.contains('\u{1b}'));
    }
}
