//! The light client before honest servers and lying ones: real work at a low difficulty, real proofs, over loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use vibecoin_consensus::light::Params;
use vibecoin_primitives::Timestamp;

use super::server::tests::hostile::Hostile;
use super::server::{Deadlines, ServerUrl, Transport};
use super::servers::{AssignmentSecret, Health, ServerId, Servers};
use super::*;

mod chain;
mod following;
mod keeping;
mod lies;
mod node;
mod payments;
mod state;
mod values;
mod wallet;
mod working;

use chain::{Chain, address, spec};
use node::{Node, Reply};

/// A server that a test drives.
struct Remote {
    node: Arc<Mutex<Node>>,
    server: Hostile,
}

impl Remote {
    async fn of(chain: &Chain) -> Self {
        let node = Arc::new(Mutex::new(Node::new(chain.clone())));
        let server = node::serve(Arc::clone(&node)).await;
        Self { node, server }
    }

    fn url(&self) -> ServerUrl {
        self.server.url()
    }

    /// What the server's chain is from now on.
    fn set(&self, chain: &Chain) {
        self.node.lock().chain = chain.clone();
    }

    /// Has the server answer by `lie`, which is given the method and the honest answer.
    fn lies(&self, lie: impl Fn(&str, Reply) -> Reply + Send + Sync + 'static) {
        self.node.lock().lie = Some(Arc::new(lie));
    }

    fn is_honest_again(&self) {
        self.node.lock().lie = None;
    }

    fn asked(&self, method: &str) -> usize {
        self.node.lock().asked.iter().filter(|asked| asked.as_str() == method).count()
    }
}

/// A client, its clock, and what it was opened with.
struct Bench {
    client: Arc<LightClient>,
    clock: Arc<AtomicU64>,
}

impl Bench {
    /// A client of these servers, whose clock shows the time of the first one's tip.
    fn of(remotes: &[&Remote]) -> Self {
        Self::with(remotes, |_| {})
    }

    fn with(remotes: &[&Remote], change: impl FnOnce(&mut Options)) -> Self {
        let now = remotes[0].node.lock().chain.tip().header.time;
        let clock = Arc::new(AtomicU64::new(now.get() + 500));
        let read = Arc::clone(&clock);
        let mut options =
            Options::new(&spec(), Arc::new(move || Timestamp::new(read.load(Ordering::SeqCst))));
        options.params = Params::new(16, 8).unwrap();
        change(&mut options);
        let urls: Vec<ServerUrl> = remotes.iter().map(|remote| remote.url()).collect();
        let secret = AssignmentSecret::from_bytes([7; 32]);
        let servers = Arc::new(Servers::new(&urls, &transport(), secret, false).unwrap());
        let client = Arc::new(LightClient::open(spec(), servers, options).unwrap());
        Self { client, clock }
    }

    fn id(&self, index: usize) -> ServerId {
        self.client.servers().ids().nth(index).unwrap()
    }

    fn stand(&self, index: usize) -> standing::Stand {
        self.client.standing().opinions[index].1.stand
    }

    fn health(&self, index: usize) -> Health {
        self.client.servers().standing(self.id(index)).health()
    }

    fn head_id(&self) -> Option<Hash> {
        self.client.head().map(|head| head.id)
    }

    /// Moves the clock to a tip.
    fn at(&self, chain: &Chain) {
        self.clock.store(chain.tip().header.time.get() + 500, Ordering::SeqCst);
    }

    fn noted(&self, is: impl Fn(&Evidence) -> bool) -> usize {
        self.client.disagreements(usize::MAX).iter().filter(|entry| is(&entry.evidence)).count()
    }

    /// The servers that something was noted against.
    fn blamed(&self, is: impl Fn(&Evidence) -> bool) -> Vec<String> {
        let entries = self.client.disagreements(usize::MAX);
        entries.into_iter().filter(|entry| is(&entry.evidence)).filter_map(|entry| entry.server).collect()
    }
}

/// Deadlines that a test can wait for, on a machine that is busy.
fn transport() -> Transport {
    Transport {
        proxy: None,
        deadlines: Deadlines {
            connect: Duration::from_secs(3),
            head: Duration::from_secs(3),
            whole: Duration::from_secs(6),
            stretch: Duration::from_secs(3),
            stretch_bytes_min: 1,
            idle: Duration::from_secs(30),
        },
    }
}

#[tokio::test]
async fn a_chain_is_proven_from_its_genesis_and_kept_at_its_end() {
    for blocks in [0, 1, 5, 16, 17, 60] {
        let chain = Chain::new().grow(blocks, 1);
        let remote = Remote::of(&chain).await;
        let bench = Bench::of(&[&remote]);
        let head = bench.client.sync().await.unwrap();
        assert_eq!((head.id, head.work), (chain.tip().id, chain.work()), "{blocks} blocks");
        let believed = bench.client.believed().unwrap();
        assert_eq!(believed.header.height.get(), blocks.saturating_sub(6));
        assert_eq!(believed.id, chain.at(blocks.saturating_sub(6)).id);
        assert_eq!(bench.stand(0), standing::Stand::Agrees);
        assert_eq!(remote.node.lock().asked, ["light_tip", "light_prove"], "two round trips");
    }
}

#[tokio::test]
async fn the_heaviest_of_honest_chains_is_taken_and_the_others_agree() {
    let chain = Chain::new().grow(40, 1);
    let (ahead, behind) = (Remote::of(&chain).await, Remote::of(&chain.cut(37)).await);
    for remotes in [[&ahead, &behind], [&behind, &ahead]] {
        let bench = Bench::of(&remotes);
        bench.at(&chain);
        assert_eq!(bench.client.sync().await.unwrap().id, chain.tip().id);
        let standing = bench.client.standing();
        assert_eq!((standing.agreeing(), standing.disagreements), (2, 0));
        assert!(
            standing
                .opinions
                .iter()
                .any(|(_, opinion)| opinion.stand == standing::Stand::Behind { blocks: 3 })
        );
        assert_eq!(standing.warnings, []);
    }
}

#[tokio::test]
async fn everybody_away_is_said_and_nothing_is_believed() {
    let chain = Chain::new().grow(10, 1);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    drop(remote);
    let error = bench.client.sync().await.unwrap_err();
    assert!(error.is_absence(), "{error}");
    assert_eq!(bench.client.head(), None);
    assert_eq!(bench.client.standing().warnings, [Warning::NothingProven]);
    assert!(bench.client.account(&address(1)).await.is_err());
}
