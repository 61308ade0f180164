//! The encrypted file of secrets: names and values in one JSON object, encrypted in the age format (age-encryption.org).

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use age::secrecy::{ExposeSecret, SecretString};
use age::x25519;
use wharf_host::secret::Secret;
use zeroize::{Zeroize, Zeroizing};

/// Longest encrypted file in bytes: 4 MiB. Some ten thousand keys fit; another file named by mistake mostly does not.
const LONGEST: u64 = 4 << 20;

/// How an identity of age begins.
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// Most work that a passphrase may ask for, as a power of two: about 16 seconds, where a file from elsewhere asks for more.
const MAX_WORK: u8 = 22;

/// Why the file cannot be used: names the file and the fix, never a value.
#[derive(Debug)]
pub(crate) struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Unusable {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }
}

/// What opens the file.
pub(crate) enum VaultKey {
    /// An identity of age.
    Identity(x25519::Identity),
    /// A passphrase.
    Passphrase(SecretString),
}

impl VaultKey {
    /// Takes what was read from a variable or file: an identity by its beginning, else a passphrase. Lines that begin with
    /// `#`, as `age-keygen` writes them, are left out.
    pub(crate) fn of(text: &[u8]) -> Result<Self, Unusable> {
        let wrong = || Unusable("the key of the secret file is no text; write an identity or a passphrase".into());
        let text = std::str::from_utf8(text).map_err(|_| wrong())?;
        let line = text.lines().map(str::trim).find(|line| line.starts_with(IDENTITY));
        match line.map(x25519::Identity::from_str) {
            Some(Ok(identity)) => Ok(Self::Identity(identity)),
            Some(Err(why)) => Err(Unusable(format!(
                "the key of the secret file is no identity of age ({why}); make one by `wharf secret key`"
            ))),
            None if text.trim().is_empty() => Err(wrong()),
            None => Ok(Self::Passphrase(SecretString::from(text.trim().to_owned()))),
        }
    }

