//! The settings there are, as a table.

use std::net::SocketAddr;

use vibecoin_client::light::server::ServerUrl;
use vibecoin_rpc::types::PeerAddress;

use super::{ConfigError, Setting};

/// What every variable of ours starts with.
pub(super) const PREFIX: &str = "VIBECOIN_";
/// The variable that names the configuration file.
pub(super) const CONFIG_VARIABLE: &str = "VIBECOIN_CONFIG";

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number {
        least: u64,
        most: u64,
    },
    SocketAddress,
    Switch,
    OneOf(&'static [&'static str]),
    /// Addresses to listen on, or `off`.
    Listen,
    /// Addresses that somebody can be dialled at.
    Dial,
    Proxy,
    /// URLs of remote nodes.
    Remote,
}

/// What stands between the parts of a list.
pub(super) const BETWEEN: &str = ", ";
/// What is said instead of addresses for no network.
pub const OFF: &str = "off";
/// How a switch is written.
const SWITCH: &[&str] = &["true", "false"];
/// Levels of the log, the quietest first.
const LOG_LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

macro_rules! keys {
    ($($variant:ident = $name:literal, $kind:expr, $doc:literal;)*) => {
        /// A setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key {
            $(#[doc = $doc] $variant,)*
        }

        impl Key {
            /// Every setting.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name in the configuration file.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is, in a few words.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }

            const fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind,)* }
            }
        }
    };
}

keys! {
    Network = "network", Kind::Text, "the network: devnet, testnet, mainnet, or the file of a chain spec";
    DataDir = "data_dir", Kind::Text, "where nodes and wallets keep their files";
    Wallet = "wallet", Kind::Text, "the wallet that commands act on";
    Rpc = "rpc", Kind::SocketAddress, "where the node's API listens";
    Metrics = "metrics", Kind::SocketAddress, "where the node serves health and metrics";
    P2p = "p2p", Kind::Listen, "where the node listens for others: addresses such as /ip4/0.0.0.0/tcp/8423, or off for no network";
    External = "external", Kind::Dial, "addresses at which others reach the node, if you know";
    Bootstrap = "bootstrap", Kind::Dial, "nodes to ask for others, beside those that the node knows";
    Sync = "sync", Kind::OneOf(&["full", "state"]), "how a new node catches up: with every block, or with the proven state of a recent one first";
    Mdns = "mdns", Kind::Switch, "whether nodes in the local network are looked for";
    RelayServer = "relay_server", Kind::Switch, "whether the node takes connections for others that cannot be reached";
    Proxy = "proxy", Kind::Proxy, "the SOCKS5 server through which a node goes to others, and a light client to remote nodes, such as socks5://127.0.0.1:9050";
    InboundMax = "p2p_inbound_max", Kind::Number { least: 0, most: 10_000 }, "the most peers that may come to the node";
    OutboundTarget = "p2p_outbound_target", Kind::Number { least: 0, most: 1_000 }, "so many peers the node tries to have gone to";
    Remote = "remote", Kind::Remote, "remote nodes to ask, of which nothing is believed without a proof, such as node.example.org:8424";
    Confirmations = "light_confirmations", Kind::Number { least: 0, most: 200 }, "the light client believes the state so many blocks below the proven tip";
    Spread = "light_spread", Kind::Switch, "whether any remote node may be asked about any address; else each address is known to one of them";
    Mine = "mine", Kind::Text, "the address that the node mines for";
    VerifyPoh = "verify_poh", Kind::OneOf(&["recent", "full"]), "which segments are verified whole: those of recent blocks, with samples of older ones, or all";
    Archive = "archive", Kind::Switch, "whether the states of all blocks are kept, not only of the newest";
    PruneTicks = "prune_ticks", Kind::Switch, "whether old ticks are dropped; they are made again by hashing where they are needed";
    Threads = "threads", Kind::Number { least: 0, most: 1024 }, "threads that search for blocks; 0: all that this machine has but one";
    Log = "log", Kind::OneOf(LOG_LEVELS), "how much is logged: error, warn, info, debug, trace";
    Theme = "theme", Kind::Text, "colours of the screens: night, day, sixteen, plain, or a file";
    Keymap = "keymap", Kind::Text, "keys of the screens: a file in the form of the built-in table";
    AutoLock = "auto_lock_s", Kind::Number { least: 0, most: 86_400 }, "seconds without a key after which the screens lock the wallet; 0: never";
    LogFiles = "log_files", Kind::Number { least: 1, most: 1000 }, "how many days of log files are kept";
}

