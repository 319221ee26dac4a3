//! Nodes of one network as processes of the real program: each with a home of its own, on free ports of the loopback
//! interface.
//!
//! Nothing here waits for a fixed time and then hopes: [`eventually`] looks again and again, and says what it saw last
//! when its patience ends.

mod links;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use vibecoin_primitives::ChainSpec;
use vibecoin_rpc::{ApiError, Endpoint, RpcClient};

use super::{Answer, Home, PATIENCE, Running};

pub use links::{Links, Way};

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(30);
/// Where a node listens the first time.
const ANY_PORT: &str = "/ip4/127.0.0.1/tcp/0";

/// What asks the nodes and carries the links: one for all tests of the process.
pub fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
    })
}

/// Looks until there is something to see, and gives it.
///
/// # Panics
/// With what `look` said last, when `patience` has ended.
pub fn eventually<T>(what: &str, patience: Duration, look: impl FnMut() -> Result<T, String>) -> T {
    within(patience, look).unwrap_or_else(|instead| panic!("not within {patience:?}: {what}\n{instead}"))
}

/// The same for what may fail.
///
/// # Errors
/// What `look` said last.
pub fn within<T>(patience: Duration, mut look: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let deadline = Instant::now() + patience;
    loop {
        match look() {
            Err(_) if Instant::now() < deadline => std::thread::sleep(LOOK_AGAIN),
            seen => return seen,
        }
    }
}

/// The end of a node's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    pub height: u64,
    pub id: String,
}

/// A node of the cluster, running or not.
pub struct Member {
    pub home: Home,
    /// Where it listens; after the first start the port that it got.
    listen: String,
    /// Who it is to others, once it has run.
    node_id: String,
    flags: Vec<String>,
    running: Option<(Running, RpcClient)>,
}

impl Member {
    /// A node of the network in this file that has never run.
    pub fn new(spec: &Path) -> Self {
        Self {
            home: Home::new().on_network(spec),
            listen: ANY_PORT.to_owned(),
            node_id: String::new(),
            flags: Vec::new(),
            running: None,
        }
    }

    /// Starts it with these flags beside where it listens, and waits until it answers and listens.
    ///
    /// # Panics
    /// When it runs already.
    pub fn start(&mut self, flags: &[String]) {
        assert!(self.running.is_none(), "a second process in one directory");
        self.flags = flags.to_vec();
        let own = ["--json", "node", "--rpc", "127.0.0.1:0", "--p2p", &self.listen];
        let all: Vec<&str> = own.into_iter().chain(flags.iter().map(String::as_str)).collect();
        let node = self.home.start(&all);
        let announced = |said: Value| said["rpc"].is_string().then_some(said);
        let said = node.wait_for("announcement", |line| announced(serde_json::from_str(line).ok()?));
        let directory = PathBuf::from(said["directory"].as_str().expect("its directory"));
        let endpoint = Endpoint::read(&directory).unwrap().expect("a node that runs leaves its address");
        let client = runtime().block_on(RpcClient::attach(&endpoint)).unwrap();
        self.running = Some((node, client));
        let info = eventually("it listens", PATIENCE, || {
            let info = self.ask("net_info", &[]);
            let listens = info["listening"].as_array().is_some_and(|places| !places.is_empty());
            listens.then_some(info.clone()).ok_or_else(|| info.to_string())
        });
        let place = info["listening"][0].as_str().unwrap();
        // The same port after a restart: others know it.
        place.split("/p2p/").next().unwrap().clone_into(&mut self.listen);
        let node_id = info["node_id"].as_str().expect("who it is").to_owned();
        assert!(self.node_id.is_empty() || self.node_id == node_id, "its key has changed");
        self.node_id = node_id;
    }

    /// Starts it again as it was started last.
    pub fn start_again(&mut self) {
        let flags = self.flags.clone();
        self.start(&flags);
    }

    /// The address at which others find it.
    pub fn address(&self) -> &str {
        &self.listen
    }

    /// The port at which others find it.
    pub fn port(&self) -> u16 {
        self.listen.rsplit('/').next().and_then(|port| port.parse().ok()).expect("an address with a port")
    }

