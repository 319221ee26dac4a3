//! Everything the screens know, as plain data. Only [`crate::update()`] changes it.

use std::collections::{BTreeMap, BTreeSet};

use vibecoin_primitives::AddressPrefix;

use crate::action::{Effect, Slot};
use crate::backend::Request;
use crate::keymap::{Context, Keymap};
use crate::model::*;
use crate::safe::SafeText;

mod explorer;
mod first_start;
mod network;
mod overlay;
mod pool;
mod remote;
mod wallet;

pub use explorer::*;
pub use first_start::*;
pub use network::*;
pub use overlay::*;
pub use pool::*;
pub use remote::*;
pub use wallet::*;

/// The least columns that everything fits in.
pub const WIDTH_MIN: u16 = 80;
/// The least rows that everything fits in.
pub const HEIGHT_MIN: u16 = 24;
/// Blocks kept for the lists and charts of Home.
pub const BLOCKS_KEPT: usize = 256;
/// Blocks asked for at once behind servers.
pub const REMOTE_BLOCKS: usize = 48;
/// Log lines kept.
pub const LOGS_KEPT: usize = 2_000;

/// What stays the same while the screens run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The network's name.
    pub network: SafeText,
    /// What its addresses start with.
    pub prefix: AddressPrefix,
    /// Seconds without a key after which the wallet is locked; 0: never.
    pub auto_lock_s: u64,
    /// Blocks until a reward can be spent.
    pub maturity_blocks: u64,
    /// Whether this program may run the node: start its miner, read its log.
    pub own_node: bool,
    /// Whether these screens look through remote servers, which are believed only with proofs.
    pub remote: bool,
}

/// The tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Balance, blocks, activity.
    #[default]
    Home,
    /// Accounts and payments.
    Wallet,
    /// The chain.
    Explorer,
    /// What waits.
    Mempool,
    /// The miner.
    Mining,
    /// The peers.
    Network,
    /// The log.
    Logs,
}

impl Tab {
    /// Every tab, in order.
    pub const ALL: [Self; 7] =
        [Self::Home, Self::Wallet, Self::Explorer, Self::Mempool, Self::Mining, Self::Network, Self::Logs];

    /// Its name.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Wallet => "Wallet",
            Self::Explorer => "Explorer",
            Self::Mempool => "Mempool",
            Self::Mining => "Mining",
            Self::Network => "Network",
            Self::Logs => "Logs",
        }
    }
}

/// Whose screens these are at the moment.
#[derive(Clone, Debug)]
pub enum Session {
    /// The list of wallets is on its way.
    Starting,
    /// No wallet yet, or another one wanted.
    FirstStart(Box<FirstStart>),
    /// A wallet to open.
    Locked(Box<Unlock>),
    /// A wallet is open.
    Open(Box<Wallet>),
    /// Without a wallet.
    Looking,
}

/// A sentence at the bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it says.
    pub words: SafeText,
    /// Whether it is bad.
    pub bad: bool,
    /// When it goes by itself, Unix milliseconds.
    pub until_ms: u64,
}

/// The log's tab.
#[derive(Clone, Debug)]
pub struct Logs {
    /// The lines, oldest first.
    pub lines: std::collections::VecDeque<LogLine>,
    /// Whether the newest line stays in view.
    pub follow: bool,
    /// Lines between the last one shown and the newest that passes the filter.
    pub back: usize,
    /// The least grave level shown.
    pub level: LogLevel,
    /// What lines must hold.
    pub filter: String,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            lines: std::collections::VecDeque::new(),
            follow: true,
            back: 0,
            level: LogLevel::Info,
            filter: String::new(),
        }
    }
}

