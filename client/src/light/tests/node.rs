//! A full node in a few lines: what it knows is one chain, and what it says may be a lie.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use vibecoin_consensus::light::poh_fault::PohFault;
use vibecoin_consensus::light::{Params, Range, ancestor, prove};
use vibecoin_consensus::{Node as Peak, Peaks};
use vibecoin_crypto::{Hash, merkle};
use vibecoin_primitives::*;
use vibecoin_rpc::types::*;
use vibecoin_rpc::{ApiError, Subject};

use super::chain::{Chain, Made};
use crate::light::server::tests::hostile::{Asked, Hostile, refusal, result};

/// What a server answers.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Says(Value),
    Refuses(ApiError),
    /// It takes the question and says nothing for as long as anybody waits.
    Silence,
}

impl Reply {
    /// The same with its value changed.
    pub(super) fn map(self, change: impl FnOnce(&mut Value)) -> Self {
        match self {
            Self::Says(mut value) => {
                change(&mut value);
                Self::Says(value)
            }
            other => other,
        }
    }
}

type Lie = Arc<dyn Fn(&str, Reply) -> Reply + Send + Sync>;

pub(super) struct Node {
    pub(super) chain: Chain,
    /// Tips beside the chain that it can prove, too.
    pub(super) others: Vec<Chain>,
    pub(super) pool: HashMap<Hash, Transaction>,
    pub(super) prices: FeePrices,
    /// Takes payments, and does not show them in its pool afterwards.
    pub(super) swallows: bool,
    pub(super) lie: Option<Lie>,
    pub(super) asked: Vec<String>,
}

/// The history of a chain, for the prover.
struct Known {
    inner: HashMap<Hash, (Peak, Peak)>,
    headers: HashMap<Hash, Header>,
}

impl Known {
    fn of(chain: &Chain) -> Self {
        let (mut peaks, mut inner) = (Peaks::new(), HashMap::new());
        for made in &chain.made {
            inner.extend(
                peaks.append(made.leaf).unwrap().into_iter().map(|i| (i.node.hash, (i.left, i.right))),
            );
        }
        Self { inner, headers: chain.made.iter().map(|made| (made.id, made.header)).collect() }
    }
}

impl Range for Known {
    type Error = Infallible;

    fn children(&self, hash: &Hash) -> Result<Option<(Peak, Peak)>, Infallible> {
        Ok(self.inner.get(hash).copied())
    }

    fn header(&self, id: &Hash) -> Result<Option<Header>, Infallible> {
        Ok(self.headers.get(id).copied())
    }
}

/// Puts a node on the wire.
pub(super) async fn serve(node: Arc<Mutex<Node>>) -> Hostile {
    Hostile::start(move |asked: Asked, mut wire| {
        let reply = {
            let mut node = node.lock();
            node.asked.push(asked.method.clone());
            let honest = match node.answer(&asked.method, &asked.params) {
                Ok(value) => Reply::Says(value),
                Err(error) => Reply::Refuses(error),
            };
            node.hear(&asked.method, &asked.params);
            match node.lie.clone() {
                Some(lie) => lie(&asked.method, honest),
                None => honest,
            }
        };
        async move {
            let bytes = match reply {
                Reply::Says(value) => result(&asked, &value),
                Reply::Refuses(error) => {
                    let data = serde_json::to_value(&error).unwrap();
                    refusal(&asked, error.code(), "<<the server's own words>>", &data)
                }
                Reply::Silence => {
                    wire.hold().await;
                    return None;
                }
            };
            wire.say(bytes).await.then_some(wire)
        }
    })
    .await
}

fn hex_of(bytes: impl AsRef<[u8]>) -> HexBytes {
    HexBytes::from(bytes.as_ref().to_vec())
}

fn say(value: impl Serialize) -> Result<Value, ApiError> {
    Ok(serde_json::to_value(value).unwrap())
}

fn missing(what: Subject) -> ApiError {
    ApiError::not_found(what, "<<the server's own words>>")
}

fn read<T: serde::de::DeserializeOwned>(params: &Value, index: usize) -> Option<T> {
    serde_json::from_value(params.get(index)?.clone()).ok()
}