impl Key {
    /// True if its value may have several parts.
    pub(super) const fn is_list(self) -> bool {
        matches!(self.kind(), Kind::Listen | Kind::Dial | Kind::Remote)
    }

    /// Its variable in the environment.
    #[must_use]
    pub fn variable(self) -> String {
        format!("{PREFIX}{}", self.name().to_uppercase())
    }

    /// The setting of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The name that is probably meant.
    #[must_use]
    pub fn suggestion(name: &str) -> Option<&'static str> {
        let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
        let wanted = plain(name);
        Self::ALL
            .into_iter()
            .map(|key| (distance(&plain(key.name()), &wanted), key.name()))
            .min()
            .filter(|(edits, known)| *edits <= 1 + known.len() / 4)
            .map(|(_, known)| known)
    }

    /// # Errors
    /// [`ConfigError::Value`] unless the text is of this key's kind.
    pub(super) fn check(self, setting: &Setting) -> Result<(), ConfigError> {
        let text = &setting.text;
        let (fits, expected) = match self.kind() {
            Kind::Text => (!text.is_empty(), "a text that says something".to_owned()),
            Kind::Number { least, most } => (
                text.parse().is_ok_and(|number| (least..=most).contains(&number)),
                format!("a number from {least} to {most}"),
            ),
            Kind::SocketAddress => (
                text.parse::<SocketAddr>().is_ok(),
                "an address and a port, such as 127.0.0.1:28424".to_owned(),
            ),
            Kind::Switch => (SWITCH.contains(&text.as_str()), "true or false".to_owned()),
            Kind::OneOf(words) => {
                let (last, first) = words.split_last().unwrap_or((&"", &[]));
                (words.contains(&text.as_str()), format!("one of {} and {last}", first.join(", ")))
            }
            Kind::Listen if text == OFF => return Ok(()),
            Kind::Listen => return self.check_addresses(setting, "to listen on", PeerAddress::can_listen),
            Kind::Dial => return self.check_addresses(setting, "to go to", PeerAddress::can_dial),
            Kind::Remote => return self.check_remote(setting),
            Kind::Proxy => {
                (proxy(text).is_some(), "a SOCKS5 server, such as socks5://127.0.0.1:9050".to_owned())
            }
        };
        if fits {
            return Ok(());
        }
        Err(self.unfit(setting, text, expected))
    }

    fn check_remote(self, setting: &Setting) -> Result<(), ConfigError> {
        for part in parts(&setting.text) {
            if let Err(error) = part.parse::<ServerUrl>() {
                return Err(self.unfit(setting, part, format!("the URL of a remote node: {error}")));
            }
        }
        Ok(())
    }

    fn unfit(self, setting: &Setting, text: &str, expected: String) -> ConfigError {
        ConfigError::Value {
            origin: setting.origin.clone(),
            key: self.name(),
            text: text.to_owned(),
            expected,
        }
    }

    fn check_addresses(
        self,
        setting: &Setting,
        purpose: &str,
        fits: impl Fn(&PeerAddress) -> bool,
    ) -> Result<(), ConfigError> {
        for part in parts(&setting.text) {
            match part.parse::<PeerAddress>() {
                Ok(address) if fits(&address) => {}
                Ok(_) => return Err(self.unfit(setting, part, format!("an address {purpose}"))),
                Err(error) => {
                    return Err(self.unfit(setting, part, format!("an address {purpose}: {error}")));
                }
            }
        }
        Ok(())
    }
}

/// The parts of a list.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\n', '\t']).filter(|part| !part.is_empty())
}

/// The server that a proxy's URL names.
pub(super) fn proxy(text: &str) -> Option<SocketAddr> {
    text.strip_prefix("socks5://")?.trim_end_matches('/').parse().ok()
}

/// The least number of characters to insert, remove or change that makes `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
