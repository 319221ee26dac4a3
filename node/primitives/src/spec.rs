//! Chain specs: every number that makes one network differ from another, as data.
//!
//! The three built-in networks are the files under `assets/chains`, in the same form that a private network's
//! file has. Whether a spec is a sound one is decided by `vibecoin-consensus`.

use std::str::FromStr;

use borsh::BorshSerialize;
use serde::{Deserialize, Serialize};
use vibecoin_crypto::{Hash, Tag};

use crate::address::{Address, AddressPrefix};
use crate::amount::Amount;
use crate::encoding;
use crate::pow::Bits;
use crate::units::Timestamp;

#[cfg(test)]
mod tests;

static SPEC: Tag = Tag::new("vibe/spec/v1");

/// Money that exists from the genesis on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Who has it.
    pub address: Address,
    /// How much.
    pub amount: Amount,
}

/// The rules of one network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainSpec {
    /// Signed into every transaction, so that none is valid on two networks.
    pub chain_id: u32,
    /// The time between blocks that difficulty aims at, in ms.
    pub interval_ms: u64,
    /// Ticks in a Proof of History segment.
    pub poh_ticks: u32,
    /// Sequential hashes from one tick to the next.
    pub poh_hashes_per_tick: u64,
    /// How long a deviation takes to halve or double the target, in ms; 0: the difficulty never changes.
    pub half_life_ms: u64,
    /// The easiest target there may be.
    pub easiest_bits: Bits,
    /// The target of the genesis and of block 1.
    pub genesis_bits: Bits,
    /// The least time between a block and its parent, in ms.
    pub min_delta_ms: u64,
    /// What addresses start with.
    pub address_prefix: AddressPrefix,
    /// Gas of one block.
    pub block_gas: u64,
    /// The encoded transactions of one block, in bytes.
    pub block_bytes: u64,
    /// The time of the genesis.
    pub genesis_time: Timestamp,
    /// Money that exists from the start.
    pub genesis_allocation: Vec<Allocation>,
}

impl ChainSpec {
    /// What the genesis block names as its parent: a commitment to every rule but the allocation, which the
    /// genesis state commits to.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        #[derive(BorshSerialize)]
        struct Row<'a> {
            prefix: &'a str,
            chain_id: u32,
            interval_ms: u64,
            poh_ticks: u32,
            poh_hashes_per_tick: u64,
            half_life_ms: u64,
            easiest_bits: Bits,
            genesis_bits: Bits,
            min_delta_ms: u64,
            block_gas: u64,
            block_bytes: u64,
            genesis_time: Timestamp,
        }
        let row = Row {
            prefix: self.address_prefix.as_str(),
            chain_id: self.chain_id,
            interval_ms: self.interval_ms,
            poh_ticks: self.poh_ticks,
            poh_hashes_per_tick: self.poh_hashes_per_tick,
            half_life_ms: self.half_life_ms,
            easiest_bits: self.easiest_bits,
            genesis_bits: self.genesis_bits,
            min_delta_ms: self.min_delta_ms,
            block_gas: self.block_gas,
            block_bytes: self.block_bytes,
            genesis_time: self.genesis_time,
        };
        SPEC.hash(&[&encoding::encode(&row)])
    }

    /// True when the difficulty follows the hash rate. Where it does not, a miner paces itself.
    #[must_use]
    pub const fn retargets(&self) -> bool {
        self.half_life_ms != 0
    }

    /// Sequential hashes of one segment.
    #[must_use]
    pub fn poh_hashes(&self) -> u64 {
        u64::from(self.poh_ticks) * self.poh_hashes_per_tick
    }

    /// Reads a chain spec file: JSON with exactly the keys of the built-in ones.
    ///
    /// # Errors
    /// [`SpecFileError`] naming the line or the key.
    pub fn from_json(text: &str) -> Result<Self, SpecFileError> {
        let file: SpecFile = serde_json::from_str(text)?;
        file.try_into()
    }

    /// The chain spec file that reads back as this spec.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(&SpecFile::from(self))
            .expect("plain numbers and strings are always JSON")
    }
}

/// Why a file is not a chain spec.
#[derive(Debug, thiserror::Error)]
pub enum SpecFileError {
    /// Not JSON, or not these keys; the message names line and column.
    #[error("not a chain spec: {0}")]
    Json(#[from] serde_json::Error),
    /// A value that cannot be read.
    #[error("{key}: {text:?} is not {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What stands there.
        text: String,
        /// What should.
        expected: &'static str,
    },
}

/// The file, key for key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecFile {
    chain_id: u32,
    interval_ms: u64,
    poh_ticks: u32,
    poh_hashes_per_tick: u64,
    half_life_ms: u64,
    easiest_bits: String,
    genesis_bits: String,
    min_delta_ms: u64,
    address_prefix: String,
    block_gas: u64,
    block_bytes: u64,
    genesis_time_ms: u64,
    genesis_allocation: Vec<AllocationRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AllocationRow {
    address: String,
    beats: u64,
}

