//! A wallet over remote nodes: what it says is proven, and no server can make it pay twice.

use vibecoin_primitives::{Amount, Transaction};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::TxStatus;

use super::face::LightFace;
use super::*;
use crate::history::HistoryFilter;
use crate::keystore::Secret;
use crate::mnemonic::Mnemonic;
use crate::network::NetworkFacts;
use crate::outbox::Delivery;
use crate::payment::{AmountChoice, PaymentRequest};
use crate::service::WalletService;
use crate::trusted::TrustedBy;
use crate::vault::{LockAfter, Vault};
use crate::wallets::{WalletName, Wallets};

const NOW: Timestamp = Timestamp::new(1_767_225_600_000);

struct Scene {
    _directory: tempfile::TempDir,
    bench: Bench,
    remotes: [Remote; 2],
    chain: Chain,
    wallet: WalletService,
}

impl Scene {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let facts = NetworkFacts::new("lab", &spec());
        let vault = Arc::new(Vault::new(Wallets::cheap(directory.path().to_owned()), facts));
        let words = Mnemonic::parse("test test test test test test test test test test test junk").unwrap();
        let secret = Secret::new(words, zeroize::Zeroizing::default());
        let name = WalletName::default();
        vault.create(&name, secret, "p".into(), Height::GENESIS, NOW, LockAfter::Never).await.unwrap();
        let chain = Chain::new().grow(20, 1);
        let remotes = [Remote::of(&chain).await, Remote::of(&chain).await];
        let bench = Bench::of(&[&remotes[0], &remotes[1]]);
        bench.client.sync().await.unwrap();
        let face = Arc::new(LightFace::new(Arc::clone(&bench.client), "lab"));
        let wallet = WalletService::light(vault, face);
        Self { _directory: directory, bench, remotes, chain, wallet }
    }

    async fn pay(&self) -> Transaction {
        let request = PaymentRequest::new(0, address(7), AmountChoice::Exact(Amount::from_beats(5_000)));
        let review = self.wallet.prepare(&request).await.unwrap();
        self.wallet.send(&review, NOW).await.unwrap().transaction
    }

    /// The chain with a block of these transactions, and so many on top.
    async fn grow(&mut self, transactions: &[Transaction], on_top: u64) {
        self.chain = self.chain.clone().with(1, transactions).grow(on_top, 1);
        self.remotes.iter().for_each(|remote| remote.set(&self.chain));
        self.bench.at(&self.chain);
        self.bench.client.follow_all().await;
    }

    async fn delivery(&self, payment: &Transaction) -> Delivery {
        self.wallet.track().await.unwrap();
        let outbox = self.wallet.outbox().await.unwrap();
        outbox.find(&payment.id()).unwrap().delivery.clone()
    }

    fn lie(&self, lie: fn(&str, Reply) -> Reply) {
        self.remotes.iter().for_each(|remote| remote.lies(lie));
    }
}

#[tokio::test]
async fn a_wallet_says_at_which_block_its_money_is_proven() {
    let mut scene = Scene::new().await;
    scene.wallet.check_network().await.unwrap();
    let balances = scene.wallet.balances().await.unwrap();
    assert_eq!(balances.by, TrustedBy::Proven { height: Height::new(14), id: scene.chain.at(14).id });
    let all = Amount::from_beats(10_000_000_000_000);
    assert_eq!(balances.value.spendable(), all);

    let payment = scene.pay().await;
    assert_eq!(scene.delivery(&payment).await, Delivery::Waiting);
    let cost = payment.body.max_cost().unwrap();
    let rest = all.checked_sub(cost).unwrap();
    assert_eq!(scene.wallet.balances().await.unwrap().value.spendable(), rest, "what is on its way is off");
    scene.grow(std::slice::from_ref(&payment), 0).await;
    assert_eq!(scene.delivery(&payment).await, Delivery::Mined { height: Height::new(21) });
    assert_eq!(
        scene.wallet.balances().await.unwrap().value.spendable(),
        rest,
        "and stays off before it is believed"
    );
    let history = scene.wallet.history(&HistoryFilter::default()).await.unwrap();
    assert_eq!(
        (history.value.items.len(), history.by),
        (0, TrustedBy::Proven { height: Height::new(15), id: scene.chain.at(15).id })
    );

    scene.grow(&[], 6).await;
    assert_eq!(scene.wallet.balances().await.unwrap().value.spendable(), rest);
    let history = scene.wallet.history(&HistoryFilter::default()).await.unwrap();
    assert_eq!(history.value.items.len(), 1);
    assert_eq!(history.value.items[0].txid(), Some(&payment.id()));
    assert_eq!(history.by.to_string(), "proven at 22");
}