impl Node {
    pub(super) fn new(chain: Chain) -> Self {
        let prices = FeePrices { blocks_1: 20, blocks_3: 18, blocks_10: 16, minimum: 16 };
        Self {
            chain,
            others: Vec::new(),
            pool: HashMap::new(),
            prices,
            swallows: false,
            lie: None,
            asked: Vec::new(),
        }
    }

    /// The chain that has this block, cut there.
    fn below(&self, id: &Hash) -> Result<Chain, ApiError> {
        let all = std::iter::once(&self.chain).chain(&self.others);
        let cut = all.filter_map(|chain| Some(chain.cut(chain.find(id)?.header.height.get())));
        cut.into_iter().next().ok_or_else(|| missing(Subject::Block))
    }

    fn block(&self, which: BlockRef) -> Result<&Made, ApiError> {
        let found = match which {
            BlockRef::Height(height) => self.chain.made.get(height.get() as usize).map(Arc::as_ref),
            BlockRef::Id(id) => {
                let all = std::iter::once(&self.chain).chain(&self.others);
                all.filter_map(|chain| chain.find(&id)).next()
            }
        };
        found.ok_or_else(|| missing(Subject::Block))
    }

    pub(super) fn answer(&self, method: &str, params: &Value) -> Result<Value, ApiError> {
        let unread = || ApiError::InvalidParams { reason: format!("{method}: {params}") };
        match method {
            "light_tip" => {
                let id = read::<Hash>(params, 0).unwrap_or(self.chain.tip().id);
                say(light_tip(&self.below(&id)?))
            }
            "light_prove" => {
                let (id, seed): (Hash, Hash) =
                    (read(params, 0).ok_or_else(unread)?, read(params, 1).ok_or_else(unread)?);
                let (last, draws) =
                    (read(params, 2).ok_or_else(unread)?, read(params, 3).ok_or_else(unread)?);
                let chain = self.below(&id)?;
                let params = Params::new(last, draws).map_err(|_| unread())?;
                let peaks = chain.peaks_at(chain.height());
                let proof = prove(&Known::of(&chain), &peaks, seed.as_bytes(), &params).unwrap();
                say(LightProof { proof: hex_of(proof) })
            }
            "light_headers" => self.headers(&read(params, 0).ok_or_else(unread)?, read(params, 1)),
            "light_ancestor" => {
                let chain = self.below(&read(params, 0).ok_or_else(unread)?)?;
                let height: Height = read(params, 1).ok_or_else(unread)?;
                let peaks = chain.peaks_at(chain.height());
                let (id, path) = ancestor::prove(&Known::of(&chain), &peaks, height)
                    .map_err(|_| missing(Subject::Block))?;
                let made = chain.find(&id).unwrap();
                let record = encoding::encode(&vibecoin_consensus::light::Record::of(&made.header));
                let content = hex_of(encoding::encode(&made.block.content));
                say(LightAncestor { record: hex_of(record), id, content, path: hex_of(path.to_bytes()) })
            }
            "light_poh_fault" => {
                let made = self.block(BlockRef::Id(read(params, 0).ok_or_else(unread)?))?;
                let fault = PohFault::find(&self.chain.spec, &made.block.content, &made.block.ticks);
                say(LightPohFault { fault: fault.map(|fault| hex_of(fault.encode())) })
            }
            "chain_header" => {
                self.block(read(params, 0).ok_or_else(unread)?).and_then(|made| say(header_info(made)))
            }
            "chain_raw_block" => self
                .block(read(params, 0).ok_or_else(unread)?)
                .and_then(|made| say(hex_of(made.block.encode()))),
            "chain_poh" => {
                self.block(read(params, 0).ok_or_else(unread)?).and_then(|made| say(segment(made)))
            }
            "chain_tx" => self.transaction(&read(params, 0).ok_or_else(unread)?),
            "state_proof" => {
                let text: AddressText = read(params, 0).ok_or_else(unread)?;
                let slots: Vec<Hash> = read::<Option<Vec<Hash>>>(params, 1).flatten().unwrap_or_default();
                let height: Height = read(params, 2).ok_or_else(unread)?;
                self.proof(&text, &slots, height)
            }
            "account_history" => {
                let text: AddressText = read(params, 0).ok_or_else(unread)?;
                self.history(&text, read(params, 1).unwrap_or(u64::MAX), read(params, 2).unwrap_or(50))
            }
            "tx_submit" | "tx_status" | "tx_fees" => self.payments(method, params).ok_or_else(unread)?,
            other => Err(ApiError::UnknownMethod { method: other.to_owned() }),
        }
    }