    /// Who it is to others.
    pub fn node_id(&self) -> &str {
        &self.node_id
    }

    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Its process.
    pub fn process(&self) -> &Running {
        &self.running.as_ref().expect("it runs").0
    }

    /// Kills it with the signal that nothing can catch.
    pub fn kill_9(&mut self) -> Answer {
        self.running.take().expect("it runs").0.kill_9()
    }

    /// Ends it as a service manager would.
    pub fn terminate(&mut self) -> Answer {
        self.running.take().expect("it runs").0.terminate()
    }

    /// What it answers to a method, which must succeed.
    pub fn ask(&self, method: &str, params: &[Value]) -> Value {
        self.try_ask(method, params).unwrap_or_else(|error| {
            panic!("{method} {params:?}: {error}\n{}", self.process().output());
        })
    }

    /// What it answers to a method.
    pub fn try_ask(&self, method: &str, params: &[Value]) -> Result<Value, ApiError> {
        let (_, client) = self.running.as_ref().expect("it runs");
        runtime().block_on(client.request(method, params))
    }

    pub fn tip(&self) -> Tip {
        let tip = self.ask("chain_tip", &[]);
        Tip { height: tip["height"].as_u64().unwrap(), id: tip["id"].as_str().unwrap().to_owned() }
    }

    /// The block of its active chain at a height.
    pub fn block_at(&self, height: u64) -> Option<String> {
        let header = self.try_ask("chain_header", &[json!(height)]).ok()?;
        header["id"].as_str().map(ToOwned::to_owned)
    }

    /// Those that it counts as connected.
    pub fn peers(&self) -> BTreeSet<String> {
        let peers = self.ask("net_peers", &[]);
        let peers = peers.as_array().expect("a list of peers");
        peers.iter().map(|peer| peer["node_id"].as_str().unwrap().to_owned()).collect()
    }

    /// Has it mine for this address.
    pub fn mine_for(&self, beneficiary: &str) {
        self.ask("miner_start", &[json!(beneficiary)]);
    }

    pub fn stop_mining(&self) {
        self.ask("miner_stop", &[]);
    }
}

/// Several nodes of one network, all from the same chain spec.
pub struct Cluster {
    pub spec: ChainSpec,
    pub members: Vec<Member>,
    /// Holds the spec's file.
    _folder: TempDir,
    links: Option<Arc<Links>>,
}

impl Cluster {
    /// `size` nodes that have never run.
    pub fn new(spec: ChainSpec, size: usize) -> Self {
        let folder = tempfile::Builder::new().prefix("vibecoin-cluster-").tempdir().unwrap();
        let spec_file = folder.path().join("private.json");
        std::fs::write(&spec_file, spec.to_json()).unwrap();
        let members = (0..size).map(|_| Member::new(&spec_file)).collect();
        Self { spec, members, _folder: folder, links: None }
    }

    /// The same nodes, each of which goes to the others through [`Links`] and in no other way.
    pub fn with_links(mut self) -> Self {
        self.links = Some(Links::new(self.members.len()));
        self
    }

    /// The ways between the nodes.
    ///
    /// # Panics
    /// Without [`Self::with_links`].
    pub fn links(&self) -> &Links {
        self.links.as_ref().expect("a cluster with links")
    }

    /// Starts a node that is told of these others and of nobody else.
    pub fn start(&mut self, index: usize, knows: &[usize], flags: &[&str]) {
        let mut all: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        for known in knows {
            all.extend(["--bootstrap".to_owned(), self.members[*known].address().to_owned()]);
        }
        if let Some(links) = &self.links {
            all.extend(["--proxy".to_owned(), format!("socks5://{}", links.proxy_of(index))]);
        }
        let member = &mut self.members[index];
        member.start(&all);
        if let Some(links) = &self.links {
            links.name(index, member.port());
        }
    }

    /// Those that run, with their numbers.
    pub fn running(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.members.iter().enumerate().filter(|(_, member)| member.is_running())
    }

