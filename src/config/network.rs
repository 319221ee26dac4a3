//! The network: a built-in one by its name, or a private one by the file of its chain spec.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vibecoin_consensus::genesis::genesis;
use vibecoin_consensus::spec::{SpecError, validate};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{AddressPrefix, ChainSpec, Network, SpecFileError};

/// Hex digits of the genesis id in the name of a private network's folder.
const ID_DIGITS: usize = 8;

/// Why there is no such network.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Neither a name nor a file.
    #[error("{text:?} is neither devnet, testnet, mainnet nor the file of a chain spec")]
    Unknown {
        /// What was given.
        text: String,
    },
    /// The system does not give the file.
    #[error("cannot read the chain spec {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// In the words of the system.
        error: std::io::Error,
    },
    /// The file is no chain spec.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SpecFileError,
    },
    /// The chain spec is not a sound one.
    #[error("{}: {source}", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// The bound that is broken.
        source: SpecError,
    },
}

/// The network that was chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    name: String,
    built_in: Option<Network>,
    spec: Arc<ChainSpec>,
    genesis_id: Hash,
}

impl Default for Chosen {
    fn default() -> Self {
        Self::built_in(Network::Devnet)
    }
}

impl Chosen {
    fn built_in(network: Network) -> Self {
        Self::new(network.name().to_owned(), Some(network), network.spec())
    }

    fn new(name: String, built_in: Option<Network>, spec: ChainSpec) -> Self {
        Self { name, built_in, genesis_id: genesis(&spec).id(), spec: Arc::new(spec) }
    }

    /// The network of this name, or of the chain spec in this file. A name goes before a file of the same name.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn read(text: &str) -> Result<Self, NetworkError> {
        if let Ok(network) = text.parse::<Network>() {
            return Ok(Self::built_in(network));
        }
        let path = PathBuf::from(text);
        let looks_like_name = !text.contains(['/', '\\', '.']) && !path.exists();
        if looks_like_name {
            return Err(NetworkError::Unknown { text: text.to_owned() });
        }
        let name =
            path.file_stem().map_or_else(|| "private".to_owned(), |stem| safe_name(&stem.to_string_lossy()));
        Ok(Self::new(name, None, read_spec(&path)?))
    }

    /// What it is called: the built-in name, or the name of the file without its ending.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder of its files. That of a private network has a part of the genesis id in it, so that two networks
    /// whose files are called alike do not meet.
    #[must_use]
    pub fn folder(&self) -> String {
        match self.built_in {
            Some(_) => self.name.clone(),
            None => format!("{}-{}", self.name, &self.genesis_id.to_string()[..ID_DIGITS]),
        }
    }

    /// Its rules.
    #[must_use]
    pub const fn spec(&self) -> &Arc<ChainSpec> {
        &self.spec
    }

    /// The id of its genesis.
    #[must_use]
    pub const fn genesis_id(&self) -> Hash {
        self.genesis_id
    }

    /// What its addresses start with.
    #[must_use]
    pub fn prefix(&self) -> AddressPrefix {
        self.spec.address_prefix
    }

    /// The port at which nodes meet, unless told otherwise. Private networks share devnet's.
    #[must_use]
    pub fn p2p_port(&self) -> u16 {
        self.built_in.unwrap_or(Network::Devnet).p2p_port()
    }

    /// The port of the API, unless told otherwise. Private networks share devnet's.
    #[must_use]
    pub fn rpc_port(&self) -> u16 {
        self.built_in.unwrap_or(Network::Devnet).rpc_port()
    }
}

/// Reads and checks a chain spec file.
///
/// # Errors
/// [`NetworkError`].
pub fn read_spec(path: &Path) -> Result<ChainSpec, NetworkError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| NetworkError::Unreadable { path: path.to_owned(), error })?;
    let spec =
        ChainSpec::from_json(&text).map_err(|source| NetworkError::File { path: path.to_owned(), source })?;
    validate(&spec).map_err(|source| NetworkError::Unsound { path: path.to_owned(), source })?;
    Ok(spec)
}

/// What is left of a file's name when only characters stay that are harmless in a folder's.
fn safe_name(stem: &str) -> String {
    let name: String =
        stem.chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c.to_ascii_lowercase() } else { '-' }
            })
            .take(40)
            .collect();
    if name.is_empty() { "private".to_owned() } else { name }
}
