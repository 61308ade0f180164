//! `wharf init --template NAME`.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Context;
use crate::failure::{Exit, Failure};
use crate::installation;
use crate::output::Look;
use crate::template::{self, Template};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Template to begin with.
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    template: Option<String>,
    /// Value of a parameter of the template, as NAME=VALUE; those that are not set keep their examples.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    values: Vec<(String, String)>,
    /// File to write; that of --file by default. One that is there already is left alone.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// List the templates and their parameters instead.
    #[arg(long, conflicts_with_all = ["template", "values", "out"])]
    list: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Writes an installation file to begin with, or lists what there is to begin with.
pub(crate) fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let Some(name) = &arguments.template else {
        list(context);
        return Ok(Exit::Fine);
    };
    let template = template::named(name).map_err(Failure::usage)?;
    let given: BTreeMap<String, String> = arguments.values.into_iter().collect();
    let text = template.filled(&given).map_err(Failure::usage)?;
    check(&text)?;
    let path = arguments.out.as_ref().unwrap_or(&context.file);
    write(path, &text)?;
    tell(&template, &given, path, context);
    Ok(Exit::Fine)
}

/// A value of the wrong kind would make a file that nobody wrote wrong.
fn check(text: &str) -> Result<(), Failure> {
    let (_, problems) = installation::parse(text);
    match problems.list().first() {
        None => Ok(()),
        Some(problem) => {
            let message =
                format!("with these values {} would be wrong ({}); correct the value", problem.key, problem.message);
            Err(Failure::usage(message))
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let shown = path.display();
    let written = OpenOptions::new().write(true).create_new(true).open(path);
    match written.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("`{shown}` is there already and is left as it is; name another file with --out");
            Err(Failure::new(Exit::Installation, "file-exists", message))
        }
        Err(error) => {
            let message = format!("`{shown}` cannot be written ({error}); name another file with --out");
            Err(Failure::new(Exit::Installation, "file-unwritable", message))
        }
    }
}

fn tell(template: &Template, given: &BTreeMap<String, String>, path: &Path, context: &Context) {
    let parameters: Vec<Value> = template
        .parameters()
        .map(|parameter| {
            let value = given.get(parameter.name);
            json!({
                "name": parameter.name,
                "value": value.map_or(parameter.example, String::as_str),
                "given": value.is_some(),
                "meaning": parameter.meaning,
            })
        })
        .collect();
    let json = json!({ "template": template.name, "file": path, "parameters": parameters });
    context.output.result(&json, |page| {
        page.labelled("written", Look::Good, &path.display().to_string());
        let open = template.parameters().filter(|parameter| !given.contains_key(parameter.name));
        let rows: Vec<Vec<Value>> =
            open.map(|open| vec![json!(open.name), json!(open.example), json!(open.meaning)]).collect();
        if !rows.is_empty() {
            page.gap();
            page.line("these have their examples; correct them in the file, or start again with --set NAME=VALUE:");
        }
        page.table(&["parameter", "example", "what it is"], &rows);
        page.gap();
        page.line("the first lines of the file say what comes next");
    });
}

fn list(context: &Context) {
    let parameters = |template: &Template| -> Vec<Value> {
        let each = template.parameters();
        each.map(|one| json!({ "name": one.name, "example": one.example, "meaning": one.meaning })).collect()
    };
    let templates: Vec<Value> = template::ALL
        .iter()
        .map(|one| json!({ "name": one.name, "summary": one.summary(), "parameters": parameters(one) }))
        .collect();
    context.output.result(&json!({ "templates": templates }), |page| {
        for template in &template::ALL {
            page.gap();
            page.styled(template.name, Look::Strong);
            page.line(template.summary());
            let rows: Vec<Vec<Value>> = template
                .parameters()
                .map(|one| vec![json!(one.name), json!(one.example), json!(one.meaning)])
                .collect();
            page.table(&["parameter", "example", "what it is"], &rows);
        }
    });
}