impl From<&ChainSpec> for SpecFile {
    fn from(spec: &ChainSpec) -> Self {
        let row = |a: &Allocation| AllocationRow {
            address: hex::encode(a.address.as_bytes()),
            beats: a.amount.beats(),
        };
        Self {
            chain_id: spec.chain_id,
            interval_ms: spec.interval_ms,
            poh_ticks: spec.poh_ticks,
            poh_hashes_per_tick: spec.poh_hashes_per_tick,
            half_life_ms: spec.half_life_ms,
            easiest_bits: spec.easiest_bits.to_string(),
            genesis_bits: spec.genesis_bits.to_string(),
            min_delta_ms: spec.min_delta_ms,
            address_prefix: spec.address_prefix.to_string(),
            block_gas: spec.block_gas,
            block_bytes: spec.block_bytes,
            genesis_time_ms: spec.genesis_time.get(),
            genesis_allocation: spec.genesis_allocation.iter().map(row).collect(),
        }
    }
}

impl TryFrom<SpecFile> for ChainSpec {
    type Error = SpecFileError;

    fn try_from(file: SpecFile) -> Result<Self, SpecFileError> {
        let allocation = |row: AllocationRow| {
            let mut bytes = [0; 20];
            match hex::decode_to_slice(&row.address, &mut bytes) {
                Ok(()) => {
                    Ok(Allocation { address: Address::new(bytes), amount: Amount::from_beats(row.beats) })
                }
                Err(_) => Err(SpecFileError::Value {
                    key: "genesis_allocation.address",
                    text: row.address,
                    expected: "20 bytes in hex",
                }),
            }
        };
        Ok(Self {
            chain_id: file.chain_id,
            interval_ms: file.interval_ms,
            poh_ticks: file.poh_ticks,
            poh_hashes_per_tick: file.poh_hashes_per_tick,
            half_life_ms: file.half_life_ms,
            easiest_bits: bits("easiest_bits", file.easiest_bits)?,
            genesis_bits: bits("genesis_bits", file.genesis_bits)?,
            min_delta_ms: file.min_delta_ms,
            address_prefix: AddressPrefix::new(&file.address_prefix).ok_or(SpecFileError::Value {
                key: "address_prefix",
                text: file.address_prefix,
                expected: "1 to 16 lower-case letters",
            })?,
            block_gas: file.block_gas,
            block_bytes: file.block_bytes,
            genesis_time: Timestamp::new(file.genesis_time_ms),
            genesis_allocation: file
                .genesis_allocation
                .into_iter()
                .map(allocation)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn bits(key: &'static str, text: String) -> Result<Bits, SpecFileError> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    match digits.map(|digits| u32::from_str_radix(digits, 16)) {
        Some(Ok(value)) => Ok(Bits::new(value)),
        _ => Err(SpecFileError::Value { key, text, expected: "a number like 0x1d00ffff" }),
    }
}

/// The networks that every binary knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// The real one.
    Mainnet,
    /// The public one for trying things out.
    Testnet,
    /// One's own machine: easy blocks, funded test accounts.
    Devnet,
}

impl Network {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mainnet, Self::Testnet, Self::Devnet];

    /// Its name, as on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainnet => "mainnet",
            Self::Testnet => "testnet",
            Self::Devnet => "devnet",
        }
    }

    /// Its rules.
    #[must_use]
    pub fn spec(self) -> ChainSpec {
        let file = match self {
            Self::Mainnet => include_str!("../../../assets/chains/mainnet.json"),
            Self::Testnet => include_str!("../../../assets/chains/testnet.json"),
            Self::Devnet => include_str!("../../../assets/chains/devnet.json"),
        };
        ChainSpec::from_json(file).expect("the embedded files are read by a test")
    }

    /// The first of its three ports: P2P, then RPC, then metrics.
    #[must_use]
    pub const fn base_port(self) -> u16 {
        match self {
            Self::Mainnet => 8423,
            Self::Testnet => 18423,
            Self::Devnet => 28423,
        }
    }

    /// The port at which nodes meet.
    #[must_use]
    pub const fn p2p_port(self) -> u16 {
        self.base_port()
    }

    /// The port of the API.
    #[must_use]
    pub const fn rpc_port(self) -> u16 {
        self.base_port() + 1
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        Self::ALL
            .into_iter()
            .find(|network| network.name() == text)
            .ok_or_else(|| UnknownNetwork(text.to_owned()))
    }
}

/// A name that no built-in network has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a network: mainnet, testnet and devnet are")]
pub struct UnknownNetwork(pub String);
