//! The configuration: every setting, from the layer that has the last word on it.
//!
//! ```text
//! flag  >  environment VIBECOIN_*  >  configuration file (TOML)  >  default
//! ```
//! Each value keeps its [`Origin`], so that `config show` can say where it came from, and an unreadable value is
//! answered with the place where it stands.
//!
//! Deliberately absent: secrets. No setting is one, so the configuration may be printed whole.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use vibecoin_node::NetworkConfig;

mod file;
mod key;
pub mod network;
#[cfg(test)]
mod tests;

pub use file::FileError;
pub use key::{Key, OFF};
pub use network::{Chosen, NetworkError};

/// The file's name in the user's configuration folder.
const FILE_NAME: &str = "config.toml";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag of this command.
    Flag(&'static str),
    /// A variable of the environment.
    Environment(String),
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// Nobody said anything.
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value as text, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The text.
    pub text: String,
    /// Where it stood.
    pub origin: Origin,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A value that is not of its key's kind.
    #[error("{origin}: {key}: {text:?} is not {expected}")]
    Value {
        /// Where it stands.
        origin: Origin,
        /// Which setting.
        key: &'static str,
        /// What stands there.
        text: String,
        /// What should.
        expected: String,
    },
    /// The network.
    #[error("{origin}: {source}")]
    Network {
        /// Where it was chosen.
        origin: Origin,
        /// What is wrong with it.
        source: NetworkError,
    },
    /// The system does not say where a user's files go.
    #[error("this system names no folder for a user's data: say where with --data-dir")]
    NoHome,
}

/// What the layers are made of. In tests nothing of it is the machine's.
#[derive(Debug, Default)]
pub struct Sources {
    /// What flags set.
    pub flags: Vec<(Key, &'static str, String)>,
    /// The configuration file that a flag names.
    pub file: Option<PathBuf>,
    /// The variables of the environment.
    pub environment: BTreeMap<String, String>,
}

impl Sources {
    /// The process's environment, and no flags.
    #[must_use]
    pub fn of_process() -> Self {
        // A variable that is not Unicode cannot be one of ours and readable at once.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with(key::PREFIX))
            .collect();
        Self { environment, ..Self::default() }
    }

    /// Sets a list by a flag, if the flag was given, once or often.
    pub fn flags(&mut self, key: Key, name: &'static str, values: &[String]) {
        self.flag(key, name, (!values.is_empty()).then(|| values.join(key::BETWEEN)));
    }

    /// Sets a key by a flag, if the flag was given.
    pub fn flag(&mut self, key: Key, name: &'static str, value: Option<impl ToString>) {
        self.flags.extend(value.map(|value| (key, name, value.to_string())));
    }
}

/// Every setting with its origin, and the file that was read.
#[derive(Debug)]
pub struct Config {
    settings: BTreeMap<Key, Setting>,
    file: Option<PathBuf>,
    network: Chosen,
}

impl Config {
    /// Lays the layers over each other and reads the network.
    ///
    /// # Errors
    /// [`ConfigError`] names the place of the first thing that cannot be read.
    pub fn load(sources: Sources) -> Result<Self, ConfigError> {
        let named = sources.file.or_else(|| sources.environment.get(key::CONFIG_VARIABLE).map(PathBuf::from));
        let (path, must_exist) = match named {
            Some(path) => (Some(path), true),
            None => (default_file(), false),
        };
        let mut settings = BTreeMap::new();
        let mut file = None;
        if let Some(path) = path
            && let Some(found) = file::read(&path, must_exist)?
        {
            settings.extend(found);
            file = Some(path);
        }
        for key in Key::ALL {
            let variable = key.variable();
            if let Some(text) = sources.environment.get(&variable) {
                let origin = Origin::Environment(variable);
                settings.insert(key, Setting { text: text.clone(), origin });
            }
        }
        for (key, name, text) in sources.flags {
            settings.insert(key, Setting { text, origin: Origin::Flag(name) });
        }
        for (key, setting) in &settings {
            key.check(setting)?;
        }
        let network = match settings.get(&Key::Network) {
            Some(chosen) => Chosen::read(&chosen.text)
                .map_err(|source| ConfigError::Network { origin: chosen.origin.clone(), source })?,
            None => Chosen::default(),
        };
        let mut config = Self { settings, file, network };
        if config.get(Key::DataDir).is_none() {
            config.default(Key::DataDir, &default_data_dir()?.display());
        }
        config.default(Key::Network, &"devnet");
        config.default(Key::Rpc, &format!("127.0.0.1:{}", config.network.rpc_port()));
        // Who goes through a proxy does not want to be found beside it.
        let listen = match config.proxy() {
            Some(_) => Vec::new(),
            None => NetworkConfig::at_port(config.network.p2p_port()).listen,
        };
        config.default(Key::P2p, &listen.join(key::BETWEEN));
        config.default(Key::Sync, &"full");
        config.default(Key::Mdns, &false);
        config.default(Key::RelayServer, &false);
        config.default(Key::InboundMax, &NetworkConfig::INBOUND_MAX);
        config.default(Key::OutboundTarget, &NetworkConfig::OUTBOUND_TARGET);
        config.default(Key::Confirmations, &6);
        config.default(Key::Spread, &false);
        config.default(Key::Threads, &0);
        config.default(Key::VerifyPoh, &"recent");
        config.default(Key::Archive, &false);
        config.default(Key::PruneTicks, &false);
        config.default(Key::Log, &"info");
        config.default(Key::LogFiles, &7);
        config.default(Key::AutoLock, &300);
        Ok(config)
    }

