//! The chains, invalid blocks and delivery orders of the vectors, on the real engine.

use std::collections::HashMap;

use serde_json::Value;
use vibecoin_primitives::{Account, Address, Amount, Entry, Reward, encoding};
use vibecoin_storage::state_reader::StateReader as _;
use vibecoin_storage::{MemoryStore, activity, transactions};

mod adoption;
mod bounds;
mod damage;
mod depth;
mod headers;
mod history;
mod light;
mod runs;

use super::*;
use crate::policy::SideBranches;
use lab::open_lazy as open;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/vectors/chain.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} is no text"))
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| text(value, key).parse().unwrap())
}

fn address(value: &Value, key: &str) -> Address {
    Address::new(hex::decode(text(value, key)).unwrap().try_into().unwrap())
}

fn hash(value: &Value, key: &str) -> Hash {
    text(value, key).parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn spec(file: &Value, network: &str) -> ChainSpec {
    let mut row = file["networks"][network].clone();
    row.as_object_mut().unwrap().remove("genesis_id");
    ChainSpec::from_json(&row.to_string()).unwrap()
}

fn chain_of<'a>(file: &'a Value, name: &str) -> &'a Value {
    list(file, "chains").iter().find(|chain| chain["name"] == name).unwrap()
}

/// A fresh chain that stands at `height` of a chain of the vectors.
fn standing_at(file: &Value, name: &str, height: u64, side_branches: SideBranches) -> Chain {
    let row = chain_of(file, name);
    let mut chain = open(&spec(file, text(row, "network")), side_branches);
    let now = Timestamp::new(number(row, "now_ms"));
    for block in list(row, "blocks").iter().skip(1).take(height as usize) {
        let verdict = chain.import(Block::decode(&bytes(&block["block"])).unwrap(), now).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Extended), "{verdict:?}");
    }
    assert_eq!(chain.tip().height().get(), height);
    chain
}

/// Where all money is, counted account by account.
fn assert_conserved(chain: &Chain) {
    let supply = meta::supply(&*chain.ground.store).unwrap().unwrap();
    assert!(supply.is_balanced(), "{supply:?}");
}

#[test]
fn whole_chains_give_the_states_of_the_vectors() {
    let file = vectors();
    for row in list(&file, "chains") {
        let mut chain = open(&spec(&file, text(row, "network")), SideBranches::Lazy);
        let now = Timestamp::new(number(row, "now_ms"));
        for (height, block) in list(row, "blocks").iter().enumerate() {
            let verdict = chain.import(Block::decode(&bytes(&block["block"])).unwrap(), now).unwrap().verdict;
            assert_eq!(verdict.name(), if height == 0 { "known" } else { "extended" }, "{verdict:?}");
            let tip = chain.tip();
            assert_eq!(tip.id(), hash(block, "id"));
            assert_eq!(tip.content.state_root, hash(block, "state_root"));
            let work = block["work"].to_string().trim_matches('"').to_owned();
            assert_eq!(tip.block.total_work().to_string(), work);
            assert_conserved(&chain);
        }
        assert_end(&chain, row);
    }
}