impl Logs {
    /// The lines that pass the filter, oldest first.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        let needle = self.filter.to_lowercase();
        self.lines.iter().filter(move |line| {
            line.level >= self.level
                && (needle.is_empty()
                    || line.message.as_str().to_lowercase().contains(&needle)
                    || line.target.as_str().to_lowercase().contains(&needle))
        })
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub struct State {
    /// Columns and rows.
    pub size: (u16, u16),
    /// The time of the last tick, Unix milliseconds.
    pub now_ms: u64,
    /// When a key was last pressed.
    pub last_key_ms: u64,
    /// Counts visible changes: the same revision is the same picture.
    pub revision: u64,
    /// What stays.
    pub settings: Settings,
    /// The table of keys.
    pub keymap: Keymap,
    /// The chain, once something is known of it.
    pub status: Option<ChainStatus>,
    /// The newest blocks, newest first.
    pub blocks: Vec<BlockRow>,
    /// The miner, once something is known of it.
    pub miner: Option<MinerStatus>,
    /// Threads chosen for the miner.
    pub threads: u32,
    /// Whose screens these are.
    pub session: Session,
    /// The tab one is on.
    pub tab: Tab,
    /// The chosen block on Home.
    pub home_selected: usize,
    /// The explorer.
    pub explorer: Explorer,
    /// The pool.
    pub pool: Pool,
    /// The network.
    pub network: Network,
    /// The servers.
    pub remote: Remote,
    /// The log.
    pub logs: Logs,
    /// What lies over the screen; the last has the keys.
    pub overlays: Vec<Overlay>,
    /// The sentence at the bottom.
    pub notice: Option<Notice>,
    /// The newest generation of every place.
    generations: BTreeMap<Slot, u64>,
    /// Places with a question under way.
    waiting: BTreeSet<Slot>,
}

impl State {
    /// The first state, and what to ask at once.
    #[must_use]
    pub fn new(settings: Settings, keymap: Keymap, size: (u16, u16), now_ms: u64) -> (Self, Vec<Effect>) {
        let mut state = Self {
            size,
            now_ms,
            last_key_ms: now_ms,
            revision: 1,
            settings,
            keymap,
            status: None,
            blocks: Vec::new(),
            miner: None,
            threads: 1,
            session: Session::Starting,
            tab: Tab::Home,
            home_selected: 0,
            explorer: Explorer::default(),
            pool: Pool::default(),
            network: Network::default(),
            remote: Remote::default(),
            logs: Logs::default(),
            overlays: Vec::new(),
            notice: None,
            generations: BTreeMap::new(),
            waiting: BTreeSet::new(),
        };
        let limit = state.blocks_wanted();
        let mut effects = vec![
            state.ask(Slot::Wallets, Request::Wallets),
            state.ask(Slot::Blocks, Request::Blocks { below: None, limit }),
        ];
        if !state.settings.remote {
            effects.push(state.ask(Slot::Miner, Request::Miner));
        }
        (state, effects)
    }

    /// Puts a question in its place.
    #[must_use]
    pub fn ask(&mut self, slot: Slot, request: Request) -> Effect {
        let generation = self.generations.entry(slot).or_default();
        *generation += 1;
        self.waiting.insert(slot);
        Effect::Ask { slot, generation: *generation, request }
    }

    /// Makes the answer to what was asked in this place worthless.
    pub fn forget(&mut self, slot: Slot) {
        *self.generations.entry(slot).or_default() += 1;
        self.waiting.remove(&slot);
    }

    /// Takes an answer in: false when it is to an old question.
    pub(crate) fn answered(&mut self, slot: Slot, generation: u64) -> bool {
        let current = self.generations.get(&slot) == Some(&generation) && self.waiting.contains(&slot);
        if current {
            self.waiting.remove(&slot);
        }
        current
    }

    /// Whether a question is under way in this place.
    #[must_use]
    pub fn is_waiting(&self, slot: Slot) -> bool {
        self.waiting.contains(&slot)
    }

    /// The open wallet.
    #[must_use]
    pub fn wallet(&self) -> Option<&Wallet> {
        match &self.session {
            Session::Open(wallet) => Some(wallet),
            _ => None,
        }
    }

