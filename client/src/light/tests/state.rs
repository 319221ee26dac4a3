//! Lies about the state: each is found out, noted, and answered by somebody honest instead.

use serde_json::{Value, json};
use vibecoin_crypto::state_tree::{StateProof, Terminal};
use vibecoin_primitives::{Account, Amount, encoding, state_key};
use vibecoin_rpc::NodeApi;
use vibecoin_rpc::types::AddressText;

use super::chain::payment;
use super::face::LightFace;
use super::*;
use crate::trusted::TrustedBy;

fn text(n: u8) -> AddressText {
    AddressText::new(&address(n), spec().address_prefix)
}

/// Account 0 has paid account 1 and 5 before the blocks that nobody believes yet.
fn paid() -> Chain {
    let payments = [payment(0, 0, address(1), 1_000, b""), payment(0, 1, address(5), 77, b"thanks")];
    Chain::new().grow(10, 1).with(1, &payments).grow(10, 1)
}

/// A lie by its name.
type Named = (&'static str, Box<dyn Fn(&str, Reply) -> Reply + Send + Sync>);

const FALSE_VALUE: fn(&Evidence) -> bool = |evidence| matches!(evidence, Evidence::FalseValue { .. });

/// The server that is asked about an address first, made a liar; and the other one, which is honest.
async fn against(
    lie: impl Fn(&str, Reply) -> Reply + Send + Sync + 'static,
    n: u8,
) -> (Bench, [Remote; 2], usize) {
    let chain = paid();
    let remotes = [Remote::of(&chain).await, Remote::of(&chain).await];
    let bench = Bench::of(&[&remotes[0], &remotes[1]]);
    bench.client.sync().await.unwrap();
    let liar = bench.client.servers().assigned(&address(n)).unwrap().index();
    remotes[liar].lies(lie);
    (bench, remotes, liar)
}

/// An answer to `state_proof` about another question of an honest node.
fn another(question: Value) -> impl Fn(&str, Reply) -> Reply + Send + Sync {
    let node = Node::new(paid());
    move |asked, reply| match asked {
        "state_proof" => Reply::Says(node.answer("state_proof", &question).unwrap()),
        _ => reply,
    }
}

#[tokio::test]
async fn a_balance_is_proven_at_the_block_that_is_believed() {
    let chain = paid();
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    let proven = bench.client.account(&address(5)).await.unwrap();
    assert_eq!(proven.value.balance, Amount::from_beats(77));
    let believed = chain.at(15);
    assert_eq!(proven.by, TrustedBy::Proven { height: Height::new(15), id: believed.id });
    assert_eq!(proven.by.to_string(), "proven at 15");
    let absent = bench.client.account(&address(9)).await.unwrap();
    assert!(absent.value.is_absent());
    // The second question costs one round trip: the block is known.
    assert_eq!((remote.asked("state_proof"), remote.asked("chain_header")), (2, 1));
}

#[tokio::test]
async fn slots_are_proven_too() {
    let slot = Hash::new([1; 32]);
    let mut chain = Chain::new().grow(5, 1);
    chain.mine_as(1_000, 1, &[], |ledger, _, _| {
        ledger.slots.insert((address(1), slot), Hash::new([9; 32]));
    });
    let chain = chain.grow(8, 1);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    let block = bench.client.believed().unwrap();
    let other = Hash::new([2; 32]);
    let proven = bench.client.account_at(&block, &address(1), &[slot, other]).await.unwrap();
    assert_eq!(proven.slots, [Hash::new([9; 32]), Hash::ZERO]);
    remote.lies(|asked, reply| match asked {
        "state_proof" => reply.map(|said| said["slots"][0]["value"] = "08".repeat(32).into()),
        _ => reply,
    });
    let error = bench.client.account_at(&block, &address(1), &[slot]).await.unwrap_err();
    assert_eq!(error.failures[0].1, Failure::Contradiction);
}

#[tokio::test]
async fn proofs_of_something_else_are_refused_and_an_honest_server_is_asked() {
    // For another key, and the same passed off as this block's; for other slots; a false absence.
    let believed = paid().at(15).id;
    let lies: [Named; 6] = [
        ("another key", Box::new(another(json!([text(0), null, 15])))),
        ("another root", {
            let other = another(json!([text(1), null, 3]));
            Box::new(move |asked, reply| {
                let id = believed.to_string();
                other(asked, reply).map(|said| {
                    if asked == "state_proof" {
                        said["block_id"] = id.into()
                    }
                })
            })
        }),
        (
            "a false absence",
            Box::new(|asked, reply| match asked {
                "state_proof" => reply.map(|said| {
                    let proof = StateProof::new(Terminal::Empty, Vec::new()).unwrap();
                    said["proof"] = hex::encode(encoding::encode(&proof)).into();
                    said["account"] = Value::Null;
                }),
                _ => reply,
            }),
        ),
        (
            "a wrong value",
            Box::new(|asked, reply| match asked {
                "state_proof" => reply.map(|said| {
                    let rich = Account { balance: Amount::from_beats(1 << 60), ..Account::default() };
                    let proof: StateProof =
                        encoding::decode(&hex::decode(said["proof"].as_str().unwrap()).unwrap()).unwrap();
                    let value = Terminal::Value(encoding::encode(&rich));
                    let proof = StateProof::new(value, proof.siblings().to_vec()).unwrap();
                    said["proof"] = hex::encode(encoding::encode(&proof)).into();
                    said["account"] = hex::encode(encoding::encode(&rich)).into();
                }),
                _ => reply,
            }),
        ),
        (
            "an inner node as a leaf",
            Box::new(|asked, reply| match asked {
                "state_proof" => reply.map(|said| {
                    let proof: StateProof =
                        encoding::decode(&hex::decode(said["proof"].as_str().unwrap()).unwrap()).unwrap();
                    let shorter = proof.siblings()[..proof.siblings().len() - 1].to_vec();
                    let key = state_key::account(&address(0));
                    let other = Terminal::Other { key, value_hash: proof.siblings()[0] };
                    let proof = StateProof::new(other, shorter).unwrap();
                    said["proof"] = hex::encode(encoding::encode(&proof)).into();
                    said["account"] = Value::Null;
                }),
                _ => reply,
            }),
        ),
        (
            "a value beside its proof",
            Box::new(|asked, reply| match asked {
                "state_proof" => reply.map(|said| said["account"] = Value::Null),
                _ => reply,
            }),
        ),
    ];
    for (what, lie) in lies {
        let (bench, remotes, liar) = against(lie, 1).await;
        let proven = bench.client.account(&address(1)).await.unwrap();
        assert_eq!(proven.value.balance, Amount::from_beats(1_000_000_001_000), "{what}");
        assert_eq!(bench.blamed(FALSE_VALUE), [remotes[liar].url().as_str()], "{what}");
        assert_eq!(bench.health(liar), Health::Distrusted, "{what}");
    }
}

#[tokio::test]
async fn the_state_of_another_block_is_no_lie_and_no_answer() {
    // A server on another branch, or behind: its height 15 is another block.
    let (bench, _remotes, liar) = against(another(json!([text(1), null, 3])), 1).await;
    let proven = bench.client.account(&address(1)).await.unwrap();
    assert_eq!(proven.value.balance, Amount::from_beats(1_000_000_001_000));
    assert_eq!(bench.noted(FALSE_VALUE), 0);
    assert_ne!(bench.health(liar), Health::Distrusted);
}

#[tokio::test]
async fn a_false_content_is_not_the_header_s() {
    let lie = |asked: &str, reply: Reply| match asked {
        "chain_header" => reply.map(|said| said["content"] = "00".repeat(224).into()),
        _ => reply,
    };
    let (bench, remotes, liar) = against(lie, 1).await;
    assert_eq!(bench.client.account(&address(1)).await.unwrap().value.balance.beats(), 1_000_000_001_000);
    assert_eq!(bench.blamed(FALSE_VALUE), [remotes[liar].url().as_str()]);
}

#[tokio::test]
async fn when_all_lie_about_a_balance_there_is_none_and_the_words_are_ours() {
    let (bench, remotes, _) = against(|_, reply| reply, 1).await;
    for remote in &remotes {
        remote.lies(|asked, reply| match asked {
            "state_proof" => reply.map(|said| said["account"] = Value::Null),
            _ => reply,
        });
    }
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    let error = face.state_account(text(1), None).await.unwrap_err();
    let words = "gave a false proof: the answer says something else than it proves";
    assert!(error.to_string().ends_with(words), "{error}");
    let blamed = bench.blamed(FALSE_VALUE);
    assert!(
        remotes.iter().all(|remote| blamed.iter().any(|url| *url == remote.url().as_str())),
        "{blamed:?}"
    );
    // And nobody is left to be asked.
    let error = face.state_account(text(1), None).await.unwrap_err();
    assert_eq!(error.to_string(), "not available here: no remote node is left to be asked");
}

#[tokio::test]
async fn an_invented_state_on_the_real_tip_is_not_believed() {
    let chain = paid();
    let mut invented = chain.clone();
    invented.mine_as(1_000, 9, &[], |ledger, _, _| {
        let account = ledger.accounts.entry(address(1)).or_default();
        account.balance = Amount::from_beats(1 << 62);
        account.nonce = 500;
    });
    let (liar, honest) = (Remote::of(&invented).await, Remote::of(&chain).await);
    let bench = Bench::of(&[&liar, &honest]);
    bench.at(&invented);
    // Its work is real, so it is the tip; what it says of the state is nothing yet.
    assert_eq!(bench.client.sync().await.unwrap().id, invented.tip().id);
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    let account = face.state_account(text(1), None).await.unwrap();
    assert_eq!(account.balance.beats(), 1_000_000_001_000);
    assert_eq!((account.height, account.nonce), (Height::new(16), 0));
    // Honest nodes refuse the block; their next ones outweigh it, and it is gone before it could be believed.
    let grown = chain.clone().grow(3, 1);
    honest.set(&grown);
    bench.at(&grown);
    bench.client.follow_all().await;
    assert_eq!(bench.head_id(), Some(grown.tip().id));
    let account = face.state_account(text(1), None).await.unwrap();
    assert_eq!((account.balance.beats(), account.pending.incoming), (1_000_000_001_000, Amount::ZERO));
}

#[tokio::test]
async fn what_newer_blocks_change_is_pending() {
    let chain = Chain::new().grow(20, 1).with(1, &[payment(0, 0, address(5), 1_000, b"")]).grow(2, 1);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    let payer = face.state_account(text(0), None).await.unwrap();
    assert_eq!((payer.balance.beats(), payer.nonce), (1_000_000_000_000, 0));
    assert_eq!((payer.pending.outgoing.beats(), payer.pending.next_nonce), (1_000 + 21_000 * 20, 1));
    let payee = face.state_account(text(5), None).await.unwrap();
    assert_eq!((payee.balance, payee.pending.incoming.beats()), (Amount::ZERO, 1_000));
    let later = chain.grow(6, 1);
    remote.set(&later);
    bench.at(&later);
    bench.client.follow_all().await;
    assert_eq!(face.state_account(text(5), None).await.unwrap().balance.beats(), 1_000);
}

#[tokio::test]
async fn a_false_segment_is_proven_by_one_honest_server() {
    let mut chain = Chain::new().grow(20, 1);
    let honest_chain = chain.clone();
    chain.mine_as(1_000, 9, &[], |_, _, ticks| ticks[2] = Hash::new([0xbb; 32]));
    let chain = chain.grow(1, 9);
    let (one, two) = (Remote::of(&chain).await, Remote::of(&honest_chain).await);
    let bench = Bench::of(&[&one, &two]);
    bench.at(&chain);
    bench.client.sync().await.unwrap();
    // The first knows the fault and keeps quiet; the second has refused the block and says so.
    one.lies(|asked, reply| match asked {
        "light_poh_fault" => Reply::Says(json!({ "fault": null })),
        _ => reply,
    });
    two.node.lock().others.push(chain.clone());
    let found = bench.client.false_segments().await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].id, found[0].tick, found[0].by), (chain.at(21).id, 2, bench.id(1)));
    assert!(bench.client.standing().warnings.contains(&Warning::FalseSegment { height: Height::new(21) }));
    // The spot check of the ticks sees the same if it draws the tick: with four of four it always does.
    let failed = bench.client.segment(chain.at(21).id.into()).await.unwrap_err();
    assert!(matches!(failed.gravest(), Some((_, Failure::Segment { tick: 2, .. }))), "{failed:?}");
    assert_ne!(bench.health(0), Health::Distrusted, "who shows the ticks does well");
}

