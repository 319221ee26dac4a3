//! The chains of the protocol's vectors, executed block by block.

use std::collections::BTreeMap;

use serde_json::Value;
use vibecoin_crypto::Hash;
use vibecoin_primitives::block::receipts_root;
use vibecoin_primitives::{Account, Address, Amount, Block, ChainSpec, Entry, Height};

use super::{State, env, run, subsidy};
use crate::{BlockOutcome, ExecutionError, genesis_changes};

fn vectors() -> Value {
    let path = format!("{}/../../assets/vectors/chain.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| text(value, key).parse().unwrap())
}

fn hash(value: &Value, key: &str) -> Hash {
    text(value, key).parse().unwrap()
}

fn address(hex_text: &str) -> Address {
    Address::new(hex::decode(hex_text).unwrap().try_into().unwrap())
}

fn spec(vectors: &Value, name: &str) -> ChainSpec {
    let mut file = vectors["networks"][name].clone();
    file.as_object_mut().unwrap().remove("genesis_id");
    ChainSpec::from_json(&file.to_string()).unwrap()
}

fn block(value: &Value) -> Block {
    Block::decode(&hex::decode(text(value, "block")).unwrap()).unwrap()
}

fn execute(state: &State, spec: &ChainSpec, block: &Block) -> Result<BlockOutcome, ExecutionError> {
    let env = env(block.header.height.get(), block.content.beneficiary);
    run(state, spec, env, &block.transactions)
}

/// What the content of a block says about its execution, and what came out.
fn commitments(block: &Block, outcome: &BlockOutcome, state: &State) -> [(&'static str, bool); 3] {
    let mut after = state.clone();
    after.write(&outcome.changes);
    [
        ("gas-used", block.content.gas_used == outcome.gas_used),
        ("receipts-root", block.content.receipts_root == receipts_root(&outcome.receipts)),
        ("state-root", block.content.state_root == after.root()),
    ]
}

/// A chain with the state after each of its blocks.
struct Played {
    spec: ChainSpec,
    states: Vec<State>,
    outcomes: Vec<BlockOutcome>,
}

fn play(vectors: &Value, chain: &Value) -> Played {
    let spec = spec(vectors, text(chain, "network"));
    let mut state = State::default();
    state.write(&genesis_changes(&spec));
    let blocks = list(chain, "blocks");
    assert_eq!(state.root(), hash(&blocks[0], "state_root"), "genesis of {}", chain["name"]);
    assert_eq!(state.root(), block(&blocks[0]).content.state_root);
    let (mut states, mut outcomes) = (vec![state.clone()], Vec::new());
    for row in &blocks[1..] {
        let block = block(row);
        let outcome = execute(&state, &spec, &block).unwrap();
        assert!(commitments(&block, &outcome, &state).iter().all(|(_, holds)| *holds), "{}", row["height"]);
        state.write(&outcome.changes);
        assert_eq!(state.root(), hash(row, "state_root"));
        states.push(state.clone());
        outcomes.push(outcome);
    }
    Played { spec, states, outcomes }
}

fn account(row: &Value) -> Account {
    Account {
        nonce: number(row, "nonce"),
        balance: Amount::from_beats(number(row, "balance")),
        code_hash: Hash::ZERO,
        activity_count: number(row, "activity_count"),
        activity_head: hash(row, "activity_head"),
        activity_height: Height::new(number(row, "activity_height")),
    }
}

#[test]
fn chains_lead_to_their_states() {
    let vectors = vectors();
    let mut histories_seen = 0;
    for chain in list(&vectors, "chains") {
        let played = play(&vectors, chain);
        let state = played.states.last().unwrap();

        let mut balances = 0;
        for row in list(chain, "accounts") {
            let account = account(row);
            assert_eq!(state.account(address(text(row, "address"))), account);
            balances += account.balance.beats();
        }
        for row in list(chain, "absent") {
            assert!(state.account(address(row.as_str().unwrap())).is_absent());
        }
        let mut ring = state.ring();
        ring.sort_unstable_by_key(|reward| reward.height);
        let mut expected: Vec<_> = list(chain, "ring")
            .iter()
            .map(|row| (number(row, "height"), address(text(row, "beneficiary")), number(row, "amount")))
            .collect();
        expected.sort_unstable();
        let found: Vec<_> = ring.iter().map(|r| (r.height.get(), r.beneficiary, r.amount.beats())).collect();
        assert_eq!(found, expected);
        assert_eq!(state.0.len(), list(chain, "accounts").len() + expected.len());

        let supply = &chain["supply"];
        let sum = |part: fn(&BlockOutcome) -> i128| played.outcomes.iter().map(part).sum::<i128>();
        let allocation = i128::from(number(supply, "allocation"));
        assert_eq!(balances, number(supply, "balances"));
        assert_eq!(allocation + sum(|o| o.supply.balances), i128::from(number(supply, "balances")));
        assert_eq!(sum(|o| o.supply.ring), i128::from(number(supply, "ring")));
        assert_eq!(sum(|o| i128::from(o.burned.beats())), i128::from(number(supply, "burned")));
        let heights = 1..played.states.len() as u64;
        let subsidies: u64 = heights.map(|height| subsidy(height).beats()).sum();
        assert_eq!(subsidies, number(supply, "subsidies"));

        let mut histories: BTreeMap<Address, Vec<Entry>> = BTreeMap::new();
        for (who, entry) in played.outcomes.iter().flat_map(|outcome| &outcome.entries) {
            histories.entry(*who).or_default().push(*entry);
        }
        for row in list(chain, "histories") {
            let found = &histories[&address(text(row, "address"))];
            assert_eq!(found.len(), list(row, "entries").len());
            for (entry, expected) in found.iter().zip(list(row, "entries")) {
                histories_seen += 1;
                assert_eq!(entry.index, number(expected, "index"));
                assert_eq!(entry.height.get(), number(expected, "height"));
                assert_eq!(u64::from(entry.tx_index), number(expected, "tx_index"));
                assert_eq!(entry.kind as u64, number(expected, "kind"));
                assert_eq!(entry.counterparty, address(text(expected, "counterparty")));
                assert_eq!(entry.amount.beats(), number(expected, "amount"));
                assert_eq!(entry.fee.beats(), number(expected, "fee"));
                assert_eq!(entry.txid, hash(expected, "txid"));
            }
        }

        let mut undone = state.clone();
        for (outcome, before) in played.outcomes.iter().zip(&played.states).rev() {
            undone.write(&outcome.previous);
            assert_eq!(&undone, before);
        }
    }
    assert!(histories_seen > 20);
}

#[test]
fn blocks_that_execution_refuses_and_those_that_it_does_not() {
    let vectors = vectors();
    let played: BTreeMap<&str, Played> =
        list(&vectors, "chains").iter().map(|chain| (text(chain, "name"), play(&vectors, chain))).collect();
    let at = |row: &Value| {
        let chain = &played[text(row, "chain")];
        (&chain.spec, chain.states[usize::try_from(number(row, "parent")).unwrap()].clone())
    };
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for row in list(&vectors, "invalid") {
        let rule = match text(row, "reason") {
            "gas-left" => Some("EXE-4"),
            "nonce" => Some("EXE-2"),
            "balance" => Some("EXE-3"),
            "tx: cost above u64" => Some("TX-11"),
            "gas-used" | "receipts-root" | "state-root" => None,
            _ => continue,
        };
        let reason = text(row, "reason");
        let name = text(row, "name");
        *seen.entry(reason).or_default() += 1;
        let (spec, state) = at(row);
        let block = block(row);
        match (execute(&state, spec, &block), rule) {
            (Err(error), Some(rule)) => assert_eq!(error.rule(), Some(rule), "{name}: {error}"),
            (Ok(outcome), None) => {
                let wrong = commitments(&block, &outcome, &state).iter().find(|(_, holds)| !holds).unwrap().0;
                assert_eq!(wrong, reason, "{name}");
            }
            (Ok(_), Some(_)) => panic!("{name}: executed"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
    }
    assert_eq!(seen.len(), 7, "{seen:?}");

    for row in list(&vectors, "valid") {
        let (spec, state) = at(row);
        let block = block(row);
        let outcome = execute(&state, spec, &block).unwrap();
        assert!(commitments(&block, &outcome, &state).iter().all(|(_, holds)| *holds), "{}", row["name"]);
    }
}