    fn default(&mut self, key: Key, value: &dyn std::fmt::Display) {
        let setting = || Setting { text: value.to_string(), origin: Origin::Default };
        self.settings.entry(key).or_insert_with(setting);
    }

    /// A setting, if anybody has set it or it has a default.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Setting> {
        self.settings.get(&key)
    }

    /// The text of a setting.
    #[must_use]
    pub fn text(&self, key: Key) -> Option<&str> {
        self.get(key).map(|setting| setting.text.as_str())
    }

    /// A setting that is a number. Numbers were checked when they were loaded.
    #[must_use]
    pub fn number<T: std::str::FromStr>(&self, key: Key) -> Option<T> {
        self.text(key).and_then(|text| text.parse().ok())
    }

    /// The parts of a setting that is a list; none if nobody has set it.
    pub fn list(&self, key: Key) -> impl Iterator<Item = &str> {
        key::parts(self.text(key).unwrap_or_default())
    }

    /// The SOCKS5 server to go through. It was checked when it was loaded.
    #[must_use]
    pub fn proxy(&self) -> Option<SocketAddr> {
        self.text(Key::Proxy).and_then(key::proxy)
    }

    /// A setting that is on or off.
    #[must_use]
    pub fn switch(&self, key: Key) -> bool {
        self.text(key) == Some("true")
    }

    /// True if nobody has chosen this value.
    #[must_use]
    pub fn is_default(&self, key: Key) -> bool {
        self.get(key).is_none_or(|setting| setting.origin == Origin::Default)
    }

    /// The configuration file, if there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &Chosen {
        &self.network
    }

    /// The folder of this network's files.
    #[must_use]
    pub fn network_dir(&self) -> PathBuf {
        PathBuf::from(self.text(Key::DataDir).unwrap_or(".")).join(self.network.folder())
    }

    /// The folder of the node.
    #[must_use]
    pub fn node_dir(&self) -> PathBuf {
        self.network_dir().join("node")
    }

    /// The folder of the wallets.
    #[must_use]
    pub fn wallet_dir(&self) -> PathBuf {
        self.network_dir().join("wallet")
    }

    /// The folder of the light client.
    #[must_use]
    pub fn light_dir(&self) -> PathBuf {
        self.network_dir().join("light")
    }

    /// The folder of the logs.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.network_dir().join("logs")
    }
}

fn project_dirs() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "vibecoin")
}

fn default_file() -> Option<PathBuf> {
    project_dirs().map(|dirs| dirs.config_dir().join(FILE_NAME))
}

fn default_data_dir() -> Result<PathBuf, ConfigError> {
    project_dirs().map(|dirs| dirs.data_dir().to_owned()).ok_or(ConfigError::NoHome)
}