#[tokio::test]
async fn a_false_segment_shows_without_anybody_s_proof() {
    let mut chain = Chain::new().grow(20, 1);
    chain.mine_as(1_000, 9, &[], |_, _, ticks| ticks[1] = Hash::new([0xbb; 32]));
    let chain = chain.grow(6, 9);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    bench.client.spot_check().await;
    assert!(bench.client.standing().warnings.contains(&Warning::FalseSegment { height: Height::new(21) }));
    let tick = |evidence: &Evidence| matches!(evidence, Evidence::PohFault { tick: 1 | 2, .. });
    assert_eq!(bench.noted(tick), 1);

    let good = Remote::of(&paid()).await;
    let bench = Bench::of(&[&good]);
    bench.client.sync().await.unwrap();
    bench.client.spot_check().await;
    assert_eq!(bench.noted(|_| true), 0);
    assert_eq!(good.asked("chain_poh"), 1);
}

#[tokio::test]
async fn a_bogus_proof_against_a_good_segment_falls_back_on_who_sent_it() {
    let (good, mut bad) = (paid(), paid().cut(19));
    bad.mine_as(1_000, 9, &[], |_, _, ticks| ticks[2] = Hash::new([0xbb; 32]));
    let fault = {
        let bad = bad.tip();
        let found = vibecoin_consensus::light::poh_fault::PohFault::find(
            &spec(),
            &bad.block.content,
            &bad.block.ticks,
        );
        hex::encode(found.unwrap().encode())
    };
    for bogus in [fault, "00".repeat(300), "00".repeat(2_000)] {
        let (liar, honest) = (Remote::of(&good).await, Remote::of(&good).await);
        let bench = Bench::of(&[&liar, &honest]);
        bench.client.sync().await.unwrap();
        liar.lies(move |asked, reply| match asked {
            "light_poh_fault" => Reply::Says(json!({ "fault": bogus })),
            _ => reply,
        });
        assert_eq!(bench.client.false_segments().await, []);
        assert_eq!(bench.health(0), Health::Distrusted);
        assert!(!bench.client.standing().warnings.iter().any(|w| matches!(w, Warning::FalseSegment { .. })));
        let (_, segment) = bench.client.segment(good.tip().id.into()).await.unwrap();
        assert_eq!(segment.ticks, good.tip().block.ticks);
    }
}
