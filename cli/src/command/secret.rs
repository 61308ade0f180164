//! `wharf secret`.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use serde_json::json;
use zeroize::Zeroizing;

use super::Context;
use crate::failure::{Exit, Failure};
use crate::secrets::{Existing, InstallationSecrets, Unusable, VaultKey, write_private};
use crate::site::Installation;

/// Longest value that is read from stdin, in bytes: 64 KiB, as with other sources.
const LONGEST: usize = 64 << 10;

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Set a secret of the encrypted file: from stdin, or typed without being shown. Never an argument.
    Set {
        /// Name, as { secret = "NAME" } has it.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// List every secret: its name or source, where it is used, whether it is there. Never a value.
    List,
    /// Remove a secret from the encrypted file.
    Remove {
        /// Name.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Encrypt the file for another key, which is in KEY_FILE.
    Rotate {
        /// File with the new key: an identity made by `wharf secret key`, or a passphrase.
        #[arg(value_name = "KEY_FILE")]
        key_file: PathBuf,
    },
    /// Make a key for the encrypted file and write it into a new file that only this user can read.
    Key {
        /// File to write.
        #[arg(value_name = "KEY_FILE")]
        key_file: PathBuf,
    },
}

/// Does it.
pub(crate) fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    if let Action::Key { key_file } = arguments.action {
        return key(context, &key_file);
    }
    let installation = Installation::read(&context.file)?;
    installation.require_correct()?;
    let secrets = InstallationSecrets::new(&installation.base, &installation.file);
    match arguments.action {
        Action::Set { name } => set(context, &secrets, &name),
        Action::Remove { name } => remove(context, &secrets, &name),
        Action::Rotate { key_file } => rotate(context, &secrets, &key_file),
        Action::List | Action::Key { .. } => list(context, &secrets),
    }
}

fn failed(error: &Unusable) -> Failure {
    Failure::new(Exit::Attention, "secrets", error.to_string())
}

fn set(context: &Context, secrets: &InstallationSecrets, name: &str) -> Result<Exit, Failure> {
    check_name(name)?;
    // The key first: nobody should type a secret for nothing.
    let key = secrets.vault_key().map_err(|error| failed(&error))?;
    let value = value(name)?;
    let replaced = secrets.vault().set(name, &value, &key).map_err(|error| failed(&error))?;
    let used = secrets.uses_of(name);
    context.output.result(&json!({ "name": name, "replaced": replaced, "used_by": used }), |page| {
        page.line(&format!("{} {name}", if replaced { "replaced" } else { "set" }));
        match used.is_empty() {
            true => page.line(&format!("no credential uses it yet; write {{ secret = \"{name}\" }} where one should")),
            false => {
                page.line(&format!("used by {}; connections that waited for it go on by themselves", used.join(", ")))
            }
        }
    });
    Ok(Exit::Fine)
}

fn check_name(name: &str) -> Result<(), Failure> {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    // Not repeated: it may be the value, given where the name belongs.
    Err(Failure::usage("that is no name of a secret; use 1 to 64 letters, digits, `-`, `_` and `.`"))
}

/// Reads the value: without echo where somebody types, else all of stdin without the last line end.
fn value(name: &str) -> Result<Zeroizing<String>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::usage(format!("the value cannot be read ({error}); give it on stdin"));
    let mut text = Zeroizing::new(String::with_capacity(LONGEST + 1));
    if std::io::stdin().is_terminal() {
        let terminal = console::Term::stderr();
        terminal.write_str(&format!("value of {name} (is not shown): ")).map_err(unreadable)?;
        let typed = Zeroizing::new(terminal.read_secure_line().map_err(unreadable)?);
        text.push_str(&typed);
    } else {
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
        std::io::stdin().take(limit).read_to_string(&mut text).map_err(unreadable)?;
    }
    let length = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(&text).len();
    text.truncate(length);
    match text.len() {
        0 => Err(Failure::usage("the value is empty; give it on stdin, or type it when asked")),
        length if length > LONGEST => {
            Err(Failure::usage(format!("the value is over {LONGEST} bytes; give the right one")))
        }
        _ => Ok(text),
    }
}

fn remove(context: &Context, secrets: &InstallationSecrets, name: &str) -> Result<Exit, Failure> {
    let key = secrets.vault_key().map_err(|error| failed(&error))?;
    if !secrets.vault().remove(name, &key).map_err(|error| failed(&error))? {
        return Err(Failure::usage(format!("no secret is called `{name}`; `wharf secret list` shows what there is")));
    }
    let used = secrets.uses_of(name);
    context.output.result(&json!({ "name": name, "used_by": used }), |page| {
        page.line(&format!("removed {name}"));
        if !used.is_empty() {
            page.line(&format!("still named by {}; they fail until it is set again", used.join(", ")));
        }
    });
    Ok(Exit::Fine)
}

fn rotate(context: &Context, secrets: &InstallationSecrets, key_file: &std::path::Path) -> Result<Exit, Failure> {
    let old = secrets.vault_key().map_err(|error| failed(&error))?;
    let new = secrets.key_in(key_file).map_err(|error| failed(&error))?;
    let count = secrets.vault().rotate(&old, &new).map_err(|error| failed(&error))?;
    let source = secrets.key_source();
    context.output.result(&json!({ "secrets": count, "key": source }), |page| {
        page.line(&format!("{count} secrets are encrypted for the new key"));
        page.line(&format!("now put that key where it is read from: {source}"));
    });
    Ok(Exit::Fine)
}

fn key(context: &Context, path: &std::path::Path) -> Result<Exit, Failure> {
    let shown = path.display();
    write_private(path, VaultKey::generate().as_bytes(), Existing::Kept).map_err(|error| {
        Failure::usage(format!("`{shown}` cannot be written ({error}); name a new file in a folder that is writable"))
    })?;
    let fix = format!("[wharf] secrets_key = {{ file = \"{shown}\" }}");
    context.output.result(&json!({ "key_file": path }), |page| {
        page.line(&format!("wrote a new key to {shown}; keep a copy where the secret file is not"));
        page.line(&format!("name it in the installation file: {fix}"));
    });
    Ok(Exit::Fine)
}

fn list(context: &Context, secrets: &InstallationSecrets) -> Result<Exit, Failure> {
    let rows = secrets.list().map_err(|error| failed(&error))?;
    let all_there = rows.iter().all(|row| row.problem.is_none());
    let json: Vec<_> = rows
        .iter()
        .map(|row| json!({ "used_by": row.used_by, "source": row.source, "problem": row.problem }))
        .collect();
    context.output.result(&json!({ "secrets": json }), |page| {
        let cells = rows.iter().map(|row| {
            [row.used_by.as_str(), &row.source, row.problem.as_deref().unwrap_or("set")].map(Into::into).to_vec()
        });
        page.table(&["used by", "source", "state"], &cells.collect::<Vec<Vec<serde_json::Value>>>());
    });
    Ok(if all_there { Exit::Fine } else { Exit::Attention })
}
