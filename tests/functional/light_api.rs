//! What light clients ask a node, over the wire as any program would ask.

mod client;

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::{Value, json};
use vibecoin_consensus::light::Params;
use vibecoin_consensus::light::poh_fault::PohFault;
use vibecoin_crypto::{Hash, merkle, state_tree};
use vibecoin_primitives::{
    Account, Address, AddressPrefix, Block, Height, Network, Transaction, encoding, state_key,
};
use vibecoin_rpc::types::{AddressText, BlockRef};
use vibecoin_rpc::{ApiError, NodeApi, Subject};

use self::client::Client;
use super::text;
use crate::support::forge::{self, Forge};
use crate::support::{Home, Running};

/// Blocks that both branches of the test chain share.
const TRUNK: u64 = 4_000;

/// Two branches on one trunk, on a network that retargets: the shorter one came first, and stands beside now.
struct Branches {
    spec: Vec<u8>,
    /// Trunk, shorter branch, longer branch.
    files: [Vec<u8>; 3],
    beside: Hash,
    tip: Hash,
}

impl Branches {
    /// Made once for all tests.
    fn get() -> &'static Self {
        static MADE: OnceLock<Branches> = OnceLock::new();
        MADE.get_or_init(Self::make)
    }

    fn make() -> Self {
        let home = Home::new();
        let spec = home.path().join("spec.json");
        let mut new_spec = vec!["chain", "new-spec", "--out", spec.to_str().unwrap()];
        for change in [
            "genesis_time_ms=1767225600000",
            "half_life_ms=300000",
            "genesis_bits=0x2007ffff",
            "poh_ticks=2",
            "poh_hashes_per_tick=2",
        ] {
            new_spec.extend(["--set", change]);
        }
        home.ok(&new_spec);
        let home = home.on_network(&spec);
        let make = |name: &str, more: &[&str]| -> (PathBuf, Hash) {
            let file = home.path().join(name);
            let made = home.json(&[&["chain", "generate", "--out", file.to_str().unwrap()], more].concat());
            (file, text(&made["tip"]).parse().unwrap())
        };
        let (trunk, _) = make("trunk", &["--blocks", &TRUNK.to_string()]);
        let on = trunk.to_str().unwrap();
        let (short, beside) = make("short", &["--blocks", "5", "--seed", "2", "--on", on]);
        let (long, tip) = make("long", &["--blocks", "6", "--seed", "3", "--on", on]);
        let read = |file: PathBuf| std::fs::read(file).unwrap();
        Self { spec: read(spec.clone()), files: [trunk, short, long].map(read), beside, tip }
    }

    /// A home whose chain has both branches, and a node in it.
    fn start(&self) -> (Home, Running, Client) {
        let home = Home::new();
        let spec = home.write("spec.json", &self.spec);
        let home = home.on_network(&spec);
        for (number, file) in self.files.iter().enumerate() {
            let file = home.write(&format!("chain-{number}"), file);
            home.ok(&["--json", "chain", "import", file.to_str().unwrap()]);
        }
        let node = home.node(&[]);
        let client = Client::of(&node, &spec);
        (home, node, client)
    }
}

#[test]
fn every_stored_tip_is_proven_and_every_header_below_it() {
    let branches = Branches::get();
    let (_home, node, client) = branches.start();
    let at = |height: u64| client.ask(client.api.chain_header(BlockRef::Height(Height::new(height)))).id;
    assert_eq!(client.claim(None).id(), branches.tip);
    let tips =
        [branches.tip, branches.beside, client.genesis, at(1), at(2), at(255), at(256), at(257), at(3_000)];
    for id in tips {
        let claim = client.claim(Some(id));
        for params in
            [Params::DEFAULT, Params::PARANOID, Params::new(1, 1).unwrap(), Params::new(2_048, 64).unwrap()]
        {
            let proven = client.proven(&claim, params);
            let shown = claim.header().height.get().min(u64::from(params.last()));
            assert_eq!(proven.recent().len() as u64, shown);
        }
    }
    let beside = client.claim(Some(branches.beside));
    for height in [0, 1, 2, 1_000, 2_047, 2_048, TRUNK, TRUNK + 4] {
        let (id, content) = client.ancestor(&beside, height);
        let shown = client.ask(client.api.chain_header(BlockRef::Id(id)));
        assert_eq!((shown.height.get(), shown.state_root), (height, content.state_root));
        assert_eq!(shown.active, height <= TRUNK);
    }

    // From the branch that lost: six headers, from where it leaves the chain. From the genesis: all, in three answers.
    let told = client.ask(client.api.light_headers(branches.beside, None));
    assert_eq!((told.fork_height.get(), told.records.as_bytes().len()), (TRUNK, 6 * 52));
    assert_eq!(client.follow(&told), (branches.tip, told.tip_work.0.get()));
    let (mut from, mut answers) = (client.genesis, 0);
    while from != branches.tip {
        let told = client.ask(client.api.light_headers(from, None));
        (from, answers) = (client.follow(&told).0, answers + 1);
    }
    assert_eq!(answers, 3);
    let told = client.ask(client.api.light_headers(branches.tip, Some(10)));
    assert_eq!((told.fork_id, told.records.as_bytes().len()), (branches.tip, 0));
    assert_eq!(node.terminate().code, Some(0));
}