    /// Takes what is handed in.
    fn hear(&mut self, method: &str, params: &Value) {
        let raw = read::<HexBytes>(params, 0).filter(|_| method == "tx_submit");
        let taken = raw.and_then(|raw| Transaction::decode(raw.as_bytes()).ok());
        self.pool.extend(taken.map(|transaction| (transaction.id(), transaction)));
    }

    fn headers(&self, from: &Hash, limit: Option<u32>) -> Result<Value, ApiError> {
        let known = self.below(from)?;
        let shared =
            known.made.iter().zip(&self.chain.made).take_while(|(a, b)| a.id == b.id).count() as u64 - 1;
        let until =
            (shared + 1).saturating_add(u64::from(limit.unwrap_or(2_000))).min(self.chain.height() + 1);
        let records = self.chain.records(shared + 1, until);
        let (fork, tip) = (self.chain.at(shared), self.chain.tip());
        say(LightHeaders {
            fork_id: fork.id,
            fork_height: fork.header.height,
            records: hex_of(records.iter().flat_map(encoding::encode).collect::<Vec<u8>>()),
            tip_id: tip.id,
            tip_height: tip.header.height,
            tip_work: WorkText(self.chain.work()),
        })
    }

    fn transaction(&self, txid: &Hash) -> Result<Value, ApiError> {
        for made in &self.chain.made {
            let all = &made.block.transactions;
            let Some(at) = all.iter().position(|transaction| transaction.id() == *txid) else { continue };
            let leaves: Vec<Hash> = all.iter().map(Transaction::leaf_hash).collect();
            let place = BlockPlace { height: made.header.height, id: made.id, time: made.header.time };
            let gas = Amount::from_beats(all[at].body.gas_limit);
            let receipt = ReceiptInfo {
                succeeded: true,
                gas_used: gas.beats(),
                fee: all[at].body.max_fee().unwrap(),
                burned: gas,
                tip: Amount::ZERO,
                contract: None,
            };
            let path = merkle::path(&leaves, at).unwrap();
            return say(detail(&all[at], Some(receipt), Some((place, at as u32)), path));
        }
        match self.pool.get(txid).filter(|_| !self.swallows) {
            Some(waiting) => say(detail(waiting, None, None, Vec::new())),
            None => Err(missing(Subject::Transaction)),
        }
    }

    fn proof(&self, text: &AddressText, slots: &[Hash], height: Height) -> Result<Value, ApiError> {
        let address = text.decode(self.chain.spec.address_prefix)?;
        let made = self.block(BlockRef::Height(height))?;
        let account = made.ledger.accounts.get(&address).copied().unwrap_or_default();
        let proof = |key| hex_of(encoding::encode(&made.ledger.prove(&key)));
        let slot = |slot: &Hash| SlotProof {
            slot: *slot,
            value: made.ledger.slots.get(&(address, *slot)).copied(),
            proof: proof(state_key::slot(&address, slot)),
        };
        say(StateProof {
            height,
            block_id: made.id,
            state_root: made.block.content.state_root,
            address: text.clone(),
            account: (!account.is_absent()).then(|| hex_of(encoding::encode(&account))),
            proof: proof(state_key::account(&address)),
            slots: slots.iter().map(slot).collect(),
        })
    }

    fn history(&self, text: &AddressText, before: u64, limit: u32) -> Result<Value, ApiError> {
        let address = text.decode(self.chain.spec.address_prefix)?;
        let made = self.chain.tip();
        let account = made.ledger.accounts.get(&address).copied().unwrap_or_default();
        let all = made.ledger.entries.get(&address).cloned().unwrap_or_default();
        let wanted = all.iter().rev().filter(|entry| entry.index < before).take(limit.min(1_000) as usize);
        let memo = |txid: &Hash| {
            let mut all = self.chain.made.iter().flat_map(|made| &made.block.transactions);
            all.find(|transaction| transaction.id() == *txid).map(|transaction| transaction.body.data.clone())
        };
        let info = |entry: &Entry| {
            let memo = memo(&entry.txid).filter(|memo| !memo.is_empty());
            EntryInfo::new(entry, self.chain.spec.address_prefix, Some(Timestamp::new(1)), memo)
        };
        let entries: Vec<EntryInfo> = wanted.map(info).collect();
        say(HistoryPage {
            height: made.header.height,
            block_id: made.id,
            count: account.activity_count,
            head: account.activity_head,
            next_before: entries.last().map(|entry| entry.index).filter(|index| *index > 0),
            entries,
        })
    }

