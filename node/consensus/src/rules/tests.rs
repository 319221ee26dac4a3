#![allow(clippy::unwrap_used)]

mod errors;
mod no_hash;

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde_json::Value;
use vibecoin_primitives::{Block, ChainSpec, Header, Timestamp};

use super::*;
use crate::genesis;
use crate::history::{Node, Peaks};
use crate::pow;
use crate::testing::{bytes, hash, number, spec_of, text, time, vectors, wide};

/// A chain as far as these rules see it: the header and the history at every height.
struct Chain {
    spec: ChainSpec,
    blocks: Vec<(Block, Peaks)>,
}

impl Chain {
    fn start(spec: ChainSpec) -> Self {
        let genesis = genesis(&spec);
        let mut peaks = Peaks::new();
        peaks.append(Node::leaf(&genesis.header, genesis.id()).unwrap()).unwrap();
        Self { spec, blocks: vec![(genesis, peaks)] }
    }

    fn parent(&self, height: usize) -> ParentView<'_> {
        let (block, peaks) = &self.blocks[height];
        ParentView { header: &block.header, peaks }
    }

    /// All stages but the execution, on the block of this height.
    fn check(
        &self,
        parent: usize,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(Block, CheckedHeader), BlockError> {
        let block = decode(&self.spec, bytes)?;
        check_shape(&block)?;
        let checked = check_header(&self.spec, &block.header, &self.parent(parent), now)?;
        check_body(&self.spec, &block, SegmentCheck::Full { order_seed: 0 })?;
        check_transactions(&self.spec, block.header.height, &block.transactions)?;
        Ok((block, checked))
    }

    fn extend(&mut self, bytes: &[u8], now: Timestamp) -> CheckedHeader {
        let (block, checked) = self.check(self.blocks.len() - 1, bytes, now).unwrap();
        let mut peaks = self.blocks.last().unwrap().1.clone();
        peaks.append(checked.leaf).unwrap();
        assert_eq!(peaks.work(), checked.total_work);
        self.blocks.push((block, peaks));
        checked
    }
}

fn chains(file: &Value) -> HashMap<String, Chain> {
    let load = |case: &Value| {
        let mut chain = Chain::start(spec_of(file, text(case, "network")));
        let blocks = case["blocks"].as_array().unwrap();
        assert_eq!(chain.blocks[0].0.encode(), bytes(&blocks[0], "block"));
        for block in &blocks[1..] {
            let checked = chain.extend(&bytes(block, "block"), time(case, "now_ms"));
            assert_eq!(checked.id, hash(block, "id"));
            assert_eq!(checked.total_work.get(), wide(block, "work"));
        }
        (text(case, "name").to_owned(), chain)
    };
    file["chains"].as_array().unwrap().iter().map(load).collect()
}

/// The rule that a reason of the vectors stands for; `None` when only execution can tell.
fn rule_of(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "encoding" => "BLK-1",
        "version" => "HDR-1",
        "content-root" => "BLK-3",
        "height" => "HDR-2",
        "prev-time" => "HDR-3",
        "bits" => "HDR-4",
        "work" => "HDR-5",
        "time" => "HDR-6",
        "held" => "HDR-7",
        "history-root" => "HDR-8",
        "tick-count" => "POH-1",
        "poh-root" => "POH-2",
        "segment" => "POH-3",
        "poh-hash" => "POH-4",
        "tx-root" => "BLK-4",
        "tx-count" => "BLK-5",
        "tx-size" => "TX-2",
        "block-bytes" => "BLK-6",
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
        "gas-left" | "nonce" | "balance" | "gas-used" | "receipts-root" | "state-root" => return None,
        other => panic!("unknown reason {other}"),
    })
}

