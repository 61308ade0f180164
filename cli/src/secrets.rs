//! Secret values from the environment, from files and from the encrypted file, as the installation file names them.

mod vault;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use wharf_host::secret::{Secret, SecretRef, SecretSource, SecretUnavailable};
use zeroize::Zeroizing;

use self::vault::Vault;
pub(crate) use self::vault::{Existing, Unusable, VaultKey, write_private};
use crate::installation::{File, SecretPlace};

/// Longest secret in bytes. 64 KiB: a certificate chain fits; a whole file named by mistake does not.
const LONGEST: usize = 64 << 10;

type Slots = BTreeMap<String, BTreeMap<String, SecretPlace>>;

type Places = BTreeMap<String, Slots>;

/// The secrets of an installation. Values are read each time they are asked for and never kept.
pub(crate) struct InstallationSecrets {
    base: PathBuf,
    places: Places,
    vault: Vault,
    key: SecretPlace,
}

/// A secret that the installation file names, or that is in the encrypted file.
pub(crate) struct Row {
    /// Which credential uses it: `connection.slot.part`, or nobody.
    pub(crate) used_by: String,
    /// Where it comes from.
    pub(crate) source: String,
    /// Why it cannot be had.
    pub(crate) problem: Option<String>,
}

impl InstallationSecrets {
    /// Makes the source of the secrets that `file` names; paths are relative to `base`.
    pub(crate) fn new(base: &Path, file: &File) -> Self {
        let places = file.connections.iter().map(|(name, entry)| (name.clone(), entry.credentials.clone()));
        let vault = Vault::new(base.join(&file.settings.secrets));
        Self { base: base.to_owned(), places: places.collect(), vault, key: file.settings.secrets_key.clone() }
    }

    /// Returns the encrypted file.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Reads the key of the encrypted file.
    pub(crate) fn vault_key(&self) -> Result<VaultKey, Unusable> {
        let text = match &self.key {
            SecretPlace::Environment(name) => environment(name),
            SecretPlace::File(path) => file(&self.base.join(path)),
            SecretPlace::Vault(name) => Err(SecretUnavailable(format!("`{name}` is in the file that it opens"))),
        };
        let why = "it is the key of the secret file; make one by `wharf secret key`";
        VaultKey::of(&text.map_err(|error| Unusable::new(format!("{error}; {why}")))?)
    }

    /// Reads another key, from a file.
    pub(crate) fn key_in(&self, path: &Path) -> Result<VaultKey, Unusable> {
        VaultKey::of(&file(path).map_err(|error| Unusable::new(error.to_string()))?)
    }

    /// Says where the key of the encrypted file comes from.
    pub(crate) fn key_source(&self) -> String {
        shown(&self.key)
    }

    /// Returns which credentials use a name of the encrypted file.
    pub(crate) fn uses_of(&self, name: &str) -> Vec<String> {
        let of_name = |place: &SecretPlace| matches!(place, SecretPlace::Vault(known) if known == name);
        self.all().filter(|(_, place)| of_name(place)).map(|(part, _)| credential(part)).collect()
    }

    /// Lists every secret: those that credentials use, then names of the encrypted file that nobody uses.
    ///
    /// # Errors
    /// When the encrypted file is there and cannot be read.
    pub(crate) fn list(&self) -> Result<Vec<Row>, Unusable> {
        let row = |(part, place): (SecretRef<'_>, &SecretPlace)| Row {
            used_by: credential(part),
            source: shown(place),
            problem: self.value(part).err().map(|error| error.0),
        };
        let mut rows: Vec<Row> = self.all().map(row).collect();
        if self.vault.exists() {
            let unused = self.vault.names(&self.vault_key()?)?.into_iter().filter(|name| self.uses_of(name).is_empty());
            rows.extend(unused.map(|name| Row {
                used_by: "nobody".into(),
                source: shown(&SecretPlace::Vault(name)),
                problem: None,
            }));
        }
        Ok(rows)
    }

    fn all(&self) -> impl Iterator<Item = (SecretRef<'_>, &SecretPlace)> {
        self.places.iter().flat_map(|(connection, slots)| {
            slots.iter().flat_map(move |(slot, parts)| {
                parts.iter().map(move |(part, place)| (SecretRef { connection, slot, part }, place))
            })
        })
    }

    /// Reads a value.
    ///
    /// # Errors
    /// When nothing is named for that part, or what is named cannot be had; the text names the source and the fix.
    pub(crate) fn read(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        // Copied, because a secret that is wiped cannot give its buffer away.
        self.value(part).map(|value| Secret::new(value.as_slice()))
    }

