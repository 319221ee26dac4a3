#![allow(clippy::unwrap_used)]

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, ChainSpec, Network};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::TxStatus;

use super::*;
use crate::history::{Direction, History, HistoryError, HistoryFilter};
use crate::keystore::Secret;
use crate::mnemonic::Mnemonic;
use crate::network::NetworkFacts;
use crate::offline;
use crate::outbox::{Delivery, Sent};
use crate::payment::{AmountChoice, FeeChoice, PaymentError, PaymentRequest, Purpose, Warning};
use crate::vault::LockAfter;
use crate::wallets::{WalletName, Wallets};
use fake::FakeNode;

mod fake;

const VIBE: u64 = 1_000_000_000;
const FEE: u64 = 21_000 * 20;
const NOW: Timestamp = Timestamp::new(1_767_225_600_000);

struct Scene {
    _directory: tempfile::TempDir,
    node: Arc<FakeNode>,
    service: WalletService,
}

fn vault_at(root: std::path::PathBuf) -> Arc<Vault> {
    let spec: ChainSpec = Network::Devnet.spec();
    Arc::new(Vault::new(Wallets::cheap(root), NetworkFacts::new("devnet", &spec)))
}

/// A wallet with two accounts, of which the first has 20 VIBE.
async fn scene() -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let vault = vault_at(directory.path().to_owned());
    let mnemonic = Mnemonic::parse("test test test test test test test test test test test junk").unwrap();
    let secret = Secret::new(mnemonic, zeroize::Zeroizing::default());
    let name = WalletName::default();
    vault.create(&name, secret, "p".into(), Height::GENESIS, NOW, LockAfter::Never).await.unwrap();
    vault.add_account(None, "savings", NOW).await.unwrap();
    let node = Arc::new(FakeNode::new());
    node.fund(&vault.account(0).unwrap(), 20 * VIBE);
    node.mine(1);
    let service = WalletService::new(vault, node.clone());
    Scene { _directory: directory, node, service }
}

impl Scene {
    /// The same wallet in another program.
    async fn again(&self) -> WalletService {
        let vault = vault_at(self.service.vault().wallets().root().to_owned());
        vault.open(None).unwrap();
        vault.unlock("p".into(), NOW, LockAfter::Never).await.unwrap();
        WalletService::new(vault, self.node.clone())
    }

    fn request(&self, beats: u64) -> PaymentRequest {
        let to = self.service.vault().account(1).unwrap().address;
        PaymentRequest::new(0, to, AmountChoice::Exact(Amount::from_beats(beats)))
    }

    async fn pay(&self, beats: u64) -> Sent {
        pay(&self.service, &self.request(beats)).await
    }

    async fn spendable(&self) -> Vec<u64> {
        let balances = self.service.balances().await.unwrap().value;
        balances.accounts.iter().map(|account| account.spendable.beats()).collect()
    }

    async fn history(&self, filter: &HistoryFilter) -> History {
        self.service.history(filter).await.unwrap().value
    }

    async fn delivery(&self, txid: &Hash) -> Delivery {
        self.service.track().await.unwrap();
        self.service.outbox().await.unwrap().find(txid).unwrap().delivery.clone()
    }
}

async fn pay(service: &WalletService, request: &PaymentRequest) -> Sent {
    let review = service.prepare(request).await.unwrap();
    service.send(&review, NOW).await.unwrap()
}

