//! Components.

use std::path::PathBuf;

use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::{BuildError, sections};

/// A component that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Its name: that of the library or program, in kebab-case, without a leading `wharf-plugin-`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The interfaces that it imports, sorted.
    pub imports: Vec<String>,
    /// The interfaces that it exports, sorted.
    pub exports: Vec<String>,
}

/// Turns a core module that `wharf_sdk` was linked into to a component. `name` is for messages.
pub fn encode(name: &str, module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let failed =
        |reason: &dyn std::fmt::Display| BuildError::Encode { name: name.to_owned(), reason: format!("{reason:#}") };
    // The encoder says what is wrong with bytes that are no module.
    let module = sections::in_order(module).unwrap_or_else(|| module.to_vec());
    let encoder = ComponentEncoder::default().validate(true).module(&module).map_err(|error| failed(&error))?;
    let mut encoder = encoder;
    encoder.encode().map_err(|error| failed(&error))
}

/// Returns the names of what a component imports and exports, each sorted.
pub(crate) fn interfaces(name: &str, component: &[u8]) -> Result<(Vec<String>, Vec<String>), BuildError> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload {
            // Modules and components inside have imports of their own, which are not ours.
            Ok(Payload::ModuleSection { .. } | Payload::ComponentSection { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth = depth.saturating_sub(1),
            Ok(Payload::ComponentImportSection(section)) if depth == 0 => {
                imports.extend(section.into_iter().flatten().map(|import| import.name.name.to_owned()));
            }
            Ok(Payload::ComponentExportSection(section)) if depth == 0 => {
                exports.extend(section.into_iter().flatten().map(|export| export.name.name.to_owned()));
            }
            Ok(_) => {}
            Err(error) => return Err(BuildError::Encode { name: name.to_owned(), reason: error.to_string() }),
        }
    }
    imports.sort();
    exports.sort();
    Ok((imports, exports))
}