#[tokio::test]
async fn a_payment_whose_block_is_kept_back_is_found_in_the_history_and_not_paid_again() {
    let mut scene = Scene::new().await;
    let payment = scene.pay().await;
    // From now on nobody has ever heard of it, and its nonce is used.
    scene.lie(|asked, reply| match asked {
        "chain_tx" => Reply::Refuses(ApiError::not_found(vibecoin_rpc::Subject::Transaction, "x")),
        "tx_status" => Reply::Says(serde_json::json!({ "status": "replaced", "by": Hash::new([5; 32]) })),
        "tx_submit" => {
            Reply::Refuses(ApiError::NonceUsed { rule: "POOL-1".to_owned(), nonce: 0, expected: 1 })
        }
        _ => reply,
    });
    assert_eq!(scene.delivery(&payment).await, Delivery::Waiting);
    scene.grow(std::slice::from_ref(&payment), 0).await;
    assert_eq!(
        scene.delivery(&payment).await,
        Delivery::Waiting,
        "a server's word is not enough to give it up"
    );
    scene.grow(&[], 6).await;
    assert_eq!(scene.delivery(&payment).await, Delivery::Mined { height: Height::new(21) });
    let tracked = scene.wallet.track().await.unwrap();
    assert!(matches!(tracked[0].status, TxStatus::Mined { succeeded: true, .. }), "{tracked:?}");
}

#[tokio::test]
async fn another_transaction_of_the_same_nonce_is_proven_to_have_won() {
    let mut scene = Scene::new().await;
    let payment = scene.pay().await;
    let mut rival = payment.clone();
    rival.body.value = Amount::from_beats(1);
    scene.lie(|asked, reply| match asked {
        "chain_tx" => Reply::Refuses(ApiError::not_found(vibecoin_rpc::Subject::Transaction, "x")),
        _ => reply,
    });
    scene.grow(&[rival], 7).await;
    assert_eq!(scene.delivery(&payment).await, Delivery::Replaced { by: None });
}

#[tokio::test]
async fn what_servers_refuse_is_not_forgotten() {
    let mut scene = Scene::new().await;
    // It refuses, and passes it on all the same.
    scene.lie(|asked, reply| match asked {
        "tx_submit" => {
            Reply::Refuses(ApiError::FeeTooLow { rule: "POOL-2".to_owned(), offered: 1, minimum: 9 })
        }
        _ => reply,
    });
    let request = PaymentRequest::new(0, address(7), AmountChoice::Exact(Amount::from_beats(5_000)));
    let review = scene.wallet.prepare(&request).await.unwrap();
    scene.wallet.send(&review, NOW).await.unwrap_err();
    let outbox = scene.wallet.outbox().await.unwrap();
    assert!(matches!(outbox.sent()[0].delivery, Delivery::Refused { .. }));
    let payment = outbox.sent()[0].transaction.clone();
    let again = scene.wallet.prepare(&request).await.unwrap();
    assert_eq!(again.nonce, payment.body.nonce, "only one of them can ever be mined");
    scene.grow(std::slice::from_ref(&payment), 7).await;
    assert_eq!(scene.delivery(&payment).await, Delivery::Mined { height: Height::new(21) });
}
