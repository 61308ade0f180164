//! Files in the directory that the operator granted.
//!
//! A connector that asks for [`Files`](crate::manifest::Files) is built with `wharf build --wasi`, for `wasm32-wasip2`,
//! and uses `std::fs` below [`ROOT`]. The directory is the operator's choice; there is nothing outside of it, and no links
//! can be made. What is written counts against a quota, at once.
//!
//! | call | files |
//! |---|---|
//! | `apply`, `wake` | read, and written where manifest and grant both say `read-write` |
//! | other calls with network: `pull`, `check`, `get`, `verify`, `serve` .. | read |
//! | pure calls: `manifest`, `plan`, `parse` | none |
//! | any call of a dry run | read |
//!
//! Write under another name and rename: who fetches the files then never sees half of one. A create that is repeated
//! after an unknown outcome has to find its file again, so put the correlation into the name.
//!
//! ```
//! use wharf_sdk::{Intent, Outcome, Result, files};
//!
//! fn apply(intent: &Intent) -> Result<Outcome> {
//!     let name = format!("{}.json", intent.correlation);
//!     let (scratch, path) = (files::path(&format!(".{name}.new")), files::path(&name));
//!     std::fs::write(&scratch, &intent.document).map_err(|error| files::failed(&scratch, &error))?;
//!     std::fs::rename(&scratch, &path).map_err(|error| files::failed(&path, &error))?;
//!     Ok(Outcome::applied(name))
//! }
//! ```

use std::io::{Error, ErrorKind};

use crate::failure::{Failure, MissingKind};

/// Where the directory is.
pub const ROOT: &str = "/files";

/// Returns the path of a file in the directory: `orders/1.xml` is `/files/orders/1.xml`.
pub fn path(name: &str) -> String {
    format!("{ROOT}/{name}")
}

/// Makes a failure of what happened to a file: `precondition` with `directory-full` or `file-exists`, `not-found`,
/// `forbidden`, else `internal`.
///
/// The C library of WASI tells a write that the quota refused as an I/O error; the host knows better, and makes a
/// `precondition` of the `internal` that comes of it.
pub fn failed(path: &str, error: &Error) -> Failure {
    let message = format!("`{path}`: {error}");
    match error.kind() {
        ErrorKind::QuotaExceeded | ErrorKind::StorageFull => {
            Failure::precondition("directory-full", format!("{message}; remove files, or raise the quota"))
        }
        ErrorKind::AlreadyExists => Failure::precondition("file-exists", message),
        ErrorKind::NotFound => Failure::not_found(MissingKind::Subject, "file", path, message),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            let fix = "have the operator grant the directory, with the access that the manifest asks for";
            Failure::forbidden(Some("files"), format!("{message}; {fix}"))
        }
        _ => Failure::internal(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Cause;

    #[test]
    fn what_happened_to_a_file_becomes_its_cause() {
        let cause = |kind| failed("/files/a", &Error::from(kind)).cause().clone();
        assert_eq!(cause(ErrorKind::QuotaExceeded), Cause::Precondition("directory-full".to_owned()));
        assert_eq!(cause(ErrorKind::AlreadyExists), Cause::Precondition("file-exists".to_owned()));
        assert_eq!(cause(ErrorKind::PermissionDenied), Cause::Forbidden(Some("files".to_owned())));
        assert!(matches!(cause(ErrorKind::NotFound), Cause::NotFound(missing) if missing.key == "/files/a"));
        assert!(matches!(cause(ErrorKind::BrokenPipe), Cause::Internal(_)));
    }
}
