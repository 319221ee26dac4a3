//! The verbs of a node: running it, its screens, its pool, its miner, its shortcuts.

use clap::{Args, Subcommand};
use vibecoin_primitives::Amount;
use vibecoin_rpc::types::{BanTarget, PeerAddress};

/// `vibecoin tui`.
#[derive(Args, Clone, Debug, Default)]
pub struct TuiArgs {
    /// Use the node at this URL (its cookie is read from the data directory)
    #[arg(long, value_name = "URL")]
    pub attach: Option<String>,
    /// How a node of these screens keeps its chain.
    #[command(flatten)]
    pub keeping: Keeping,
}

/// What is verified and kept of the chain.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "What is verified and kept")]
pub struct Keeping {
    /// Which Proof of History segments are verified whole: those of recent blocks, with samples of older ones, or all
    #[arg(long, value_name = "recent|full")]
    pub verify_poh: Option<String>,
    /// Keep the states of all blocks, not only of the newest
    #[arg(long)]
    pub archive: bool,
    /// Drop old ticks; they are made again by hashing where they are needed
    #[arg(long)]
    pub prune_ticks: bool,
}

/// `vibecoin node`.
#[derive(Args, Clone, Debug, Default)]
#[command(args_conflicts_with_subcommands = true)]
pub struct NodeArgs {
    /// Ask the running node instead.
    #[command(subcommand)]
    pub action: Option<NodeAction>,
    /// Mine, and pay the rewards to this address
    #[arg(long, value_name = "ADDRESS")]
    pub mine: Option<String>,
    /// Threads that search for blocks
    #[arg(long, value_name = "N")]
    pub threads: Option<String>,
    /// How it meets others.
    #[command(flatten)]
    pub meeting: Meeting,
    /// Where the API listens; port 0 takes a free one and prints it
    #[arg(long, value_name = "ADDR")]
    pub rpc: Option<String>,
    /// Where health and metrics (Prometheus) are served; nowhere if left out
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<String>,
    /// How it keeps its chain.
    #[command(flatten)]
    pub keeping: Keeping,
}

/// How a node meets others.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The network")]
pub struct Meeting {
    /// Listen here for other nodes, such as /ip4/0.0.0.0/tcp/8423; may be given several times; off: no network
    #[arg(long, value_name = "MULTIADDR|off")]
    pub p2p: Vec<String>,
    /// Others reach this node here; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    pub external: Vec<String>,
    /// Ask this node for others; may be given several times
    #[arg(long, value_name = "MULTIADDR")]
    pub bootstrap: Vec<String>,
    /// Catch up with every block, or with the proven state of a recent one first
    #[arg(long, value_name = "full|state")]
    pub sync: Option<String>,
    /// Look for nodes in the local network, and be found there
    #[arg(long)]
    pub mdns: bool,
    /// Take connections for others that cannot be reached
    #[arg(long)]
    pub relay_server: bool,
    /// Go to others through this SOCKS5 server
    #[arg(long, value_name = "URL")]
    pub proxy: Option<String>,
}

/// What can be asked of a running node.
#[derive(Clone, Debug, Subcommand)]
pub enum NodeAction {
    /// How the running node is
    Status,
    /// Stop the running node and wait until it has ended
    Stop,
}

/// `vibecoin peers`.
#[derive(Debug, Subcommand)]
pub enum PeersCommand {
    /// Whom the node is connected to, and what it thinks of them
    List,
    /// The node among its peers: who it is, how it is reached, what it knows and has sent
    Info,
    /// Tell the node of a peer, to be dialled at once
    Add {
        /// Where it is, such as /ip4/203.0.113.7/tcp/8423
        address: PeerAddress,
    },
    /// Disconnect somebody, and have nothing to do with them for a while
    Ban {
        /// A node's id, an IP address, or a range such as 203.0.113.0/24
        who: BanTarget,
        /// For so many seconds; a day if left out
        #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        seconds: Option<u64>,
        /// Why, for those who look at the list later
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// End a ban
    Unban {
        /// Whose, as the list of bans names them
        who: BanTarget,
    },
    /// Who is banned, and who wants nothing more of this node
    Bans,
}

/// `vibecoin mempool`.
#[derive(Debug, Subcommand)]
pub enum MempoolCommand {
    /// How full the pool is
    Info,
    /// What waits, in the order in which it would be mined
    List {
        /// At most so many
        #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
}

/// `vibecoin mine`.
#[derive(Debug, Subcommand)]
pub enum MineCommand {
    /// Start mining
    Start {
        /// Who is paid; by default who was paid last, or else the wallet's first account
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
        /// Threads that search
        #[arg(long, value_name = "N")]
        threads: Option<u32>,
    },
    /// Stop mining
    Stop,
    /// What the miner does
    Status,
}

/// `vibecoin dev`.
#[derive(Debug, Subcommand)]
pub enum DevCommand {
    /// Mine blocks at once
    Mine {
        /// How many
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        blocks: u32,
        /// Who is paid; by default the wallet's first account, or whom the miner pays
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
    /// Get coins from a test account
    Faucet {
        /// How much, in VIBE
        amount: Amount,
        /// Who gets them; by default the wallet's first account
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
    /// Move the running node's clock forward
    Warp {
        /// By so many milliseconds
        ms: u64,
    },
    /// Remember the tip
    Snapshot,
    /// Return to a remembered tip, by default the newest
    Revert {
        /// The number that snapshot gave
        snapshot: Option<u64>,
    },
}