    /// Returns, by connection, something that changes when a secret of the connection is replaced. It is stored, so it
    /// is only 16 bits of a digest: too few to guess a secret by, and a replaced one goes unnoticed once in 65,536 times.
    /// Connections with a secret that cannot be had now are left out.
    pub(crate) fn marks(&self) -> BTreeMap<String, String> {
        let mark = |(connection, slots): (&String, &Slots)| Some((connection.clone(), self.mark(connection, slots)?));
        self.places.iter().filter_map(mark).collect()
    }

    fn mark(&self, connection: &str, slots: &Slots) -> Option<String> {
        let mut digest = Context::new(&SHA256);
        for (slot, parts) in slots {
            for part in parts.keys() {
                let value = self.value(SecretRef { connection, slot, part }).ok()?;
                for text in [connection.as_bytes(), slot.as_bytes(), part.as_bytes(), value.as_slice()] {
                    digest.update(&text.len().to_be_bytes());
                    digest.update(text);
                }
            }
        }
        // Pushes what is left of the last value out of the digest's buffer, which lies on a stack and is moved.
        digest.update(&[0; 64]);
        let digest = digest.finish();
        let [first, second, ..] = digest.as_ref() else { return None };
        Some(format!("{first:02x}{second:02x}"))
    }

    fn value(&self, part: SecretRef<'_>) -> Result<Zeroizing<Vec<u8>>, SecretUnavailable> {
        let slots = self.places.get(part.connection);
        let place = slots.and_then(|slots| slots.get(part.slot)).and_then(|parts| parts.get(part.part));
        match place {
            Some(SecretPlace::Environment(name)) => environment(name),
            Some(SecretPlace::File(path)) => file(&self.base.join(path)),
            Some(SecretPlace::Vault(name)) => self.stored(name),
            None => Err(SecretUnavailable(format!(
                "no source for `{}`; add {} = {{ env = \"NAME\" }} under [connection.{}.credential.{}]",
                part.part, part.part, part.connection, part.slot
            ))),
        }
    }

    fn stored(&self, name: &str) -> Result<Zeroizing<Vec<u8>>, SecretUnavailable> {
        let value =
            self.vault.value(name, || self.vault_key()).map_err(|error| SecretUnavailable(error.to_string()))?;
        value.ok_or_else(|| SecretUnavailable(format!("secret `{name}` is not set; run `wharf secret set {name}`")))
    }
}

fn credential(part: SecretRef<'_>) -> String {
    format!("{}.{}.{}", part.connection, part.slot, part.part)
}

fn shown(place: &SecretPlace) -> String {
    match place {
        SecretPlace::Environment(name) => format!("environment variable {name}"),
        SecretPlace::File(path) => format!("file {}", path.display()),
        SecretPlace::Vault(name) => format!("secret {name}"),
    }
}

/// The secrets of an installation as the host asks for them.
pub(crate) struct SharedSecrets(pub(crate) Arc<InstallationSecrets>);

#[async_trait::async_trait]
impl SecretSource for SharedSecrets {
    async fn secret(&self, part: SecretRef<'_>) -> Result<Secret, SecretUnavailable> {
        self.0.read(part)
    }
}

fn environment(name: &str) -> Result<Zeroizing<Vec<u8>>, SecretUnavailable> {
    match std::env::var_os(name) {
        Some(value) if !value.is_empty() => Ok(Zeroizing::new(value.into_encoded_bytes())),
        Some(_) => Err(SecretUnavailable(format!("environment variable `{name}` is empty; set it to the secret"))),
        None => Err(SecretUnavailable(format!("environment variable `{name}` is not set; set it to the secret"))),
    }
}

fn file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretUnavailable> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        SecretUnavailable(format!("secret file `{shown}` cannot be read ({error}); create it, readable by this user"))
    };
    // A pipe or device could block or never end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(SecretUnavailable(format!("`{shown}` is no regular file; name a file that holds the secret")));
    }
    let opened = std::fs::File::open(path).map_err(unreadable)?;
    refuse_readable_by_others(path, &opened.metadata().map_err(unreadable)?)?;
    // The whole room at once, so that growing leaves no copy behind.
    let mut value = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(1);
    opened.take(limit).read_to_end(&mut value).map_err(unreadable)?;
    if value.len() > LONGEST {
        return Err(SecretUnavailable(format!("secret file `{shown}` is over {LONGEST} bytes; name the right file")));
    }
    let length = without_line_end(&value).len();
    value.truncate(length);
    if value.is_empty() {
        return Err(SecretUnavailable(format!("secret file `{shown}` is empty; write the secret into it")));
    }
    Ok(value)
}

#[cfg(unix)]
fn refuse_readable_by_others(path: &Path, metadata: &std::fs::Metadata) -> Result<(), SecretUnavailable> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(SecretUnavailable(format!("secret file `{shown}` is open to other users (mode {mode:o}); chmod 600 {shown}")))
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_: &Path, _: &std::fs::Metadata) -> Result<(), SecretUnavailable> {
    Ok(())
}