#[tokio::test]
async fn a_payment_from_the_wish_to_the_history() {
    let scene = scene().await;
    scene.service.check_network().await.unwrap();
    let mut request = scene.request(3 * VIBE / 2);
    request.memo = b"for the boat".to_vec();
    let review = scene.service.prepare(&request).await.unwrap();
    assert_eq!(review.to_name.as_deref(), Some("savings"));
    let fee = review.fee.beats();
    let sent = scene.service.send(&review, NOW).await.unwrap();
    assert_eq!(scene.spendable().await, [20 * VIBE - 3 * VIBE / 2 - fee, 0]);
    let balances = scene.service.balances().await.unwrap();
    assert_eq!(balances.by.to_string(), "own node");
    assert_eq!(balances.value.incoming().beats(), 3 * VIBE / 2);
    assert_eq!(balances.value.outgoing().beats(), 3 * VIBE / 2 + fee);
    let before = scene.history(&HistoryFilter::default()).await;
    assert!(matches!(before.pending[0].status, TxStatus::Pending { place: 1, of: 1, .. }));
    scene.node.mine(1);
    assert_eq!(scene.delivery(&sent.txid()).await, Delivery::Mined { height: Height::new(2) });
    assert_eq!(scene.spendable().await, [20 * VIBE - 3 * VIBE / 2 - fee, 3 * VIBE / 2]);
    let after = scene.history(&HistoryFilter::default()).await;
    assert!(after.pending.is_empty());
    let shown: Vec<_> = after.items.iter().map(|item| (item.account, item.direction())).collect();
    assert_eq!(shown, [(1, Direction::In), (0, Direction::Out), (0, Direction::Mined)]);
    assert_eq!(after.items[0].memo_text(), Some("for the boat"));
    assert_eq!(after.items[1].entry.fee.beats(), fee);
    let status = scene.service.wait(&sent.txid(), 1).await.unwrap();
    assert!(matches!(status, TxStatus::Mined { confirmations: 1, .. }));
    let (node, txid) = (scene.node.clone(), sent.txid());
    let (waited, ()) = tokio::join!(scene.service.wait(&txid, 3), async move { node.mine(2) });
    assert!(matches!(waited.unwrap(), TxStatus::Mined { confirmations: 3, .. }));
}

#[tokio::test]
async fn several_payments_are_on_their_way_and_a_restart_knows_them() {
    let scene = scene().await;
    for nonce in 0..3 {
        assert_eq!(scene.pay(VIBE).await.nonce(), nonce);
    }
    let again = scene.again().await;
    assert_eq!(pay(&again, &scene.request(VIBE)).await.nonce(), 3);
    // The node has lost its pool: the wallet still knows what is on its way, and gives it back in order.
    scene.node.state().pool.clear();
    assert_eq!(scene.spendable().await[0], 16 * VIBE - 4 * FEE);
    assert_eq!(scene.service.prepare(&scene.request(VIBE)).await.unwrap().nonce, 4);
    let tracked = again.track().await.unwrap();
    assert_eq!(tracked.iter().map(|one| one.sent.nonce()).collect::<Vec<_>>(), [3, 2, 1, 0]);
    assert!(tracked.iter().all(|one| matches!(one.status, TxStatus::Pending { .. })));
    scene.node.mine(1);
    assert_eq!(scene.spendable().await, [16 * VIBE - 4 * FEE, 4 * VIBE]);
}

#[tokio::test]
async fn a_payment_takes_along_what_the_node_has_lost() {
    let scene = scene().await;
    scene.pay(VIBE).await;
    scene.node.state().pool.clear();
    assert_eq!(scene.pay(VIBE).await.nonce(), 1);
    scene.node.mine(1);
    assert_eq!(scene.spendable().await[1], 2 * VIBE);
}

#[tokio::test]
async fn two_programs_never_take_the_same_nonce() {
    let scene = scene().await;
    let other = scene.again().await;
    let (one, two) = (scene.request(VIBE), scene.request(2 * VIBE));
    let first = scene.service.prepare(&one).await.unwrap();
    let second = other.prepare(&two).await.unwrap();
    assert_eq!((first.nonce, second.nonce), (0, 0));
    assert_eq!(scene.service.send(&first, NOW).await.unwrap().nonce(), 0);
    assert_eq!(other.send(&second, NOW).await.unwrap().nonce(), 1);
}

