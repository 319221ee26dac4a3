//! What the model reads and hashes, written down byte by byte: SHA-256 in its three forms, the trees over lists, and
//! blocks as they travel. Nothing of the project's own encoding is used.

use sha2::{Digest, Sha256};

/// Thirty-two bytes, compared as a big-endian number.
pub type Hash = [u8; 32];
/// The bytes of an account's name.
pub type Address = [u8; 20];

pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// `H(H(tag) ‖ H(tag) ‖ message)`.
pub fn tagged(tag: &str, message: &[&[u8]]) -> Hash {
    let tag = sha256(&[tag.as_bytes()]);
    sha256(&[&tag, &tag, &message.concat()])
}

/// The tree of RFC 6962 over a list.
pub fn tree<T: AsRef<[u8]>>(leaves: &[T]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => sha256(&[&[0], leaf.as_ref()]),
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            sha256(&[&[1], &tree(&leaves[..split]), &tree(&leaves[split..])])
        }
    }
}

/// A transaction, and its bytes without and with the signature.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub version: u8,
    pub chain_id: u32,
    pub nonce: u64,
    pub valid_until: u64,
    pub gas_limit: u64,
    pub gas_price: u64,
    pub to: Option<Address>,
    pub value: u64,
    pub data: usize,
    pub key: Hash,
    pub signature: [u8; 64],
    pub txid: Hash,
    pub whole: Vec<u8>,
}

impl Transaction {
    pub fn sender(&self) -> Address {
        tagged("vibe/addr/v1", &[&self.key])[..20].try_into().unwrap()
    }

    /// The gas it uses: a plain transfer never needs more.
    pub fn intrinsic_gas(&self) -> u64 {
        21_000 + 16 * self.data as u64 + if self.to.is_none() { 32_000 } else { 0 }
    }
}

/// A header, and what it hashes to.
#[derive(Clone, Debug)]
pub struct Header {
    pub history_root: Hash,
    pub content_root: Hash,
    pub version: u32,
    pub height: u64,
    pub prev_time: u64,
    pub time: u64,
    pub bits: u32,
    pub id: Hash,
}

/// What a header commits to, and what it hashes to.
#[derive(Clone, Debug)]
pub struct Content {
    pub parent_id: Hash,
    pub state_root: Hash,
    pub tx_root: Hash,
    pub receipts_root: Hash,
    pub poh_root: Hash,
    pub poh_hash: Hash,
    pub beneficiary: Address,
    pub gas_used: u64,
    pub tx_count: u32,
    pub root: Hash,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub header: Header,
    pub content: Content,
    pub ticks: Vec<Hash>,
    pub transactions: Vec<Transaction>,
}

/// Reads a block and nothing else; `None` for anything that is not exactly one.
pub fn read(bytes: &[u8]) -> Option<Block> {
    let mut rest = Rest(bytes);
    let header = rest.header()?;
    let content = rest.content()?;
    let ticks = (0..rest.u32()?).map(|_| rest.array()).collect::<Option<_>>()?;
    let transactions = (0..rest.u32()?).map(|_| rest.transaction()).collect::<Option<_>>()?;
    rest.0.is_empty().then_some(Block { header, content, ticks, transactions })
}

/// The bytes that have not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn header(&mut self) -> Option<Header> {
        let whole = &self.0[..self.0.len().min(104)];
        let header = Header {
            history_root: self.array()?,
            content_root: self.array()?,
            version: self.u32()?,
            height: self.u64()?,
            prev_time: self.u64()?,
            time: self.u64()?,
            bits: self.u32()?,
            id: sha256(&[&sha256(&[whole])]),
        };
        self.u64()?; // The nonce matters only to the id.
        Some(header)
    }

    fn content(&mut self) -> Option<Content> {
        let whole = &self.0[..self.0.len().min(224)];
        Some(Content {
            parent_id: self.array()?,
            state_root: self.array()?,
            tx_root: self.array()?,
            receipts_root: self.array()?,
            poh_root: self.array()?,
            poh_hash: self.array()?,
            beneficiary: self.array()?,
            gas_used: self.u64()?,
            tx_count: self.u32()?,
            root: tagged("vibe/content/v1", &[whole]),
        })
    }

    fn transaction(&mut self) -> Option<Transaction> {
        let before = self.0;
        let [version] = self.array()?;
        let mut transaction = Transaction {
            version,
            chain_id: self.u32()?,
            nonce: self.u64()?,
            valid_until: self.u64()?,
            gas_limit: self.u64()?,
            gas_price: self.u64()?,
            to: match self.array()? {
                [0] => None,
                [1] => Some(self.array()?),
                _ => return None,
            },
            value: self.u64()?,
            data: self.u32()? as usize,
            key: [0; 32],
            signature: [0; 64],
            txid: [0; 32],
            whole: Vec::new(),
        };
        self.take(transaction.data)?;
        transaction.key = self.array()?;
        let body = &before[..before.len() - self.0.len()];
        transaction.signature = self.array()?;
        transaction.txid = tagged("vibe/tx/v1", &[body]);
        transaction.whole = before[..before.len() - self.0.len()].to_vec();
        Some(transaction)
    }
}