#[test]
fn what_cannot_be_proven_is_refused_by_its_name() {
    let home = Home::new();
    home.json(&["chain", "generate", "--blocks", "20"]);
    let node = home.node(&[]);
    let client = Client::on(&node, Network::Devnet.spec());
    let (api, tip, seed) = (&client.api, client.claim(None).id(), Hash::new([7; 32]));
    let unknown = Hash::new([9; 32]);
    let no_block = ApiError::NotFound { what: Subject::Block, key: unknown.to_string() };
    assert_eq!(client.refusal(api.light_tip(Some(unknown))), no_block);
    assert_eq!(client.refusal(api.light_prove(unknown, seed, 256, 25)), no_block);
    assert_eq!(client.refusal(api.light_headers(unknown, None)), no_block);
    assert_eq!(client.refusal(api.light_ancestor(unknown, Height::GENESIS)), no_block);
    for (last, draws) in [(0, 25), (2_049, 25), (u32::MAX, 25), (256, 0), (256, 65), (256, u32::MAX)] {
        let refused = client.refusal(api.light_prove(tip, seed, last, draws));
        assert!(matches!(refused, ApiError::InvalidParams { .. }), "{last} {draws}: {refused:?}");
    }
    for refused in [
        client.refusal(api.light_headers(tip, Some(2_001))),
        client.refusal(api.light_ancestor(tip, Height::new(20))),
        client.refusal(api.light_ancestor(tip, Height::new(u64::MAX))),
    ] {
        assert!(matches!(refused, ApiError::InvalidParams { .. }), "{refused:?}");
    }
    let said = client.refusal(api.light_ancestor(tip, Height::new(20))).to_string();
    assert!(said.contains("20"), "{said}");

    // What the types of a client of ours cannot even say.
    let id = "ab".repeat(32);
    for params in [
        json!([id, id, -1, 25]),
        json!([id, id, 4_294_967_296_u64, 25]),
        json!([id, id, 1.5, 25]),
        json!([id, id, 256]),
        json!([id, &id[2..], 256, 25]),
        json!([id, format!("{id}00"), 256, 25]),
        json!([id, "zz".repeat(32), 256, 25]),
        json!([id, id, 256, 25, 1]),
        json!({ "tip": id }),
    ] {
        let answer: Value = serde_json::from_str(&client.post("light_prove", &params, false).text()).unwrap();
        assert_eq!(answer["error"]["code"], -32602, "{params}: {answer}");
    }
    drop(node);
}

#[test]
fn answers_in_gzip_are_the_same_and_hex_becomes_half_of_it() {
    let branches = Branches::get();
    let (_home, _node, client) = branches.start();
    let seed = "5e".repeat(32);
    let calls = [
        ("light_tip", json!([])),
        ("light_prove", json!([branches.tip, seed, 256, 25])),
        ("light_headers", json!([client.genesis, 2_000])),
    ];
    let (mut plain_bytes, mut packed_bytes) = (0, 0);
    for (method, params) in calls {
        let (plain, packed) = (client.post(method, &params, false), client.post(method, &params, true));
        assert!(!plain.is_packed() && packed.is_packed(), "{method}: {}", packed.head);
        assert_eq!(plain.text(), packed.text());
        println!("{method}: {} bytes, in gzip {}", plain.body.len(), packed.body.len());
        plain_bytes += plain.body.len();
        packed_bytes += packed.body.len();
    }
    assert!(packed_bytes * 10 < plain_bytes * 7, "{packed_bytes} of {plain_bytes}");
}