#[tokio::test]
async fn a_payment_is_sped_up_and_another_cancelled() {
    let scene = scene().await;
    let (slow, unwanted) = (scene.pay(VIBE).await, scene.pay(5 * VIBE).await);
    let faster = scene.service.speed_up(&slow.txid(), FeeChoice::High).await.unwrap();
    assert_eq!((faster.gas_price, faster.spendable_after.beats()), (40, 14 * VIBE - 3 * FEE));
    let faster = scene.service.send(&faster, NOW).await.unwrap();
    let nothing = scene.service.cancel(&unwanted.txid(), FeeChoice::Low).await.unwrap();
    let nothing = scene.service.send(&nothing, NOW).await.unwrap();
    assert_eq!((faster.nonce(), nothing.nonce()), (0, 1));
    let by = Some(faster.txid());
    assert_eq!(scene.delivery(&slow.txid()).await, Delivery::Replaced { by });
    let too_late = scene.service.speed_up(&slow.txid(), FeeChoice::High).await.unwrap_err();
    assert!(matches!(too_late, WalletError::NotWaiting(_)));
    scene.node.mine(1);
    assert_eq!(scene.spendable().await, [19 * VIBE - 2 * FEE - 21_000 * 22, VIBE]);
    let too_late = scene.service.cancel(&faster.txid(), FeeChoice::High).await.unwrap_err();
    assert!(matches!(too_late, WalletError::NotWaiting(_)));
    let stranger = scene.service.cancel(&Hash::new([1; 32]), FeeChoice::Low).await.unwrap_err();
    assert!(matches!(stranger, WalletError::NoPayment(_)));
    assert!(matches!(scene.service.wait(&slow.txid(), 1).await, Err(WalletError::NotMined { .. })));
    assert_eq!(nothing.purpose, Purpose::Cancel { of: unwanted.txid() });
    // What lost its nonce to a block is not shown for ever.
    scene.history(&HistoryFilter::default()).await;
    assert!(scene.history(&HistoryFilter::default()).await.pending.is_empty());
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_payment() {
    let scene = scene().await;
    let review = scene.service.prepare(&scene.request(VIBE)).await.unwrap();
    scene.node.state().answer_lost = true;
    let Err(WalletError::Uncertain { txid, .. }) = scene.service.send(&review, NOW).await else {
        panic!("the answer was lost");
    };
    scene.node.state().answer_lost = false;
    assert!(scene.service.outbox().await.unwrap().find(&txid).unwrap().is_waiting());
    assert_eq!(scene.pay(VIBE).await.nonce(), 1);
    scene.node.mine(1);
    assert_eq!(scene.delivery(&txid).await, Delivery::Mined { height: Height::new(2) });
}

#[tokio::test]
async fn what_is_refused_is_forgotten() {
    let scene = scene().await;
    let review = scene.service.prepare(&scene.request(VIBE)).await.unwrap();
    let refusal = ApiError::TxRefused { rule: "TX-9".to_owned(), reason: "no".to_owned() };
    scene.node.state().refuses = Some(refusal.clone());
    let error = scene.service.send(&review, NOW).await.unwrap_err();
    assert_eq!(error.rule(), Some("TX-9"));
    scene.node.state().refuses = None;
    assert!(scene.service.outbox().await.unwrap().sent().is_empty());
    assert_eq!(scene.pay(VIBE).await.nonce(), 0);
}

#[tokio::test]
async fn an_expired_payment_leaves_its_nonce() {
    let scene = scene().await;
    let mut short = scene.request(VIBE);
    short.valid_for = 1;
    let dead = pay(&scene.service, &short).await;
    // Another branch: the block that could have taken it came without it.
    scene.node.state().pool.clear();
    scene.node.mine(1);
    assert_eq!(scene.delivery(&dead.txid()).await, Delivery::Expired);
    assert_eq!(scene.spendable().await[0], 20 * VIBE);
    assert_eq!(scene.pay(VIBE).await.nonce(), 0);
}

#[tokio::test]
async fn the_nonce_of_a_payment_that_died_unseen_is_taken_by_the_next() {
    let scene = scene().await;
    let mut short = scene.request(VIBE);
    short.valid_for = 1;
    let dead = pay(&scene.service, &short).await;
    scene.node.state().pool.clear();
    scene.node.mine(1);
    // Nobody has asked for it since.
    let next = scene.pay(2 * VIBE).await;
    assert_eq!(next.nonce(), dead.nonce());
    scene.node.mine(1);
    assert_eq!(scene.delivery(&next.txid()).await, Delivery::Mined { height: Height::new(3) });
}

#[tokio::test]
async fn too_little_money_names_the_amounts() {
    let scene = scene().await;
    let error = scene.service.prepare(&scene.request(20 * VIBE)).await.unwrap_err();
    let WalletError::Payment(PaymentError::InsufficientFunds { needed, available, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!((needed.beats(), available.beats()), (20 * VIBE + FEE, 20 * VIBE));
    let all = PaymentRequest { amount: AmountChoice::Max, ..scene.request(0) };
    let review = scene.service.prepare(&all).await.unwrap();
    assert_eq!((review.amount.beats(), review.spendable_after), (20 * VIBE - FEE, Amount::ZERO));
    scene.service.send(&review, NOW).await.unwrap();
    scene.node.mine(1);
    assert_eq!(scene.spendable().await, [0, 20 * VIBE - FEE]);
}

#[tokio::test]
async fn a_locked_wallet_shows_and_does_not_pay() {
    let scene = scene().await;
    scene.service.vault().lock();
    assert_eq!(scene.spendable().await[0], 20 * VIBE);
    let review = scene.service.prepare(&scene.request(VIBE)).await.unwrap();
    assert!(matches!(scene.service.send(&review, NOW).await, Err(WalletError::Locked)));
    assert!(scene.service.outbox().await.unwrap().sent().is_empty());
}

#[tokio::test]
async fn used_accounts_are_found_again() {
    let scene = scene().await;
    for index in [4, 9] {
        scene.node.fund(&scene.service.candidate(index, NOW).unwrap(), VIBE);
    }
    let found = scene.service.discover(5, NOW).await.unwrap();
    assert_eq!(found.iter().map(|account| account.index).collect::<Vec<_>>(), [4, 9]);
    assert!(scene.service.discover(5, NOW).await.unwrap().is_empty());
    let accounts = scene.service.vault().opened().unwrap().accounts;
    assert_eq!(accounts.iter().map(|account| account.index).collect::<Vec<_>>(), [0, 1, 4, 9]);
}

#[tokio::test]
async fn signing_on_another_machine() {
    let scene = scene().await;
    let review = scene.service.prepare(&scene.request(VIBE)).await.unwrap();
    let line = offline::encode_unsigned(review.body());
    let vault = scene.again().await.vault().clone();
    let body = offline::decode_unsigned(&format!(" {line}\n"), vault.network()).unwrap();
    assert_eq!(&body, review.body());
    let signed = offline::encode_signed(&vault.sign(body, NOW).unwrap());
    let txid = scene.service.broadcast(&signed, NOW).await.unwrap();
    assert_eq!(scene.service.broadcast(&signed, NOW).await.unwrap(), txid);
    assert_eq!(scene.service.outbox().await.unwrap().sent().len(), 1);
    scene.node.mine(1);
    assert!(matches!(scene.delivery(&txid).await, Delivery::Mined { .. }));
    let mut broken = hex::decode(&signed).unwrap();
    *broken.last_mut().unwrap() ^= 1;
    let refused = scene.service.broadcast(&hex::encode(broken), NOW).await.unwrap_err();
    assert!(matches!(refused, WalletError::Offline(offline::OfflineError::Signature(_))));
}

#[tokio::test]
async fn an_address_made_to_be_mistaken_is_pointed_out() {
    let scene = scene().await;
    let real = Address::new([0x5a; 20]);
    scene.service.vault().update_book(move |book| book.add_contact("Alice", real)).await.unwrap();
    let mut fake = [0x5a; 20];
    fake[6..].fill(0x17);
    let mut request = scene.request(VIBE);
    request.to = Address::new(fake);
    let review = scene.service.prepare(&request).await.unwrap();
    let Some(Warning::LookAlike(known)) = review.warnings.first() else { panic!("{:?}", review.warnings) };
    assert_eq!((known.name.as_str(), known.address), ("Alice", real));
    request.to = real;
    let review = scene.service.prepare(&request).await.unwrap();
    assert_eq!((review.to_name.as_deref(), review.warnings.len()), (Some("Alice"), 0));
}

#[tokio::test]
async fn a_history_that_does_not_fit_is_not_shown() {
    let scene = scene().await;
    scene.pay(VIBE).await;
    scene.node.mine(1);
    for index in [0, 1] {
        scene.node.state().lies_about = Some(index);
        let service = scene.again().await;
        let error = service.history(&HistoryFilter::default()).await.unwrap_err();
        assert!(matches!(error, WalletError::History(HistoryError::Mismatch { .. })), "{error}");
    }
}

#[tokio::test]
async fn a_history_is_read_once_and_survives_a_reorganisation() {
    let scene = scene().await;
    let account = scene.service.vault().account(0).unwrap();
    for _ in 0..2_499 {
        scene.node.fund(&account, 1);
    }
    let filter = HistoryFilter { account: Some(0), limit: 10, ..HistoryFilter::default() };
    let first = scene.history(&filter).await;
    assert!(first.more && first.items.len() == 10 && first.items[0].entry.index == 2_499);
    let pages = scene.node.state().pages;
    assert_eq!(pages, 4);
    scene.history(&filter).await;
    assert_eq!(scene.node.state().pages, pages + 1);
    let before = scene.node.state().ledger.clone();
    scene.node.fund(&account, 7);
    assert_eq!(scene.history(&filter).await.items[0].entry.amount.beats(), 7);
    scene.node.state().ledger = before;
    for beats in [8, 9] {
        scene.node.fund(&account, beats);
    }
    let after = scene.history(&filter).await;
    let amounts: Vec<u64> = after.items.iter().take(3).map(|item| item.entry.amount.beats()).collect();
    assert_eq!(amounts, [9, 8, 1]);
}

#[tokio::test]
async fn the_history_is_filtered_and_exported() {
    let scene = scene().await;
    let mut request = scene.request(VIBE);
    request.memo = b"=1+1, \"boat\"".to_vec();
    let paid = pay(&scene.service, &request).await.txid();
    scene.node.mine(1);
    scene.service.vault().update_book(move |book| book.set_label(paid, "Harbour")).await.unwrap();
    for (text, expected) in
        [("harb", 2), ("BOAT", 2), ("1", 2), ("20", 1), (&paid.to_string()[..12], 2), ("x y", 0)]
    {
        let filter = HistoryFilter { text: text.to_owned(), ..HistoryFilter::default() };
        assert_eq!(scene.history(&filter).await.items.len(), expected, "{text}");
    }
    let mined = HistoryFilter { direction: Some(Direction::Mined), ..HistoryFilter::default() };
    assert_eq!(scene.history(&mined).await.items.len(), 1);
    let mut out = Vec::new();
    assert_eq!(scene.service.export_history(None, &mut out).await.unwrap(), 3);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1], "2026-01-01T00:00:00.000Z,0,0,mined_reward,20,0,,,,,");
    let savings = scene.service.vault().network().show(&request.to);
    let fee = Amount::from_beats((21_000 + 16 * request.memo.len() as u64) * 20);
    assert_eq!(
        lines[2],
        format!(
            "2026-01-01T00:00:00.000Z,2,0,sent,1,{fee},{savings},,Harbour,\"'=1+1, \"\"boat\"\"\",{paid}"
        )
    );
    assert!(lines[3].starts_with("2026-01-01T00:00:00.000Z,2,1,received,1,0,"));
}

#[tokio::test]
async fn the_work_can_be_given_to_any_thread() {
    let scene = Arc::new(scene().await);
    let shared = Arc::clone(&scene);
    let sent = tokio::spawn(async move {
        let review = shared.service.prepare(&shared.request(VIBE)).await.unwrap();
        let sent = shared.service.send(&review, NOW).await.unwrap();
        shared.service.history(&HistoryFilter::default()).await.unwrap();
        sent
    });
    assert_eq!(sent.await.unwrap().nonce(), 0);
}
