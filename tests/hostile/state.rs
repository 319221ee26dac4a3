//! Forged ranges of a state: a new node that wants one meets forgers first, and nobody else.

use std::time::Instant;

use serde_json::json;
use vibecoin_crypto::Hash;
use vibecoin_network::wire::{Message, RequestId};
use vibecoin_primitives::AddressPrefix;

use super::follower::{Follower, Path};
use super::peer::Peer;
use super::site::{Site, ban_of};
use super::stage::spec;
use crate::support::PATIENCE;
use crate::support::cluster::{Cluster, eventually, runtime};
use crate::support::forge::Wallet;

/// Blocks of the chain: more than a new node executes when it may take a state.
const BLOCKS: u64 = 1_200;
const SOURCE: usize = 0;
const NEWCOMER: usize = 1;
/// The number of the offender's own question.
const QUESTION: RequestId = RequestId(1 << 20);

/// What an offender makes of a range.
type Forgery = fn(Vec<u8>) -> Vec<u8>;

#[test]
fn forgers_of_a_state_are_banned_and_the_true_one_is_taken() {
    let spec = spec();
    let mut cluster = Cluster::new(spec.clone(), 2);
    cluster.start(SOURCE, &[], &[]);
    cluster.start(NEWCOMER, &[], &["--sync", "state"]);
    let paid = Wallet::number(1_000).address().encode(AddressPrefix::new("dvibe").unwrap());
    let mined = cluster.members[SOURCE].ask("dev_mine", &[json!(BLOCKS), json!(paid)]);
    assert_eq!(mined["tip"]["height"], BLOCKS);
    let (source, newcomer) = (&cluster.members[SOURCE], &cluster.members[NEWCOMER]);
    let site = Site::new(&spec, source, source);
    let follower = runtime().block_on(Follower::join(site)).expect("the source gives its chain");

    let forgeries: [(&str, Forgery); 2] = [
        ("no range at all", |_| vec![7; 100]),
        ("one bit of a true one", |mut chunk| {
            let middle = chunk.len() / 2;
            chunk[middle] ^= 1;
            chunk
        }),
    ];
    let mut source_of_truth = follower;
    for (name, forgery) in forgeries {
        let site = Site::new(&spec, newcomer, source);
        let began = Instant::now();
        let forging = runtime().spawn(forge(site.clone(), source_of_truth, forgery));
        let reason = eventually("the forger is banned", PATIENCE, || {
            let id = site.offender().ok_or_else(|| "it never came".to_owned())?;
            let ban = ban_of(newcomer, &id).ok_or_else(|| newcomer.ask("net_info", &[]).to_string())?;
            Ok(ban.0)
        });
        println!("| `forged_state_chunks`: {name} | banned after {:.1?}: it {reason} |", began.elapsed());
        assert!(reason.contains("a range of the state that is forged"), "{reason}");
        assert!(newcomer.tip().height < BLOCKS / 2, "no state was taken");
        source_of_truth = runtime().block_on(forging).unwrap();
    }

    let began = Instant::now();
    newcomer.ask("net_add", &[json!(format!("{}/p2p/{}", source.address(), source.node_id()))]);
    eventually("the newcomer is where the source is", PATIENCE, || {
        let (tip, there) = (newcomer.tip(), source.tip());
        if tip == there { Ok(()) } else { Err(format!("{tip:?}, not {there:?}")) }
    });
    println!("at the honest tip {:.1?} after it has met an honest node", began.elapsed());
    assert_eq!(ban_of(newcomer, source.node_id()), None);
    let listed = newcomer.ask("net_peers", &[]);
    assert_eq!(listed[0]["node_id"], source.node_id());
    assert_eq!(listed[0]["score"], 0, "{listed}");
}

/// Shows a newcomer the true chain, and gives it a forgery of each range of the state that it asks for.
async fn forge(site: Site, mut truth: Follower, forgery: Forgery) -> Follower {
    let path = Path { ids: truth.chain.clone() };
    let claim = truth.claim(truth.forge.block(&truth.tip()));
    let mut peer = Peer::claiming(site, claim).await;
    while let Some(question) = peer.next().await {
        let Message::GetStateChunk { request, block, start, bytes_max } = question else {
            for said in path.answer(&truth.forge, &question) {
                peer.say(said).await;
            }
            continue;
        };
        let chunk = forgery(true_chunk(&mut truth, block, start, bytes_max).await);
        peer.say(Message::StateChunk { request, chunk: chunk.into() }).await;
    }
    truth
}

async fn true_chunk(truth: &mut Follower, block: Hash, start: Hash, bytes_max: u32) -> Vec<u8> {
    truth.peer.say(Message::GetStateChunk { request: QUESTION, block, start, bytes_max }).await;
    let chunk = truth.peer.until(|message| match message {
        Message::StateChunk { chunk, .. } => Some(chunk.to_vec()),
        _ => None,
    });
    chunk.await.expect("the source gives the range")
}