#[test]
fn invalid_blocks_break_the_rule_that_the_vectors_name() {
    let file = vectors("chain");
    let chains = chains(&file);
    let mut seen = BTreeMap::new();
    for case in file["invalid"].as_array().unwrap() {
        if text(case, "verdict") == "orphan" {
            continue;
        }
        let chain = &chains[text(case, "chain")];
        let parent = number(case, "parent") as usize;
        let verdict = chain.check(parent, &bytes(case, "block"), time(case, "now_ms")).err();
        let found = verdict.as_ref().map(BlockError::rule);
        assert_eq!(found, rule_of(text(case, "reason")), "{}: {verdict:?}", case["name"]);
        let Some(error) = verdict else { continue };
        assert!(error.to_string().contains(error.rule()), "{error}");
        assert_eq!(error.is_held(), text(case, "verdict") == "held", "{error}");
        assert_eq!(error.blame() == Blame::Nobody, error.is_held(), "{error}");
        if case["same_id_as"].is_string() {
            assert!(!error.marks_id_invalid(), "{}: a good header must stay clean", case["name"]);
        }
        *seen.entry(error.rule()).or_insert(0) += 1;
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn valid_blocks_pass_every_stage() {
    let file = vectors("chain");
    let chains = chains(&file);
    for case in file["valid"].as_array().unwrap() {
        let chain = &chains[text(case, "chain")];
        let parent = number(case, "parent") as usize;
        let (block, checked) =
            chain.check(parent, &bytes(case, "block"), time(case, "now_ms")).unwrap_or_else(|error| {
                panic!("{}: {error}", case["name"]);
            });
        assert_eq!(checked.id, hash(case, "id"));
        assert_eq!(block.content.state_root, hash(case, "state_root"));
        assert_eq!(check_commitments(&chain.spec, &block), Ok(()));
    }
}

#[test]
fn the_orphan_of_the_vectors_may_wait() {
    let file = vectors("chain");
    let case =
        file["invalid"].as_array().unwrap().iter().find(|case| text(case, "verdict") == "orphan").unwrap();
    let spec = spec_of(&file, "devnet");
    let block = decode(&spec, &bytes(case, "block")).unwrap();
    assert_eq!(check_shape(&block), Ok(()));
    assert_eq!(check_commitments(&spec, &block), Ok(()));
    let own = pow::work(block.header.bits).unwrap();
    assert_eq!(check_orphan(&block.header, own), Ok(own));
}

#[test]
fn a_full_block_and_one_largest_transaction_more_is_the_most_that_is_read() {
    // Header, content, two counts, the ticks, the block's bytes and those of the transaction.
    for (network, bytes) in [
        (vibecoin_primitives::Network::Mainnet, 104 + 224 + 8 + 64 * 32 + 1_048_576 + 131_072),
        (vibecoin_primitives::Network::Devnet, 104 + 224 + 8 + 64 * 32 + 8_388_608 + 131_072),
    ] {
        assert_eq!(shape::encoded_bytes_max(&network.spec()), bytes);
    }
    let boundless = ChainSpec { block_bytes: u64::MAX, ..crate::testing::lab() };
    assert_eq!(shape::encoded_bytes_max(&boundless), u64::MAX);
}

#[test]
fn a_block_longer_than_any_is_refused_unread() {
    let spec = crate::testing::lab();
    let most = usize::try_from(shape::encoded_bytes_max(&spec)).unwrap();
    assert_eq!(decode(&spec, &vec![0; most]).unwrap_err().rule(), "BLK-1");
    let refused = decode(&spec, &vec![0; most + 1]).unwrap_err();
    assert!(matches!(refused, ShapeError::TooLarge { .. }));
    assert_eq!((refused.rule(), refused.blame()), ("BLK-2", Blame::Peer));
}

/// A sound block of the vectors with transactions, and the chain under it.
fn sample() -> (Chain, Block) {
    let file = vectors("chain");
    let chain = chains(&file).remove("devnet").unwrap();
    let block = chain.blocks.iter().rev().find(|(block, _)| block.transactions.len() > 1).unwrap().0.clone();
    (chain, block)
}

#[test]
fn no_single_bit_of_a_block_can_change() {
    let (chain, block) = sample();
    let parent = block.header.height.get() as usize - 1;
    let (good, now) = (block.encode(), block.header.time);
    assert!(chain.check(parent, &good, now).is_ok());
    let mut ids = std::collections::HashSet::from([block.id()]);
    for bit in 0..8 * good.len() {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verdict = chain.check(parent, &bytes, now);
        if bit / 8 < Header::BYTES {
            let header = decode(&chain.spec, &bytes).unwrap().header;
            assert!(ids.insert(header.id()), "bit {bit} of the header does not change the id");
            // Time, nonce and nothing else may be another good header of the same content.
            let free = (84..92).contains(&(bit / 8)) || bit / 8 >= Header::NONCE_OFFSET;
            assert!(free || verdict.is_err(), "bit {bit}");
        } else {
            let error = verdict.expect_err("the body is committed to");
            assert!(!error.marks_id_invalid(), "bit {bit}: {error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_panic(head in prop::collection::vec(any::<u8>(), 0..400), cut: prop::sample::Index) {
        let spec = crate::testing::lab();
        prop_assert!(decode(&spec, &head).is_err());
        let mut block = genesis(&spec).encode();
        let at = cut.index(block.len());
        block.truncate(at);
        prop_assert!(decode(&spec, &block).is_err());
        block.extend(head);
        if let Ok(decoded) = decode(&spec, &block) {
            prop_assert_eq!(decoded.encode(), block);
        }
    }
}
