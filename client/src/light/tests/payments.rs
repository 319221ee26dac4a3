//! Payments over remote nodes: handed in, kept back, found, and never taken for lost on a server's word.

use futures_util::StreamExt;
use vibecoin_primitives::Transaction;
use vibecoin_rpc::types::{HexBytes, TxStatus};
use vibecoin_rpc::{ApiError, NodeApi};

use super::chain::payment;
use super::face::LightFace;
use super::*;

fn hex_of(transaction: &Transaction) -> HexBytes {
    HexBytes::from(transaction.encode())
}

async fn over(chain: &Chain, count: usize) -> (Bench, Vec<Remote>, LightFace) {
    let mut remotes = Vec::new();
    for _ in 0..count {
        remotes.push(Remote::of(chain).await);
    }
    let bench = Bench::of(&remotes.iter().collect::<Vec<_>>());
    bench.client.sync().await.unwrap();
    let face = LightFace::new(Arc::clone(&bench.client), "lab");
    (bench, remotes, face)
}

fn who_has(remotes: &[Remote], payment: &Transaction) -> Vec<bool> {
    remotes.iter().map(|remote| remote.node.lock().pool.contains_key(&payment.id())).collect()
}

#[tokio::test]
async fn a_payment_goes_to_several_and_waits_until_it_is_proven() {
    let chain = Chain::new().grow(20, 1);
    let (bench, remotes, face) = over(&chain, 3).await;
    let sent = payment(0, 0, address(5), 1_000, b"");
    let accepted = face.tx_submit(hex_of(&sent)).await.unwrap();
    assert_eq!((accepted.txid, accepted.known), (sent.id(), false));
    assert_eq!(who_has(&remotes, &sent).iter().filter(|has| **has).count(), 2);
    assert!(matches!(face.tx_status(sent.id()).await, Ok(TxStatus::Pending { .. })));

    let mined = chain.with(1, std::slice::from_ref(&sent));
    remotes.iter().for_each(|remote| remote.set(&mined));
    // Said to be in a block that was not proven yet: it still waits.
    assert!(matches!(face.tx_status(sent.id()).await, Ok(TxStatus::Pending { .. })));
    bench.at(&mined);
    bench.client.follow_all().await;
    let status = face.tx_status(sent.id()).await.unwrap();
    assert!(matches!(status, TxStatus::Mined { confirmations: 1, .. }), "{status:?}");
}

#[tokio::test]
async fn a_payment_that_was_taken_and_kept_back_goes_to_others() {
    let chain = Chain::new().grow(20, 1);
    let (bench, remotes, face) = over(&chain, 3).await;
    for remote in &remotes {
        remote.node.lock().swallows = true;
    }
    let sent = payment(0, 0, address(5), 1_000, b"");
    face.tx_submit(hex_of(&sent)).await.unwrap();
    let took = who_has(&remotes, &sent);
    let grow = |chain: &Chain, blocks: u64| {
        let grown = chain.clone().grow(blocks, 1);
        remotes.iter().for_each(|remote| remote.set(&grown));
        bench.at(&grown);
        grown
    };
    // Not at once: a network takes its time.
    let chain = grow(&chain, deliver::RELAY_BLOCKS - 1);
    bench.client.follow_all().await;
    bench.client.look_after().await;
    assert_eq!((who_has(&remotes, &sent), bench.client.is_withheld(&sent.id())), (took.clone(), false));

    let chain = grow(&chain, 1);
    bench.client.follow_all().await;
    bench.client.look_after().await;
    assert!(bench.client.is_withheld(&sent.id()));
    assert_eq!(who_has(&remotes, &sent), [true; 3]);
    let blamed = bench.blamed(|evidence| matches!(evidence, Evidence::NotRelayed { .. }));
    let expected: Vec<String> = remotes
        .iter()
        .zip(&took)
        .filter(|(_, took)| **took)
        .map(|(r, _)| r.url().as_str().to_owned())
        .collect();
    assert_eq!(blamed.len(), expected.len());
    assert!(blamed.iter().all(|url| expected.contains(url)));

    // The third was honest: it gets into a block, and is forgotten here.
    let mined = chain.with(1, std::slice::from_ref(&sent)).grow(deliver::RELAY_BLOCKS, 1);
    remotes.iter().for_each(|remote| remote.set(&mined));
    bench.at(&mined);
    bench.client.follow_all().await;
    bench.client.look_after().await;
    assert!(!bench.client.is_withheld(&sent.id()));
    assert!(matches!(face.tx_status(sent.id()).await, Ok(TxStatus::Mined { .. })));
}

#[tokio::test]
async fn a_refusal_of_some_is_not_the_last_word() {
    let chain = Chain::new().grow(20, 1);
    let (bench, remotes, face) = over(&chain, 3).await;
    let refuse = |asked: &str, reply: Reply| match asked {
        "tx_submit" => {
            Reply::Refuses(ApiError::PoolFull { rule: "x".to_owned(), reason: "<<words>>".to_owned() })
        }
        _ => reply,
    };
    let order = bench.client.servers().order(Route::Any);
    remotes[order[0].index()].lies(refuse);
    remotes[order[1].index()].lies(refuse);
    let sent = payment(0, 0, address(5), 1_000, b"");
    face.tx_submit(hex_of(&sent)).await.unwrap();
    assert!(remotes[order[2].index()].node.lock().pool.contains_key(&sent.id()));

    remotes[order[2].index()].lies(refuse);
    let error = face.tx_submit(hex_of(&payment(1, 0, address(5), 1, b""))).await.unwrap_err();
    assert!(matches!(error, ApiError::PoolFull { .. }));
    assert!(!error.to_string().contains("<<words>>"));
    // If one of them is silent it may have the payment, so the wallet must not forget it.
    remotes[order[1].index()].lies(|asked, reply| if asked == "tx_submit" { Reply::Silence } else { reply });
    let error = face.tx_submit(hex_of(&payment(1, 0, address(5), 1, b""))).await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
}

#[tokio::test]
async fn tips_and_accounts_are_told_as_they_are_proven() {
    let chain = Chain::new().grow(20, 1);
    let (bench, remotes, face) = over(&chain, 1).await;
    let mut tips = face.chain_subscribe_tip().await.unwrap();
    assert_eq!(tips.next().await.unwrap().id, chain.tip().id);
    let text = vibecoin_rpc::types::AddressText::new(&address(5), spec().address_prefix);
    let mut accounts = face.account_subscribe(text).await.unwrap();
    assert_eq!(accounts.next().await.unwrap().height, Height::new(14));
    let grown = chain.with(1, &[payment(0, 0, address(5), 9, b"")]);
    remotes[0].set(&grown);
    bench.at(&grown);
    bench.client.follow_all().await;
    assert_eq!(tips.next().await.unwrap().height, Height::new(21));
    let account = accounts.next().await.unwrap();
    assert_eq!((account.height, account.pending.incoming.beats()), (Height::new(15), 9));
}