/// Accounts, ring, supply, histories and proofs at the end of a chain.
fn assert_end(chain: &Chain, row: &Value) {
    let view = chain.reader().view().unwrap();
    let state = view.state().unwrap();
    for account in list(row, "accounts") {
        let expected = Account {
            nonce: number(account, "nonce"),
            balance: Amount::from_beats(number(account, "balance")),
            code_hash: Hash::ZERO,
            activity_count: number(account, "activity_count"),
            activity_head: hash(account, "activity_head"),
            activity_height: Height::new(number(account, "activity_height")),
        };
        assert_eq!(state.account(&address(account, "address")).unwrap(), expected);
    }
    for absent in list(row, "absent") {
        let address = Address::new(bytes(absent).try_into().unwrap());
        assert!(state.account(&address).unwrap().is_absent());
    }
    for place in list(row, "ring") {
        let expected = Reward {
            height: Height::new(number(place, "height")),
            beneficiary: address(place, "beneficiary"),
            amount: Amount::from_beats(number(place, "amount")),
        };
        assert_eq!(state.reward(expected.height).unwrap(), Some(expected));
    }
    let supply = meta::supply(view.rows()).unwrap().unwrap();
    let expected = &row["supply"];
    assert_eq!(supply.balances.beats(), number(expected, "balances"));
    assert_eq!(supply.ring.beats(), number(expected, "ring"));
    assert_eq!(supply.burned.beats(), number(expected, "burned"));
    assert_eq!(supply.allocation.beats(), number(expected, "allocation"));
    assert_eq!(supply.subsidies.beats(), number(expected, "subsidies"));
    for history in list(row, "histories") {
        let address = address(history, "address");
        let entries = activity::oldest_first(view.rows(), &address, 0, 1_000).unwrap();
        let expected: Vec<Entry> = list(history, "entries").iter().map(entry).collect();
        assert_eq!(entries, expected);
        let account = state.account(&address).unwrap();
        let head = (account.activity_count, account.activity_head);
        assert!(vibecoin_primitives::activity::is_complete((0, Hash::ZERO), &entries, head));
    }
    for proof in list(row, "proofs") {
        let (transaction, record) = transactions::load(view.rows(), &hash(proof, "txid")).unwrap().unwrap();
        assert_eq!(record.height.get(), number(proof, "height"));
        assert_eq!(u64::from(record.index), number(proof, "index"));
        assert_eq!(transaction.leaf_hash(), hash(proof, "leaf_hash"));
    }
}

fn entry(row: &Value) -> Entry {
    match row["borsh"].as_str() {
        Some(borsh) => encoding::decode(&hex::decode(borsh).unwrap()).unwrap(),
        None => Entry {
            index: number(row, "index"),
            height: Height::new(number(row, "height")),
            tx_index: u32::try_from(number(row, "tx_index")).unwrap(),
            kind: encoding::decode(&[u8::try_from(number(row, "kind")).unwrap()]).unwrap(),
            counterparty: address(row, "counterparty"),
            amount: Amount::from_beats(number(row, "amount")),
            fee: Amount::from_beats(number(row, "fee")),
            txid: hash(row, "txid"),
        },
    }
}

/// The rule that the vectors' reason names.
fn rule_of(reason: &str) -> &'static str {
    match reason {
        "encoding" => "BLK-1",
        "version" => "HDR-1",
        "content-root" => "BLK-3",
        "height" => "HDR-2",
        "prev-time" => "HDR-3",
        "bits" => "HDR-4",
        "work" => "HDR-5",
        "time" => "HDR-6",
        "history-root" => "HDR-8",
        "work-sum" => "HDR-9",
        "tick-count" => "POH-1",
        "poh-root" => "POH-2",
        "segment" => "POH-3",
        "tx-root" => "BLK-4",
        "tx-count" => "BLK-5",
        "tx-size" => "TX-2",
        "block-bytes" => "BLK-6",
        "poh-hash" => "POH-4",
        "tx: version" => "TX-3",
        "tx: chain id" => "TX-4",
        "tx: expired" => "TX-5",
        "tx: gas price" => "TX-6",
        "tx: intrinsic gas" => "TX-7",
        "tx: gas limit above the cap" => "TX-8",
        "tx: greatest nonce" => "TX-9",
        "tx: create data" => "TX-10",
        "tx: cost above u64" => "TX-11",
        "tx: signature" => "TX-13",
        "gas-left" => "EXE-4",
        "nonce" => "EXE-2",
        "balance" => "EXE-3",
        "gas-used" => "EXE-6",
        "receipts-root" => "EXE-7",
        "state-root" => "EXE-8",
        other => panic!("unknown reason {other}"),
    }
}

