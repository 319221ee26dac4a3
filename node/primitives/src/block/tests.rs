use serde_json::Value;

use super::*;
use crate::testing::{address, bytes, cases, hash, number, text};

fn header(fields: &Value) -> Header {
    Header {
        history_root: hash(fields, "history_root"),
        content_root: hash(fields, "content_root"),
        version: number(fields, "version") as u32,
        height: Height::new(number(fields, "height")),
        prev_time: Timestamp::new(number(fields, "prev_time")),
        time: Timestamp::new(number(fields, "time")),
        bits: Bits::new(u32::from_str_radix(&text(fields, "bits")[2..], 16).unwrap()),
        nonce: number(fields, "nonce"),
    }
}

#[test]
fn headers_follow_the_vectors() {
    for case in cases("header", "cases") {
        let header = header(&case["fields"]);
        assert_eq!(header.to_bytes().as_slice(), bytes(&case, "header"));
        assert_eq!(header.id(), hash(&case, "id"));
        assert_eq!(header.to_bytes()[..64], bytes(&case, "midstate_input"));
        assert_eq!(encoding::decode(&bytes(&case, "header")), Ok(header));
    }
    for case in cases("header", "reject") {
        assert!(encoding::decode::<Header>(&bytes(&case, "header")).is_err(), "{case}");
    }
}

#[test]
fn the_nonce_stands_where_it_is_said() {
    let mut fields = cases("header", "cases")[0]["fields"].clone();
    fields["nonce"] = Value::from("0xff".len());
    let bytes = header(&fields).to_bytes();
    assert_eq!(bytes[Header::NONCE_OFFSET..], 4u64.to_le_bytes());
}

#[test]
fn contents_follow_the_vectors() {
    for case in cases("content", "cases") {
        let fields = &case["fields"];
        let content = Content {
            parent_id: hash(fields, "parent_id"),
            state_root: hash(fields, "state_root"),
            tx_root: hash(fields, "tx_root"),
            receipts_root: hash(fields, "receipts_root"),
            poh_root: hash(fields, "poh_root"),
            poh_hash: hash(fields, "poh_hash"),
            beneficiary: address(fields, "beneficiary"),
            gas_used: number(fields, "gas_used"),
            tx_count: number(fields, "tx_count") as u32,
        };
        let raw = encoding::encode(&content);
        assert_eq!(raw, bytes(&case, "content"));
        assert_eq!(raw.len(), Content::BYTES);
        assert_eq!(content.root(), hash(&case, "content_root"));
    }
}

#[test]
fn poh_trees_and_records_follow_the_vectors() {
    for case in cases("poh", "cases") {
        let ticks: Vec<Hash> = case["tick_hashes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(poh_root(&ticks), hash(&case, "poh_root"));
        let last = ticks.last().unwrap();
        assert_eq!(poh_record(last, &hash(&case, "tx_root")), hash(&case, "poh_hash"));
    }
}

#[test]
fn blocks_of_the_chains_decode_and_encode_back() {
    for chain in cases("chain", "chains") {
        for row in chain["blocks"].as_array().unwrap() {
            let raw = bytes(row, "block");
            let block = Block::decode(&raw).unwrap();
            assert_eq!(block.id(), hash(row, "id"));
            assert_eq!(block.content.root(), block.header.content_root);
            assert_eq!(tx_root(&block.transactions), block.content.tx_root);
            assert_eq!(poh_root(&block.ticks), block.content.poh_root);
            assert_eq!(block.encode(), raw);
        }
    }
}
