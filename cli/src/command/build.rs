//! `wharf build DIR`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wharf_build::{BuildError, Component, Options};

use super::Context;
use crate::failure::{Exit, Failure};

/// The arguments.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the connector's package, or of a workspace with connectors.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Where components go.
    #[arg(long, value_name = "DIR", default_value = "target/components")]
    out: PathBuf,
    /// Package of the workspace to build; may be given several times.
    #[arg(long = "package", short = 'p', value_name = "NAME")]
    packages: Vec<String>,
    /// Build for wasm32-wasip2, for a connector that asks for files.
    #[arg(long)]
    wasi: bool,
    /// Fail when Cargo.lock would have to change.
    #[arg(long)]
    locked: bool,
}

/// Builds components.
pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<Exit, Failure> {
    let progress = context.output.progress("build");
    let work = move || {
        let options = arguments.packages.iter().fold(Options::new(&arguments.out), Options::package);
        let options = if arguments.locked { options.locked() } else { options };
        let options = if arguments.wasi { options.wasi() } else { options };
        wharf_build::build(&arguments.directory, &options, &mut |step| {
            tracing::info!("{step}");
            progress.say(&step.to_string());
        })
    };
    let built = tokio::task::spawn_blocking(work).await;
    let components = built.map_err(|error| Failure::internal(format!("the build broke off: {error}")))??;
    let json: Vec<Value> = components.iter().map(as_json).collect();
    context.output.result(&json!({ "components": json }), |page| {
        let cells =
            |one: &Component| vec![json!(one.name), json!(one.path), json!(one.bytes), json!(one.imports.len())];
        page.table(&["connector", "component", "bytes", "imports"], &components.iter().map(cells).collect::<Vec<_>>());
    });
    Ok(Exit::Fine)
}

fn as_json(component: &Component) -> Value {
    json!({
        "name": component.name,
        "path": component.path,
        "bytes": component.bytes,
        "imports": component.imports,
        "exports": component.exports,
    })
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        match error {
            // What the compiler says is many lines, so the fix goes before them.
            BuildError::Compile(said) => {
                let failure = Self::new(Exit::Connector, "connector-does-not-compile", "");
                let message = format!("the connector does not compile:\n{}\n", said.trim_end());
                Self { message, fix: Some("correct what the compiler says".to_owned()), ..failure }
            }
            BuildError::NoManifest(_) => Self::new(Exit::Usage, "no-package", error.to_string()),
            BuildError::Program { .. } | BuildError::NoTarget { .. } | BuildError::Answer(_) => {
                Self::new(Exit::Internal, "toolchain", error.to_string())
            }
            BuildError::File { .. } => Self::new(Exit::Internal, "file", error.to_string()),
            _ => Self::new(Exit::Connector, "no-connector", error.to_string()),
        }
    }
}