#[test]
fn many_questions_at_once_are_answered_or_turned_away() {
    let branches = Branches::get();
    let (_home, _node, client) = branches.start();
    let kinds: Vec<Value> = std::thread::scope(|scope| {
        let ask = |number: u8| {
            let (client, tip) = (&client, branches.tip);
            move || {
                let params = json!([tip, Hash::new([number; 32]), 2_048, 64]);
                let answer: Value =
                    serde_json::from_str(&client.post("light_prove", &params, false).text()).unwrap();
                if answer["result"]["proof"].is_string() {
                    json!("proof")
                } else {
                    answer["error"]["data"]["kind"].clone()
                }
            }
        };
        let asking: Vec<_> = (0..60).map(|number| scope.spawn(ask(number))).collect();
        asking.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let proofs = kinds.iter().filter(|kind| **kind == "proof").count();
    assert!(kinds.iter().all(|kind| *kind == "proof" || *kind == "busy"), "{kinds:?}");
    assert!(proofs >= 32, "{kinds:?}");
    client.proven(&client.claim(None), Params::DEFAULT);
}

#[test]
fn a_node_proves_a_false_segment_that_it_refused() {
    let spec = forge::spec(1);
    let mut forge = Forge::new(spec.clone());
    let home = Home::new();
    let file = home.write("spec.json", spec.to_json());
    let home = home.on_network(&file);
    let node = home.node(&[]);
    let client = Client::of(&node, &file);

    let time = forge.after(&forge.genesis(), 1_000);
    let good = forge.child(&forge.genesis(), Vec::new(), time);
    let mut bad = good.clone();
    bad.ticks[1] = Hash::ZERO;
    let bad = forge::with_committed(bad);
    let submit = |block: &Block| home.run(&["--json", "rpc", "chain_submit", &hex::encode(block.encode())]);
    let fault = |id: Hash| client.ask(client.api.light_poh_fault(id)).fault;
    assert_eq!(fault(bad.id()), None);
    let refused = submit(&bad);
    assert!(refused.code == Some(8) && refused.stderr.contains("POH-3"), "{refused:?}");
    let proof = PohFault::decode(fault(bad.id()).unwrap().as_bytes()).unwrap();
    assert_eq!(proof.verify(&client.spec, &bad.header), Ok(()));

    let said = client.refusal(client.api.light_tip(Some(bad.id())));
    assert!(matches!(&said, ApiError::BlockRefused { rule, .. } if rule == "POH-3"), "{said:?}");
    assert_eq!(submit(&good).code, Some(0));
    assert_eq!(fault(good.id()), None);
    assert!(proof.verify(&client.spec, &good.header).is_err());
    assert_eq!(client.claim(None).id(), good.id());
}

#[test]
fn balances_payments_and_histories_follow_from_a_proven_tip() {
    let home = Home::new();
    let made =
        ["chain", "generate", "--blocks", "600", "--txs-per-block", "3", "--accounts", "20", "--seed", "7"];
    home.json(&made);
    let node = home.node(&[]);
    let client = Client::on(&node, Network::Devnet.spec());
    let tip = client.claim(None);
    client.proven(&tip, Params::DEFAULT);

    // A payment: its whole encoding under the root of a block, and that block under the tip.
    let block = client.ask(client.api.chain_block(BlockRef::Height(Height::new(300))));
    let (_, content) = client.ancestor(&tip, 300);
    for (place, shown) in block.transactions.iter().enumerate() {
        let detail = client.ask(client.api.chain_tx(shown.txid));
        let payment = Transaction::decode(detail.raw.as_bytes()).unwrap();
        assert_eq!((payment.id(), detail.position), (shown.txid, Some(place as u32)));
        assert_eq!(detail.block.unwrap().id, block.header.id);
        let (count, leaf) = (u64::from(content.tx_count), payment.leaf_hash());
        assert!(merkle::verify(&content.tx_root, count, place as u64, &leaf, &detail.merkle_path));
    }

    // A balance, as deep as it is served, and the absence of one.
    let prefix = AddressPrefix::DEVNET;
    let payer: Address = block.transactions[0].from.decode(prefix).unwrap();
    for depth in [0, 1, 6, 100, 512] {
        let height = 600 - depth;
        let root = match depth {
            0 => tip.content().state_root,
            _ => client.ancestor(&tip, height).1.state_root,
        };
        for (address, is_there) in [(payer, true), (Address::new([0xee; 20]), false)] {
            let shown = AddressText::new(&address, prefix);
            let answer = client.ask(client.api.state_proof(shown, None, Some(Height::new(height))));
            let proof: state_tree::StateProof = encoding::decode(answer.proof.as_bytes()).unwrap();
            let key = state_key::account(&address);
            match answer.account {
                Some(account) => {
                    proof.verify_inclusion(&root, &key, account.as_bytes()).unwrap();
                    assert!(is_there && encoding::decode::<Account>(account.as_bytes()).is_ok());
                }
                None => {
                    proof.verify_absence(&root, &key).unwrap();
                    assert!(!is_there);
                }
            }
        }
    }

    // A history: from a count that was proven down to the first entry, whatever is mined meanwhile.
    let shown = AddressText::new(&payer, prefix);
    let proven =
        client.ask(client.api.state_proof(shown.clone(), None, Some(Height::new(594)))).account.unwrap();
    let proven: Account = encoding::decode(proven.as_bytes()).unwrap();
    let page =
        || client.ask(client.api.account_history(shown.clone(), Some(proven.activity_count), Some(1_000)));
    let before = page();
    home.json(&["dev", "mine", "5", "--to", shown.as_str()]);
    let after = page();
    assert_eq!((after.height.get(), &after.entries), (605, &before.entries));
    let oldest_first = after.entries.iter().rev();
    let head = oldest_first.fold(Hash::ZERO, |head, entry| entry.to_entry(prefix).unwrap().fold(&head));
    assert_eq!((head, after.entries.len() as u64), (proven.activity_head, proven.activity_count));
    drop(node);
}
