//! Reading the protocol's vectors, and inputs that are anything at all.
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, ChainSpec, Header, Height, Network, Timestamp};

/// Nonces that a test tries: far more than the lab's difficulty needs, and soon over where none fits.
pub(crate) const TRIES: u64 = 1 << 20;

/// One file of the protocol's vectors.
pub(crate) fn vectors(name: &str) -> Value {
    let path = format!("{}/../../assets/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// One list of a file; it has at least one case.
pub(crate) fn cases(name: &str, list: &str) -> Vec<Value> {
    let cases = vectors(name)[list].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} of {value}"))
}

pub(crate) fn bytes(value: &Value, key: &str) -> Vec<u8> {
    hex::decode(text(value, key)).unwrap()
}

pub(crate) fn hash(value: &Value, key: &str) -> Hash {
    text(value, key).parse().unwrap()
}

pub(crate) fn hashes(value: &Value, key: &str) -> Vec<Hash> {
    value[key].as_array().unwrap().iter().map(|item| item.as_str().unwrap().parse().unwrap()).collect()
}

/// A number, written as one or as a decimal string.
pub(crate) fn number(value: &Value, key: &str) -> u64 {
    u64::try_from(wide(value, key)).unwrap()
}

/// A number that may exceed `u64`.
pub(crate) fn wide(value: &Value, key: &str) -> u128 {
    let value = &value[key];
    value.as_u64().map_or_else(|| value.as_str().unwrap().parse().unwrap(), u128::from)
}

pub(crate) fn bits(value: &Value, key: &str) -> Bits {
    Bits::new(u32::from_str_radix(text(value, key).strip_prefix("0x").unwrap(), 16).unwrap())
}

pub(crate) fn time(value: &Value, key: &str) -> Timestamp {
    Timestamp::new(number(value, key))
}

pub(crate) fn height(value: &Value, key: &str) -> Height {
    Height::new(number(value, key))
}

/// The spec of a network as it stands in a file's `networks`.
pub(crate) fn spec_of(file: &Value, network: &str) -> ChainSpec {
    let mut spec = file["networks"][network].clone();
    spec.as_object_mut().unwrap().remove("genesis_id");
    ChainSpec::from_json(&spec.to_string()).unwrap()
}

/// A fast-retargeting, easy private network.
pub(crate) fn lab() -> ChainSpec {
    static LAB: LazyLock<ChainSpec> = LazyLock::new(|| spec_of(&vectors("genesis"), "lab"));
    LAB.clone()
}

/// The three built-in networks and the lab.
pub(crate) fn specs() -> &'static [ChainSpec] {
    static SPECS: LazyLock<Vec<ChainSpec>> =
        LazyLock::new(|| Network::ALL.into_iter().map(Network::spec).chain([lab()]).collect());
    &SPECS
}

/// A header of zeros with these bits.
pub(crate) fn header(bits: u32) -> Header {
    Header {
        history_root: Hash::ZERO,
        content_root: Hash::ZERO,
        version: 1,
        height: Height::new(1),
        prev_time: Timestamp::new(0),
        time: Timestamp::new(1),
        bits: Bits::new(bits),
        nonce: 0,
    }
}

/// Numbers of every size, for one drawn from all of them is nearly always huge.
pub(crate) fn any_number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift)
}

/// Any spec, sound or not; half of the bits are those of a target.
pub(crate) fn any_spec() -> impl Strategy<Value = ChainSpec> {
    let bits = || {
        prop_oneof![
            any::<u32>(),
            (1_u32..=0x20, 0x8000_u32..0x80_0000).prop_map(|(size, mantissa)| size << 24 | mantissa)
        ]
    };
    (any_number(), any_number(), any_number(), bits(), bits()).prop_map(
        |(interval, half_life, start, easiest, genesis)| ChainSpec {
            interval_ms: interval,
            half_life_ms: half_life,
            genesis_time: Timestamp::new(start),
            easiest_bits: Bits::new(easiest),
            genesis_bits: Bits::new(genesis),
            ..lab()
        },
    )
}
