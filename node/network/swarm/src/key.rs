//! The node's identity: an Ed25519 key, kept in a file of its own.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use libp2p::identity::ed25519::{Keypair, SecretKey};
use vibecoin_network::endpoint::NodeId;
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// The first line of the file.
const TITLE: &str = "vibecoin node key 1";
/// The file has a title and two lines of 64 digits.
const FILE_BYTES_MAX: u64 = 256;
/// Others than the owner may not even read it.
const MODE: u32 = 0o600;

/// The secret that a node proves its identity with. It owns no money.
#[derive(Clone)]
pub struct NodeKey(Keypair);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum NodeKeyError {
    /// The system says no.
    #[error("cannot read or write the node's key at {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file is not what was written.
    #[error(
        "the node's key at {} is damaged; move it away to get a new identity",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else may read the secret.
    #[error("the node's key at {} can be read by others (mode {mode:o}); its mode must be 600", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl NodeKey {
    /// A new key that is kept nowhere.
    #[must_use]
    pub fn generate() -> Self {
        Self(Keypair::generate())
    }

    /// The key with this secret.
    #[must_use]
    pub fn from_secret(mut secret: [u8; 32]) -> Self {
        let secret = SecretKey::try_from_bytes(&mut secret).expect("any 32 bytes are a secret");
        Self(secret.into())
    }

    /// The key in a file; a new one, written there first, if there is no such file.
    ///
    /// The file appears whole or not at all, and only its owner may read it.
    ///
    /// # Errors
    /// [`NodeKeyError`].
    pub fn load_or_create(path: &Path) -> Result<Self, NodeKeyError> {
        let io = |error| NodeKeyError::Io { path: path.to_owned(), error };
        match File::open(path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::generate();
                key.write(path).map_err(io)?;
                // Whoever came first has written it.
                Self::read(File::open(path).map_err(io)?, path)
            }
            Err(error) => Err(io(error)),
        }
    }

    fn read(file: File, path: &Path) -> Result<Self, NodeKeyError> {
        let io = |error| NodeKeyError::Io { path: path.to_owned(), error };
        let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(NodeKeyError::Exposed { path: path.to_owned(), mode });
        }
        let mut text = Zeroizing::new(String::new());
        match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(NodeKeyError::Damaged { path: path.to_owned() });
            }
            Err(error) => return Err(io(error)),
        }
        Self::parse(&text).ok_or_else(|| NodeKeyError::Damaged { path: path.to_owned() })
    }

    /// The public key stands beside the secret, so that a changed digit of either is seen.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (title, secret, public) = (lines.next()?, lines.next()?, lines.next()?);
        if title != TITLE || lines.next().is_some() {
            return None;
        }
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(secret, bytes.as_mut()).ok()?;
        let key = Self::from_secret(*bytes);
        (key.node().to_string() == public).then_some(key)
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let secret = Zeroizing::new(hex::encode(self.0.secret().as_ref()));
        let text = Zeroizing::new(format!("{TITLE}\n{}\n{}\n", *secret, self.node()));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}.new", std::process::id()));
        let draft = PathBuf::from(draft);
        let written = (|| {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // Unlike a renaming, a link never replaces a key that somebody else has just written.
            match std::fs::hard_link(&draft, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        })();
        let removed = std::fs::remove_file(&draft);
        written?;
        removed?;
        File::open(folder)?.sync_all()
    }

    /// The identity that it proves.
    #[must_use]
    pub fn node(&self) -> NodeId {
        NodeId::new(self.0.public().to_bytes())
    }

    pub(crate) fn keypair(&self) -> libp2p::identity::Keypair {
        self.0.clone().into()
    }
}

impl fmt::Debug for NodeKey {
    /// The identity only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NodeKey").field(&self.node()).finish()
    }
}