    fn payments(&self, method: &str, params: &Value) -> Option<Result<Value, ApiError>> {
        Some(match method {
            "tx_submit" => {
                let raw: HexBytes = read(params, 0)?;
                let transaction = Transaction::decode(raw.as_bytes()).ok()?;
                let (txid, leaf_hash) = (transaction.id(), transaction.leaf_hash());
                say(TxAccepted { txid, leaf_hash, known: self.pool.contains_key(&txid), replaced: None })
            }
            "tx_status" => {
                let txid: Hash = read(params, 0)?;
                match self.pool.get(&txid) {
                    Some(_) => {
                        say(TxStatus::Pending { place: 1, of: 1, since: Timestamp::new(1), valid_until: 0 })
                    }
                    None => say(TxStatus::Unknown),
                }
            }
            _ => say(self.prices),
        })
    }
}

fn light_tip(chain: &Chain) -> LightTip {
    let (made, peaks) = (chain.tip(), chain.peaks_at(chain.height()));
    LightTip {
        id: made.id,
        height: made.header.height,
        work: WorkText(chain.work()),
        header: hex_of(made.header.to_bytes()),
        content: hex_of(encoding::encode(&made.block.content)),
        peaks: hex_of(peaks.nodes().iter().flat_map(encoding::encode).collect::<Vec<u8>>()),
    }
}

fn header_info(made: &Made) -> Value {
    let (header, content) = (&made.header, &made.block.content);
    json!({
        "id": made.id, "height": header.height, "version": 1, "parent_id": content.parent_id,
        "prev_time": header.prev_time, "time": header.time, "bits": header.bits.to_string(), "nonce": header.nonce,
        "work": "1", "history_root": header.history_root, "content_root": header.content_root,
        "state_root": content.state_root, "tx_root": content.tx_root, "receipts_root": content.receipts_root,
        "poh_root": content.poh_root, "poh_hash": content.poh_hash, "beneficiary": "somebody",
        "gas_used": content.gas_used, "tx_count": content.tx_count, "header": hex::encode(header.to_bytes()),
        "content": hex::encode(encoding::encode(content)), "status": "valid", "active": true, "confirmations": 1,
    })
}

fn segment(made: &Made) -> PohSegment {
    let content = &made.block.content;
    PohSegment {
        height: made.header.height,
        id: made.id,
        parent_id: content.parent_id,
        seed: vibecoin_consensus::poh::seed(&content.parent_id),
        hashes_per_tick: 4,
        ticks: made.block.ticks.clone(),
        poh_root: content.poh_root,
        tx_root: content.tx_root,
        poh_hash: content.poh_hash,
    }
}

fn detail(
    transaction: &Transaction,
    receipt: Option<ReceiptInfo>,
    place: Option<(BlockPlace, u32)>,
    merkle_path: Vec<Hash>,
) -> TxDetail {
    let body = &transaction.body;
    let prefix = AddressPrefix::DEVNET;
    let (block, position) = place.unzip();
    TxDetail {
        transaction: TxInfo {
            txid: transaction.id(),
            leaf_hash: transaction.leaf_hash(),
            from: AddressText::new(&body.sender(), prefix),
            to: body.to.map(|to| AddressText::new(&to, prefix)),
            value: body.value,
            fee_max: body.max_fee().unwrap(),
            nonce: body.nonce,
            gas_limit: body.gas_limit,
            gas_price: body.gas_price,
            valid_until: body.valid_until,
            data: hex_of(&body.data),
            bytes: transaction.encoded_len() as u64,
        },
        raw: hex_of(transaction.encode()),
        receipt,
        confirmations: u64::from(block.is_some()),
        block,
        position,
        merkle_path,
    }
}