    /// Who is connected with whom, where both say so.
    pub fn edges(&self) -> BTreeSet<(usize, usize)> {
        let peers: BTreeMap<usize, BTreeSet<String>> =
            self.running().map(|(index, member)| (index, member.peers())).collect();
        let hears = |a: usize, b: usize| peers[&a].contains(self.members[b].node_id());
        let pairs = peers.keys().flat_map(|a| peers.keys().map(move |b| (*a, *b)));
        pairs.filter(|(a, b)| a < b && hears(*a, *b) && hears(*b, *a)).collect()
    }

    /// Waits until everybody that runs has `least` peers, and there is a way from each to each.
    pub fn wait_connected(&self, least: usize) -> BTreeSet<(usize, usize)> {
        eventually("all are connected", PATIENCE, || self.connected(least))
    }

    /// Who is connected with whom, if everybody that runs has `least` peers, and there is a way from each to each.
    ///
    /// # Errors
    /// What there is instead.
    pub fn connected(&self, least: usize) -> Result<BTreeSet<(usize, usize)>, String> {
        let nodes: BTreeSet<usize> = self.running().map(|(index, _)| index).collect();
        let edges = self.edges();
        let degree = |node: usize| edges.iter().filter(|(a, b)| *a == node || *b == node).count();
        if is_connected(&nodes, &edges) && nodes.iter().all(|node| degree(*node) >= least) {
            return Ok(edges);
        }
        Err(format!("connected are {edges:?} of {nodes:?}"))
    }

    /// The height up to which all that run have the same chain, if none has more than `lead` blocks above it.
    ///
    /// # Errors
    /// What they have instead.
    pub fn agreement(&self, lead: u64) -> Result<u64, String> {
        let tips: Vec<Tip> = self.running().map(|(_, member)| member.tip()).collect();
        let heights = || tips.iter().map(|tip| tip.height);
        let (lowest, highest) = (heights().min().unwrap_or(0), heights().max().unwrap_or(0));
        let blocks: BTreeSet<_> = self.running().map(|(_, member)| member.block_at(lowest)).collect();
        if blocks.len() == 1 && !blocks.contains(&None) && highest - lowest <= lead {
            return Ok(lowest);
        }
        Err(format!("tips {tips:?}; at {lowest} they have {blocks:?}"))
    }

    /// Waits until all that run have one and the same tip. Nobody may be mining; rivals of one height are settled by a
    /// block of this one's.
    pub fn settle(&self, index: usize, beneficiary: &str) -> Tip {
        let tips = || -> BTreeSet<String> { self.running().map(|(_, member)| member.tip().id).collect() };
        let quiet =
            within(Duration::from_secs(5), || if tips().len() == 1 { Ok(()) } else { Err(String::new()) });
        if quiet.is_err() {
            self.members[index].ask("dev_mine", &[json!(1), json!(beneficiary)]);
        }
        self.wait_one_tip()
    }

    /// Waits until all that run have one and the same tip. Nobody may be mining, and there may be no rivals.
    pub fn wait_one_tip(&self) -> Tip {
        eventually("all have one tip", PATIENCE, || {
            let tips: Vec<Tip> = self.running().map(|(_, member)| member.tip()).collect();
            if tips.windows(2).all(|pair| pair[0] == pair[1]) {
                return Ok(tips[0].clone());
            }
            Err(format!("{tips:?}"))
        })
    }

    /// The highest tip of those that run.
    pub fn height(&self) -> u64 {
        self.running().map(|(_, member)| member.tip().height).max().unwrap_or(0)
    }
}

/// Whether the edges lead from each node to each.
fn is_connected(nodes: &BTreeSet<usize>, edges: &BTreeSet<(usize, usize)>) -> bool {
    let Some(first) = nodes.first() else { return true };
    let (mut reached, mut ahead) = (BTreeSet::from([*first]), vec![*first]);
    while let Some(node) = ahead.pop() {
        for (a, b) in edges {
            let other = if *a == node {
                *b
            } else if *b == node {
                *a
            } else {
                continue;
            };
            if reached.insert(other) {
                ahead.push(other);
            }
        }
    }
    nodes.is_subset(&reached)
}