/// Leaves out the line end that editors put after the last line.
fn without_line_end(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    value.strip_suffix(b"\r").unwrap_or(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

    use super::*;

    fn secrets(base: &Path, place: SecretPlace) -> InstallationSecrets {
        let parts = BTreeMap::from([("value".to_owned(), place)]);
        let slots = BTreeMap::from([("token".to_owned(), parts)]);
        InstallationSecrets {
            base: base.to_owned(),
            places: BTreeMap::from([("shop".to_owned(), slots)]),
            vault: Vault::new(base.join("secrets.age")),
            key: SecretPlace::File("key".into()),
        }
    }

    fn read(secrets: &InstallationSecrets, part: &str) -> Result<Vec<u8>, String> {
        let part = SecretRef { connection: "shop", slot: "token", part };
        secrets.read(part).map(|secret| secret.expose().to_vec()).map_err(|error| error.0)
    }

    #[cfg(unix)]
    fn write(path: &Path, value: &[u8], mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(path, value).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn file_gives_its_value_without_the_line_end() {
        let directory = tempfile::tempdir().unwrap();
        let table: [(&[u8], &[u8]); 4] =
            [(b"s3cret\n", b"s3cret"), (b"s3cret\r\n", b"s3cret"), (b"s3cret", b"s3cret"), (b"a\n\n", b"a\n")];
        for (written, expected) in table {
            write(&directory.path().join("token"), written, 0o600);
            assert_eq!(read(&secrets(directory.path(), SecretPlace::File("token".into())), "value").unwrap(), expected);
        }
    }

    #[cfg(unix)]
    #[test]
    fn file_open_to_others_is_refused_with_chmod_and_without_value() {
        let directory = tempfile::tempdir().unwrap();
        for mode in [0o640, 0o604, 0o620, 0o644] {
            write(&directory.path().join("token"), b"s3cret", mode);
            let error = read(&secrets(directory.path(), SecretPlace::File("token".into())), "value").unwrap_err();
            assert!(error.contains("chmod 600") && !error.contains("s3cret"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn mark_changes_with_the_secret_and_tells_little_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = secrets(directory.path(), SecretPlace::File("token".into()));
        assert!(secrets.marks().is_empty());
        let mark = |value: &[u8]| {
            write(&directory.path().join("token"), value, 0o600);
            secrets.marks().remove("shop").unwrap()
        };
        let first = mark(b"one");
        assert_eq!(first.len(), 4);
        assert_eq!(mark(b"one"), first);
        assert_ne!(mark(b"two"), first);
    }

    #[cfg(unix)]
    #[test]
    fn encrypted_file_gives_its_value_by_the_key_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let secrets = secrets(directory.path(), SecretPlace::Vault("token".into()));
        assert!(read(&secrets, "value").unwrap_err().contains("wharf secret set token"));
        write(&directory.path().join("key"), VaultKey::generate().as_bytes(), 0o600);
        let key = secrets.vault_key().unwrap();
        let value = Zeroizing::new("s3cret".to_owned());
        secrets.vault().set("token", &value, &key).unwrap();
        secrets.vault().set("other", &value, &key).unwrap();
        assert_eq!(read(&secrets, "value").unwrap(), b"s3cret");
        let rows: Vec<_> = secrets.list().unwrap().into_iter().map(|row| (row.used_by, row.source)).collect();
        let expected = [("shop.token.value", "secret token"), ("nobody", "secret other")];
        assert_eq!(rows, expected.map(|(used_by, source)| (used_by.to_owned(), source.to_owned())));
        let mark = secrets.marks();
        secrets.vault().set("token", &Zeroizing::new("another".to_owned()), &key).unwrap();
        assert_ne!(secrets.marks(), mark);

        // The key file is held to the same rules as any secret.
        write(&directory.path().join("key"), VaultKey::generate().as_bytes(), 0o644);
        assert!(secrets.vault_key().err().unwrap().to_string().contains("chmod 600"));
    }

    #[test]
    fn what_cannot_be_had_names_the_source_and_the_fix() {
        let directory = tempfile::tempdir().unwrap();
        let missing = secrets(directory.path(), SecretPlace::File("token".into()));
        assert!(read(&missing, "value").unwrap_err().contains("token` cannot be read"));
        let folder = secrets(directory.path(), SecretPlace::File(".".into()));
        assert!(read(&folder, "value").unwrap_err().contains("is no regular file"));
        let unset = secrets(directory.path(), SecretPlace::Environment("WHARF_TEST_UNSET".into()));
        assert!(read(&unset, "value").unwrap_err().contains("`WHARF_TEST_UNSET` is not set"));
        assert!(read(&unset, "password").unwrap_err().contains("[connection.shop.credential.token]"));
    }
}
