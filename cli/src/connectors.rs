//! The connectors directory. Nothing outside of it can be loaded, whatever a name or a link in it says.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};

use crate::elsewhere::LARGEST_COMPONENT as LARGEST;
use crate::installation::is_connector;

/// An open connectors directory.
pub(crate) struct Connectors {
    directory: Dir,
    path: PathBuf,
}

/// Why a connector's file cannot be had: what is wrong, and the fix.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) message: String,
    pub(crate) fix: String,
}

impl Connectors {
    /// Opens the directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let directory = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(Self { directory, path: path.to_owned() })
    }

    /// Reads the component of a connector.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Unreadable> {
        if !is_connector(name) {
            let message = format!("`{name}` is no name of a connector");
            return Err(Unreadable { message, fix: "use lower-case letters, digits and `-`".to_owned() });
        }
        let mut bytes = Vec::new();
        let file = self.opened(name).map_err(|error| self.unreadable(name, &error))?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| self.unreadable(name, &error))?;
        if u64::try_from(bytes.len()).is_ok_and(|length| length <= LARGEST) {
            return Ok(bytes);
        }
        let message = format!("connector `{name}` is over {LARGEST} bytes");
        Err(Unreadable { message, fix: "build it with the profile that connectors ship with".to_owned() })
    }

    /// Opens the file of a connector. A pipe or device could block or never end.
    fn opened(&self, name: &str) -> io::Result<File> {
        let file = format!("{name}.wasm");
        match self.directory.metadata(&file)?.is_file() {
            true => self.directory.open(&file),
            false => Err(io::Error::other("it is no regular file")),
        }
    }

    /// Puts a component into the directory, in the place of an older one. A reader gets the old one or the new one.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let scratch = format!(".{name}.new");
        let mut options = OpenOptions::new();
        let mut file = self.directory.open_with(&scratch, options.write(true).create(true).truncate(true))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        self.directory.rename(&scratch, &self.directory, format!("{name}.wasm"))
    }

    fn unreadable(&self, name: &str, error: &io::Error) -> Unreadable {
        let path = self.path.display();
        if error.kind() != io::ErrorKind::NotFound {
            let message = format!("`{path}/{name}.wasm` cannot be read ({error})");
            return Unreadable { message, fix: "put a readable file there, not a link that leads out".to_owned() };
        }
        let message = format!("there is no `{path}/{name}.wasm`");
        let names = self.names();
        let near = crate::installation::nearest::fix(name, names.iter().map(String::as_str));
        let fix = match names.is_empty() {
            true => "install the connector: `wharf install FILE`; `wharf build DIR --out ..` makes one".to_owned(),
            false => format!("install it with `wharf install FILE`, or use another: {near}"),
        };
        Unreadable { message, fix }
    }

    fn names(&self) -> Vec<String> {
        let entries = self.directory.entries().into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| name.strip_suffix(".wasm").map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn file_of_the_directory_is_read_and_nothing_beside_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("connectors");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("shop.wasm"), b"component").unwrap();
        std::fs::write(root.path().join("evil.wasm"), b"evil").unwrap();
        let connectors = Connectors::open(&path).unwrap();
        assert_eq!(connectors.read("shop").unwrap(), b"component");
        for name in ["../evil", "..", "", "a/b", "/etc/passwd", "shop.wasm", "Shop", "a\0b"] {
            let error = connectors.read(name).unwrap_err();
            assert!(error.message.contains("is no name of a connector"), "{name}: {error:?}");
        }
        assert!(connectors.read("shpo").unwrap_err().fix.contains("did you mean `shop`?"));
    }

    #[cfg(unix)]
    #[test]
    fn pipe_in_the_place_of_a_connector_is_refused_before_it_is_opened() {
        let root = tempfile::tempdir().unwrap();
        assert!(std::process::Command::new("mkfifo").arg(root.path().join("shop.wasm")).status().unwrap().success());
        let error = Connectors::open(root.path()).unwrap().read("shop").unwrap_err();
        assert!(error.message.contains("it is no regular file"), "{error:?}");
    }

    #[cfg(unix)]
    #[test]
    fn link_that_leads_out_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("connectors");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(root.path().join("evil.wasm"), b"evil").unwrap();
        std::os::unix::fs::symlink(root.path().join("evil.wasm"), path.join("absolute.wasm")).unwrap();
        std::os::unix::fs::symlink("../evil.wasm", path.join("relative.wasm")).unwrap();
        let connectors = Connectors::open(&path).unwrap();
        for name in ["absolute", "relative"] {
            assert!(connectors.read(name).unwrap_err().message.contains("cannot be read"), "{name}");
        }
    }
}