    /// Makes an identity and returns it as it is written into a file.
    pub(crate) fn generate() -> Zeroizing<String> {
        let text = x25519::Identity::generate().to_string();
        Zeroizing::new(format!("{}\n", text.expose_secret()))
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, age::DecryptError> {
        match self {
            Self::Identity(identity) => age::decrypt(identity, sealed),
            Self::Passphrase(passphrase) => {
                let mut identity = age::scrypt::Identity::new(passphrase.clone());
                identity.set_max_work_factor(MAX_WORK);
                age::decrypt(&identity, sealed)
            }
        }
    }

    fn seal(&self, text: &[u8]) -> Result<Vec<u8>, age::EncryptError> {
        match self {
            Self::Identity(identity) => age::encrypt(&identity.to_public(), text),
            Self::Passphrase(passphrase) => age::encrypt(&age::scrypt::Recipient::new(passphrase.clone()), text),
        }
    }
}

/// Names and values. Wiped when dropped.
#[derive(Default)]
struct Values(BTreeMap<String, String>);

impl Drop for Values {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

/// The file. What was read is kept as long as the file is the same, because a passphrase takes a second to open it; masked,
/// so that the memory of a program that waits does not show it.
pub(crate) struct Vault {
    path: PathBuf,
    read: Mutex<Option<Read>>,
}

/// What was read of the file.
struct Read {
    sealed: Vec<u8>,
    values: BTreeMap<String, Secret>,
}

impl Read {
    fn new(sealed: Vec<u8>, values: &Values) -> Self {
        let masked = |(name, value): (&String, &String)| (name.clone(), Secret::new(value.as_str()));
        Self { sealed, values: values.0.iter().map(masked).collect() }
    }
}

impl Vault {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    /// Tells whether there is a file.
    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Returns a value; none when no such name is there.
    pub(crate) fn value(
        &self,
        name: &str,
        key: impl FnOnce() -> Result<VaultKey, Unusable>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Unusable> {
        let Some(sealed) = self.bytes()? else { return Ok(None) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = read.as_ref().is_some_and(|known| known.sealed == sealed);
        if !is_known {
            let values = self.opened(&sealed, &key()?)?;
            *read = Some(Read::new(sealed, &values));
        }
        let value = read.as_ref().and_then(|known| known.values.get(name));
        Ok(value.map(|value| Zeroizing::new(value.expose().to_vec())))
    }

    /// Returns the names.
    pub(crate) fn names(&self, key: &VaultKey) -> Result<Vec<String>, Unusable> {
        Ok(self.load(key)?.0.keys().cloned().collect())
    }

    /// Puts a value; true when the name was there.
    pub(crate) fn set(&self, name: &str, value: &Zeroizing<String>, key: &VaultKey) -> Result<bool, Unusable> {
        let mut values = self.load(key)?;
        let mut old = values.0.insert(name.to_owned(), value.as_str().to_owned());
        old.iter_mut().for_each(Zeroize::zeroize);
        self.save(&values, key)?;
        Ok(old.is_some())
    }

    /// Removes a value; false when there was none.
    pub(crate) fn remove(&self, name: &str, key: &VaultKey) -> Result<bool, Unusable> {
        let mut values = self.load(key)?;
        let Some(mut old) = values.0.remove(name) else { return Ok(false) };
        old.zeroize();
        self.save(&values, key)?;
        Ok(true)
    }

    /// Encrypts everything for another key; returns how many values there are.
    pub(crate) fn rotate(&self, old: &VaultKey, new: &VaultKey) -> Result<usize, Unusable> {
        let values = self.load(old)?;
        self.save(&values, new)?;
        Ok(values.0.len())
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, Unusable> {
        let shown = self.path.display();
        let unreadable = |error: std::io::Error| {
            Unusable(format!("secret file `{shown}` cannot be read ({error}); make it readable by this user"))
        };
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
            Ok(metadata) if !metadata.is_file() || metadata.len() > LONGEST => {
                return Err(Unusable(format!("`{shown}` is no secret file; name the right one")));
            }
            Ok(_) => {}
        }
        std::fs::read(&self.path).map(Some).map_err(unreadable)
    }

    fn load(&self, key: &VaultKey) -> Result<Values, Unusable> {
        match self.bytes()? {
            Some(sealed) => self.opened(&sealed, key),
            None => Ok(Values::default()),
        }
    }

    fn opened(&self, sealed: &[u8], key: &VaultKey) -> Result<Values, Unusable> {
        let shown = self.path.display();
        let text = key.open(sealed).map(Zeroizing::new).map_err(|error| {
            Unusable(format!("secret file `{shown}` does not open ({error}); use the key that it was written with"))
        })?;
        let values = serde_json::from_slice(&text);
        // The reason would quote what is in there.
        values.map(Values).map_err(|_| {
            Unusable(format!("secret file `{shown}` holds no JSON object of texts; write it by `wharf secret set`"))
        })
    }

    /// Replaces the file at once, so that it is whole whenever the machine stops.
    fn save(&self, values: &Values, key: &VaultKey) -> Result<(), Unusable> {
        let shown = self.path.display();
        let text = serde_json::to_vec(&values.0).map(Zeroizing::new);
        let sealed = text.ok().and_then(|text| key.seal(&text).ok());
        let sealed = sealed.ok_or_else(|| Unusable(format!("secret file `{shown}` cannot be encrypted; try again")))?;
        write_private(&self.path, &sealed, Existing::Replaced).map_err(|error| {
            Unusable(format!("secret file `{shown}` cannot be written ({error}); make its folder writable"))
        })
    }
}

/// What happens to a file that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Replaced,
    Kept,
}

/// Writes a file that only this user can read, by way of another name.
pub(crate) fn write_private(path: &Path, bytes: &[u8], existing: Existing) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if existing == Existing::Kept {
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        return file.sync_all();
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    if written.is_err() {
        // What is left is encrypted; the error that counts is the first one.
        let _ = std::fs::remove_file(&beside);
        return written;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn identity() -> VaultKey {
        VaultKey::of(VaultKey::generate().as_bytes()).unwrap()
    }

    fn passphrase(text: &str) -> VaultKey {
        VaultKey::of(text.as_bytes()).unwrap()
    }

    fn text(value: &str) -> Zeroizing<String> {
        Zeroizing::new(value.to_owned())
    }

    fn value(vault: &Vault, name: &str, key: &VaultKey) -> Option<String> {
        let copy = || match key {
            VaultKey::Identity(identity) => Ok(VaultKey::Identity(identity.clone())),
            VaultKey::Passphrase(passphrase) => Ok(VaultKey::Passphrase(passphrase.clone())),
        };
        vault.value(name, copy).unwrap().map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn values_are_set_replaced_and_removed_and_the_file_shows_none() {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::new(directory.path().join("secrets.age"));
        let key = identity();
        assert_eq!(value(&vault, "shop", &key), None);
        assert!(!vault.set("shop", &text("hush-hush-1"), &key).unwrap());
        assert!(vault.set("shop", &text("hush-hush-2"), &key).unwrap());
        assert!(!vault.set("crm", &text("another"), &key).unwrap());
        assert_eq!(value(&vault, "shop", &key).as_deref(), Some("hush-hush-2"));
        assert_eq!(vault.names(&key).unwrap(), ["crm", "shop"]);
        let bytes = std::fs::read(directory.path().join("secrets.age")).unwrap();
        assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!shown.contains("hush") && !shown.contains("shop"), "{shown}");
        assert!(vault.remove("crm", &key).unwrap());
        assert!(!vault.remove("crm", &key).unwrap());
        assert_eq!(value(&vault, "crm", &key), None);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn file_belongs_to_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.age");
        Vault::new(path.clone()).set("shop", &text("x"), &identity()).unwrap();
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn another_key_opens_nothing_and_the_reason_shows_no_value() {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::new(directory.path().join("secrets.age"));
        vault.set("shop", &text("hush-hush"), &identity()).unwrap();
        for key in [identity(), passphrase("a passphrase")] {
            let error = vault.names(&key).unwrap_err().to_string();
            assert!(error.contains("does not open") && !error.contains("hush"), "{error}");
        }
        let error = VaultKey::of(b"AGE-SECRET-KEY-1NONSENSE").err().unwrap().to_string();
        assert!(error.contains("wharf secret key") && !error.contains("NONSENSE"), "{error}");
        assert!(VaultKey::of(b" \n").is_err());
    }

    #[test]
    fn rotated_file_opens_with_the_new_key_only() {
        let directory = tempfile::tempdir().unwrap();
        let vault = Vault::new(directory.path().join("secrets.age"));
        let (old, new) = (identity(), identity());
        vault.set("shop", &text("hush-hush"), &old).unwrap();
        assert_eq!(vault.rotate(&old, &new).unwrap(), 1);
        assert!(vault.names(&old).is_err());
        assert_eq!(value(&vault, "shop", &new).as_deref(), Some("hush-hush"));
    }

    #[test]
    fn changed_file_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.age");
        let (vault, key) = (Vault::new(path.clone()), identity());
        vault.set("shop", &text("first"), &key).unwrap();
        assert_eq!(value(&vault, "shop", &key).as_deref(), Some("first"));
        Vault::new(path).set("shop", &text("second"), &key).unwrap();
        assert_eq!(value(&vault, "shop", &key).as_deref(), Some("second"));
    }

    #[test]
    fn passphrase_opens_what_it_sealed_and_comments_of_key_files_are_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.age");
        let vault = Vault::new(path.clone());
        vault.set("shop", &text("hush-hush"), &passphrase("correct horse\n")).unwrap();
        assert_eq!(value(&vault, "shop", &passphrase("correct horse")).as_deref(), Some("hush-hush"));
        let commented = format!("# created: today\n# public key: age1xyz\n{}", *VaultKey::generate());
        assert!(matches!(VaultKey::of(commented.as_bytes()), Ok(VaultKey::Identity(_))));
    }
}
