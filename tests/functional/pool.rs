//! Transactions that no wallet would make, straight through the API: each is refused by a rule of its own.

use vibecoin_crypto::SecretKey;
use vibecoin_primitives::{Address, AddressPrefix, Amount, Network, Transaction, TransactionBody};

use crate::support::{Home, Running};

const VIBE: u64 = 1_000_000_000;

/// An account with 5 VIBE on a devnet node.
struct Payer {
    home: Home,
    key: SecretKey,
    node: Running,
}

impl Payer {
    fn new() -> Self {
        let home = Home::new();
        let node = home.node(&[]);
        let key = SecretKey::from_bytes(&[0x5a; 32]);
        let payer = Self { home, key, node };
        payer.home.json(&["dev", "faucet", "5", "--to", &payer.address()]);
        payer.mine(1);
        payer
    }

    fn address(&self) -> String {
        Address::of(&self.key.public_key()).encode(AddressPrefix::new("dvibe").unwrap())
    }

    fn mine(&self, blocks: u32) {
        self.home.json(&["dev", "mine", &blocks.to_string(), "--to", &self.address()]);
    }

    /// A good transaction, changed by `change` before it is signed.
    fn transaction(&self, change: impl FnOnce(&mut TransactionBody)) -> Transaction {
        let mut body = TransactionBody {
            version: 1,
            chain_id: Network::Devnet.spec().chain_id,
            nonce: 0,
            valid_until: 0,
            gas_limit: 21_000,
            gas_price: 20,
            to: Some(Address::new([0x77; 20])),
            value: Amount::from_beats(VIBE),
            data: Vec::new(),
            public_key: self.key.public_key(),
        };
        change(&mut body);
        body.sign(&self.key)
    }

    fn submit(&self, transaction: &Transaction) -> crate::support::Answer {
        self.home.run(&["--json", "rpc", "tx_submit", &hex::encode(transaction.encode())])
    }

    /// Submits a transaction that must be refused with all of these words.
    fn refused(&self, transaction: &Transaction, words: &[&str]) {
        let answer = self.submit(transaction);
        assert!(matches!(answer.code, Some(2 | 7 | 8)), "expected {words:?}: {answer:#?}");
        for word in words {
            assert!(answer.stderr.contains(word), "expected {word:?}: {answer:#?}");
        }
    }
}

#[test]
fn each_rule_of_the_pool_answers_in_its_own_words() {
    let payer = Payer::new();
    payer.mine(3);
    payer.refused(&payer.transaction(|body| body.nonce = 1), &["gap"]);
    payer.refused(&payer.transaction(|body| body.valid_until = 2), &["expired", "2"]);
    payer.refused(&payer.transaction(|body| body.value = Amount::from_beats(9 * VIBE)), &["9.00042", "5"]);
    payer.refused(&payer.transaction(|body| body.gas_price = 1), &["per gas", "16"]);
    payer.refused(&payer.transaction(|body| body.chain_id = 8423), &["chain id"]);
    payer.refused(&payer.transaction(|body| (body.to, body.gas_limit) = (None, 60_000)), &["contract"]);
    payer.refused(&payer.transaction(|body| body.gas_limit = 20_999), &["gas"]);

    let mut forged = payer.transaction(|_| {});
    forged.signature.0[0] ^= 1;
    payer.refused(&forged, &["signature"]);

    let answer = payer.home.run(&["rpc", "tx_submit", "00ff"]);
    assert!(answer.code != Some(0) && !answer.stderr.contains("panicked"), "{answer:#?}");
    let mut long = payer.transaction(|_| {}).encode();
    long.push(0);
    let answer = payer.home.run(&["rpc", "tx_submit", &hex::encode(long)]);
    assert!(answer.code != Some(0), "a byte after the transaction: {answer:#?}");
}

#[test]
fn a_replacement_pays_a_tenth_more() {
    let payer = Payer::new();
    let first = payer.transaction(|_| {});
    assert_eq!(payer.submit(&first).code, Some(0));
    payer.refused(&payer.transaction(|body| body.gas_price = 21), &["22"]);
    let better = payer.transaction(|body| body.gas_price = 22);
    assert_eq!(payer.submit(&better).code, Some(0));

    let status = payer.home.rpc("tx_status", &[&first.id().to_string()]).to_string();
    assert!(status.contains("replaced"), "{status}");
    payer.mine(1);
    let status = payer.home.rpc("tx_status", &[&better.id().to_string()]).to_string();
    assert!(status.contains("mined"), "{status}");
    // What was mined has used the nonce.
    payer.refused(&first, &["nonce"]);
}

#[test]
fn what_the_pool_has_acknowledged_survives_a_kill() {
    let payer = Payer::new();
    let transaction = payer.transaction(|_| {});
    assert_eq!(payer.submit(&transaction).code, Some(0));
    let Payer { home, key, node } = payer;
    node.kill_9();
    let node = home.node(&[]);
    let payer = Payer { home, key, node };
    let status = payer.home.rpc("tx_status", &[&transaction.id().to_string()]).to_string();
    assert!(status.contains("pending"), "{status}");
    payer.mine(1);
    let status = payer.home.rpc("tx_status", &[&transaction.id().to_string()]).to_string();
    assert!(status.contains("mined"), "{status}");
}