#[test]
fn invalid_blocks_are_refused_for_their_reason_and_valid_siblings_taken() {
    let file = vectors();
    let (mut refused, mut accepted) = (0, 0);
    let mut at: HashMap<(String, u64), Chain> = HashMap::new();
    let place = |row: &Value| (text(row, "chain").to_owned(), number(row, "parent"));
    for row in list(&file, "invalid") {
        let (name, height) = place(row);
        let chain = at
            .entry((name.clone(), height))
            .or_insert_with(|| standing_at(&file, &name, height, SideBranches::Execute));
        let tip = chain.tip().id();
        let now = Timestamp::new(number(row, "now_ms"));
        let spec = Arc::clone(&chain.ground.spec);
        let rule = match vibecoin_consensus::rules::decode(&spec, &bytes(&row["block"])) {
            Err(error) => error.rule().to_owned(),
            Ok(block) => {
                let verdict = chain.import(block, now).unwrap().verdict;
                assert_eq!(verdict.name(), text(row, "verdict"), "{}", row["name"]);
                match verdict {
                    Verdict::Invalid(reason) => reason.rule().to_owned(),
                    _ => String::new(),
                }
            }
        };
        if let Some(reason) = row["reason"].as_str().filter(|_| row["verdict"] == "invalid") {
            assert_eq!(rule, rule_of(reason), "{}", row["name"]);
        }
        assert_eq!(chain.tip().id(), tip, "{}", row["name"]);
        refused += 1;
    }
    for row in list(&file, "valid") {
        let (name, height) = place(row);
        let chain = at
            .entry((name.clone(), height))
            .or_insert_with(|| standing_at(&file, &name, height, SideBranches::Execute));
        let block = Block::decode(&bytes(&row["block"])).unwrap();
        assert_eq!(block.id(), hash(row, "id"));
        let verdict = chain.import(block, Timestamp::new(number(row, "now_ms"))).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Extended | Verdict::Side), "{}: {verdict:?}", row["name"]);
        assert_conserved(chain);
        accepted += 1;
    }
    assert!(refused >= 190 && accepted >= 19);
}

#[test]
fn every_order_of_delivery_ends_at_the_tip_of_the_vectors() {
    let file = vectors();
    for fork in list(&file, "forks") {
        let spec = spec(&file, text(fork, "network"));
        let now = Timestamp::new(number(fork, "now_ms"));
        for scenario in list(fork, "scenarios") {
            for order in list(scenario, "orders") {
                for side_branches in [SideBranches::Lazy, SideBranches::Execute] {
                    let mut chain = match fork["base"].as_object() {
                        None => open(&spec, side_branches),
                        Some(_) => standing_at(
                            &file,
                            text(&fork["base"], "chain"),
                            number(&fork["base"], "height"),
                            side_branches,
                        ),
                    };
                    deliver(&mut chain, &file, fork, order, now);
                    assert_eq!(chain.tip().id(), hash(order, "final"), "{}", scenario["name"]);
                    assert_conserved(&chain);
                    assert_same_as_replay(&chain, &spec, now);
                }
            }
        }
    }
}

/// The verdicts on blocks by name, each the last that was given.
fn verdicts(side_branches: SideBranches, names: &[&str]) -> Vec<String> {
    let file = vectors();
    let fork = &list(&file, "forks")[0];
    let now = Timestamp::new(number(fork, "now_ms"));
    let mut chain = open(&spec(&file, text(fork, "network")), side_branches);
    let ids: Vec<Hash> = names.iter().map(|name| block_named(&file, fork, name).id()).collect();
    let mut told = vec![String::new(); names.len()];
    for (place, name) in names.iter().enumerate() {
        let report = chain.import(block_named(&file, fork, name), now).unwrap();
        told[place] = rule_or_name(&report.verdict);
        for (id, verdict) in &report.settled {
            told[ids.iter().rposition(|other| other == id).unwrap()] = rule_or_name(verdict);
        }
    }
    told
}