    /// The open wallet, to change.
    pub(crate) fn wallet_mut(&mut self) -> Option<&mut Wallet> {
        match &mut self.session {
            Session::Open(wallet) => Some(wallet),
            _ => None,
        }
    }

    /// The height of the tip as far as it is known.
    #[must_use]
    pub fn height(&self) -> u64 {
        let listed = self.blocks.first().map_or(0, |b| b.height);
        self.status.as_ref().map_or(0, |s| s.height).max(listed)
    }

    /// The interval blocks aim at, in milliseconds.
    #[must_use]
    pub fn interval_ms(&self) -> u64 {
        self.status.as_ref().map_or(0, |s| s.target_interval_ms)
    }

    /// Confirmations after which a payment counts as settled: where blocks are only believed when others stand on
    /// them, so many and its own.
    #[must_use]
    pub fn settled(&self) -> u64 {
        match &self.remote.view {
            Some(view) => view.depth.saturating_add(1),
            None => SETTLED,
        }
    }

    /// What something rests on now that was marked when it was fetched: blocks have come on top of it since.
    #[must_use]
    pub fn mark_now(&self, mark: Mark) -> Mark {
        let proven =
            self.remote.view.as_ref().and_then(|view| Some((view.proven.as_ref()?.height, view.depth)));
        match (mark, proven) {
            (Mark::Proven { at } | Mark::Unconfirmed { at }, Some((tip, depth))) => Mark::at(at, tip, depth),
            (mark, _) => mark,
        }
    }

    /// Blocks that are asked for at once for the lists: behind servers each of them costs bytes.
    #[must_use]
    pub const fn blocks_wanted(&self) -> usize {
        if self.settings.remote { REMOTE_BLOCKS } else { BLOCKS_KEPT }
    }

    /// Whether the terminal is too small for the screens.
    #[must_use]
    pub const fn too_small(&self) -> bool {
        self.size.0 < WIDTH_MIN || self.size.1 < HEIGHT_MIN
    }

    /// Seconds until the wallet locks itself.
    #[must_use]
    pub fn locks_in_s(&self) -> Option<u64> {
        let wallet = self.wallet()?;
        if self.settings.auto_lock_s == 0 || wallet.overview.watch_only {
            return None;
        }
        let idle_s = self.now_ms.saturating_sub(self.last_key_ms) / 1_000;
        Some(self.settings.auto_lock_s.saturating_sub(idle_s))
    }

    /// What has the keys.
    #[must_use]
    pub fn context(&self) -> Context {
        if let Some(overlay) = self.overlays.last() {
            return overlay.context();
        }
        self.context_below()
    }

    /// What has the keys when nothing lies over the screen.
    #[must_use]
    pub fn context_below(&self) -> Context {
        match &self.session {
            Session::Starting => Context::Global,
            Session::FirstStart(first) => first.context(),
            Session::Locked(_) => Context::Unlock,
            Session::Open(_) | Session::Looking => match self.tab {
                Tab::Home => Context::Home,
                Tab::Wallet => self.wallet().map_or(Context::Wallet, Wallet::context),
                Tab::Explorer => Context::Explorer,
                Tab::Mempool => Context::Mempool,
                Tab::Mining => Context::Mining,
                Tab::Network if self.settings.remote => Context::Servers,
                Tab::Network => Context::Network,
                Tab::Logs => Context::Logs,
            },
        }
    }

    /// Whether the tabs are there.
    #[must_use]
    pub const fn has_tabs(&self) -> bool {
        matches!(self.session, Session::Open(_) | Session::Looking)
    }

    /// Whether something on the screen depends on the time.
    #[must_use]
    pub fn needs_ticks(&self) -> bool {
        self.notice.is_some() || self.locks_in_s().is_some() || (self.has_tabs() && !self.blocks.is_empty())
    }
}
