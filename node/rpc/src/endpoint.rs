//! How a program on the same machine finds a running node and proves that it may give orders: two small files in
//! the node's directory, readable by its owner only.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// The file that holds the cookie.
pub const COOKIE_FILE: &str = "cookie";
/// The file that holds the server's address as a URL.
pub const URL_FILE: &str = "rpc.url";

/// Why the files could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// A file could not be written or read.
    #[error("cannot use {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// In the words of the system.
        error: io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no cookie: 64 hex digits are expected")]
    NoCookie {
        /// Which.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("no random bytes from the system: {0}")]
    Random(getrandom::Error),
}

/// The token that methods for the operator ask for: 32 random bytes in hex, new with every start of the node.
#[derive(Clone)]
pub struct Cookie(String);

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cookie(..)")
    }
}

impl Cookie {
    /// A fresh one.
    ///
    /// # Errors
    /// [`EndpointError::Random`].
    pub fn generate() -> Result<Self, EndpointError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(EndpointError::Random)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// The cookie with this text; `None` unless it is 64 hex digits.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The text, for an `Authorization: Bearer` header. It is a secret.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a presented token is this cookie, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), presented.as_bytes());
        // The length is no secret.
        ours.len() == theirs.len() && {
            let difference = ours.iter().zip(theirs).fold(0, |seen, (a, b)| seen | (a ^ b));
            std::hint::black_box(difference) == 0
        }
    }
}

/// A running node on this machine: where it listens, and the cookie that it obeys.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `http://127.0.0.1:28424`, say.
    pub url: String,
    /// Its cookie.
    pub cookie: Cookie,
}

impl Endpoint {
    /// Leaves both files in `directory`, mode 0600, each whole or not at all.
    ///
    /// # Errors
    /// [`EndpointError::File`].
    pub fn write(&self, directory: &Path) -> Result<(), EndpointError> {
        write_private(&directory.join(COOKIE_FILE), self.cookie.reveal())?;
        write_private(&directory.join(URL_FILE), &self.url)
    }

    /// The node that announced itself in `directory`; `None` if there are no files. It may have died since.
    ///
    /// # Errors
    /// [`EndpointError`] when a file is there but unreadable.
    pub fn read(directory: &Path) -> Result<Option<Self>, EndpointError> {
        let (Some(cookie), Some(url)) =
            (read_if_there(&directory.join(COOKIE_FILE))?, read_if_there(&directory.join(URL_FILE))?)
        else {
            return Ok(None);
        };
        let cookie = Cookie::from_text(&cookie)
            .ok_or_else(|| EndpointError::NoCookie { path: directory.join(COOKIE_FILE) })?;
        Ok(Some(Self { url: url.trim().to_owned(), cookie }))
    }

    /// Takes both files away; what is not there is no fault.
    pub fn remove(directory: &Path) {
        for name in [URL_FILE, COOKIE_FILE] {
            if let Err(error) = fs::remove_file(directory.join(name))
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!("cannot remove {name}: {error}");
            }
        }
    }
}

fn read_if_there(path: &Path) -> Result<Option<String>, EndpointError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EndpointError::File { path: path.to_owned(), error }),
    }
}

fn write_private(path: &Path, text: &str) -> Result<(), EndpointError> {
    let mut beside = path.as_os_str().to_owned();
    write!(beside, ".new-{}", std::process::id()).expect("writing to memory does not fail");
    let beside = PathBuf::from(beside);
    let written = create_private(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            // Or a power cut leaves the name with nothing behind it.
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // Best effort: what matters is the error that is reported.
        let _ = fs::remove_file(&beside);
        EndpointError::File { path: path.to_owned(), error }
    })
}

/// Creates a file that nobody but its owner could open even for a moment.
fn create_private(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        other => other,
    }
}