fn rule_or_name(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Invalid(reason) => reason.rule().to_owned(),
        other => other.name().to_owned(),
    }
}

#[test]
fn what_stands_on_an_invalid_block_is_invalid_however_high() {
    let told = verdicts(SideBranches::Execute, &["B1", "B2", "X3", "X4", "X5"]);
    assert_eq!(told[2..], ["EXE-8", "HDR-10", "HDR-10"]);
    let told = verdicts(SideBranches::Execute, &["X5", "X4", "B1", "X3", "B2"]);
    assert_eq!([&told[3], &told[1], &told[0]], ["EXE-8", "HDR-10", "HDR-10"]);
}

#[test]
fn a_wrong_body_is_refused_before_its_parent_comes() {
    let told = verdicts(SideBranches::Lazy, &["A2!", "A2", "A1"]);
    assert_eq!(told, ["BLK-4", "extended", "extended"]);
}

fn block_named(file: &Value, fork: &Value, name: &str) -> Block {
    let hex = match name.strip_prefix("main") {
        Some(height) => {
            let chain = chain_of(file, text(&fork["base"], "chain"));
            &list(chain, "blocks")[height.parse::<usize>().unwrap()]["block"]
        }
        None => &fork["blocks"][name],
    };
    Block::decode(&bytes(hex)).unwrap()
}

fn deliver(chain: &mut Chain, file: &Value, fork: &Value, order: &Value, now: Timestamp) {
    let tips = list(order, "tips");
    for (name, tip) in list(order, "deliver").iter().zip(tips) {
        let block = block_named(file, fork, name.as_str().unwrap());
        chain.import(block, now).unwrap();
        let expected = match tip.as_str().unwrap() {
            "genesis" => genesis(&chain.ground.spec).id(),
            "base" => continue,
            name => block_named(file, fork, name).id(),
        };
        assert_eq!(chain.tip().id(), expected, "after {name} of {order}");
    }
}

/// What reorganisations have left is what a chain has that never saw another branch.
fn assert_same_as_replay(chain: &Chain, spec: &ChainSpec, _now: Timestamp) {
    let scratch = Arc::new(MemoryStore::default());
    let verified = crate::verify::verify(&*chain.ground.store, spec, scratch, |_, _| {}).unwrap();
    assert_eq!(verified.tip, chain.tip().id());
}

#[test]
fn a_chain_opens_where_it_was_closed() {
    let file = vectors();
    let chain = standing_at(&file, "lab", 30, SideBranches::Lazy);
    let (store, spec, tip) =
        (Arc::clone(&chain.ground.store), ChainSpec::clone(&chain.ground.spec), Arc::clone(chain.tip()));
    drop(chain);
    let again = Chain::open(Arc::clone(&store), spec, Policy::NODE).unwrap();
    assert_eq!(again.tip().id(), tip.id());
    assert_eq!(again.tip().block.history, tip.block.history);
    let other = vibecoin_primitives::Network::Devnet.spec();
    assert!(matches!(Chain::open(store, other, Policy::NODE), Err(OpenError::AnotherNetwork { .. })));
}

#[test]
fn what_was_rewound_does_not_come_back() {
    let file = vectors();
    let mut chain = standing_at(&file, "devnet", 40, SideBranches::Lazy);
    let change = chain.rewind(7).unwrap().unwrap();
    assert_eq!((chain.tip().height().get(), change.reverted.len()), (33, 7));
    assert_conserved(&chain);
    let row = &list(chain_of(&file, "devnet"), "blocks")[34];
    let block = Block::decode(&bytes(&row["block"])).unwrap();
    let verdict = chain.import(block, Timestamp::new(u64::MAX)).unwrap().verdict;
    assert_eq!(verdict.name(), "invalid");
    assert_same_as_replay(&chain, &chain.ground.spec.clone(), Timestamp::new(u64::MAX));
}
