//! Questions about the chain, and how the answers look.

use serde_json::json;
use vibecoin_primitives::{Amount, Height};
use vibecoin_rpc::NodeApi;
use vibecoin_rpc::types::{
    BestHeader, BlockInfo, BlockRef, Phase, RepairInfo, SearchHit, StorageInfo, StoredKind, TxDetail, TxInfo,
};

use crate::commands::node::before_start;
use crate::context::{Context, hash};
use crate::failure::{Failure, Outcome};
use crate::output::{Paper, Side, Tint};

/// The network and its tip.
pub(super) async fn info(context: &Context, node: &dyn NodeApi) -> Outcome {
    let info = node.node_info().await?;
    context.out.answer(&info, |paper| {
        paper
            .fact("network", format!("{} (chain id {})", info.network, info.chain_id))
            .fact("genesis", info.genesis_id)
            .fact("height", info.tip.height)
            .fact("tip", info.tip.id)
            .fact("time", format!("{} ms", info.tip.time))
            .fact("work", info.tip.work)
            .fact("target", info.tip.bits)
            .fact("interval", format!("{} ms", info.interval_ms))
            .fact(
                "difficulty",
                if info.retargets { "follows the hash rate" } else { "fixed; blocks are paced" },
            );
        if let Phase::WaitingForStart { starts_in_ms } = info.phase {
            paper.tinted(Tint::Caution, before_start(info.genesis_time, starts_in_ms));
        }
        if info.best_header.id != info.tip.id {
            let BestHeader { id, height, .. } = &info.best_header;
            paper.fact("best header", format!("{height} {id}")).tinted(
                Tint::Caution,
                format!("{} bodies are missing up to there.", height.saturating_since(info.tip.height)),
            );
        }
        print_storage(paper, &info.storage);
    })
}

/// What is kept, and the room that it takes.
fn print_storage(paper: &mut Paper, storage: &StorageInfo) {
    let states = match (storage.archive, storage.states_from.get()) {
        (true, from) => format!("all from block {from} on: this is an archive"),
        (false, from) => format!("from block {from} on"),
    };
    let ticks = match (storage.prune_ticks, storage.ticks_from.get()) {
        (false, 0) => "all".to_owned(),
        (_, from) => format!("from block {from} on; older ones are made again when they are asked for"),
    };
    let verified = match storage.verify_poh_depth {
        None => "all of them whole".to_owned(),
        Some(depth) => format!("those of the last {depth} blocks whole, of older ones samples"),
    };
    paper
        .fact("states kept", states)
        .fact("ticks kept", ticks)
        .fact("undone by record", format!("down to block {}", storage.undo_from))
        .fact("segments verified", verified);
    if let Some(height) = storage.history_missing_below {
        let words =
            format!("The state of block {height} was taken over; the blocks below it are on their way.");
        paper.tinted(Tint::Caution, words);
    }
    if let Some(repair) = &storage.repair {
        let RepairInfo { reason, height, .. } = repair;
        paper.tinted(Tint::Caution, format!("At the start it was made again, to height {height}: {reason}."));
    }
    if storage.disk_bytes == 0 {
        return;
    }
    paper.fact("on the disk", size(storage.disk_bytes)).gap();
    let mut kinds: Vec<&StoredKind> = storage.kinds.iter().filter(|kind| kind.disk_bytes > 0).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.disk_bytes));
    let mut rows: Vec<Vec<String>> = kinds
        .iter()
        .map(|kind| vec![kind.kind.clone(), size(kind.disk_bytes), kind.rows.to_string()])
        .collect();
    if storage.log_bytes > 0 {
        rows.push(vec!["log of the newest commits".to_owned(), size(storage.log_bytes), "-".to_owned()]);
    }
    let columns = [("kind", Side::Left), ("size", Side::Right), ("rows, about", Side::Right)];
    paper.table(&columns, &rows, "");
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut scaled = bytes as f64;
    let mut unit = "bytes";
    for next in UNITS {
        if scaled < 1024.0 {
            break;
        }
        (scaled, unit) = (scaled / 1024.0, next);
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{scaled:.1} {unit}") }
}

/// A block with its transactions, or its bytes.
pub(super) async fn block(
    context: &Context,
    node: &dyn NodeApi,
    which: Option<BlockRef>,
    raw: bool,
) -> Outcome {
    let which = match which {
        Some(which) => which,
        None => node.chain_tip().await?.id.into(),
    };
    if raw {
        let header = node.chain_header(which).await?;
        let bytes = node.chain_raw_block(header.id.into()).await?;
        let answer = json!({ "id": header.id, "height": header.height, "raw": bytes });
        return context.out.answer(&answer, |paper| {
            paper.line(&bytes);
        });
    }
    let block = node.chain_block(which).await?;
    context.out.answer(&block, |paper| print_block(paper, &block))
}

fn print_block(paper: &mut Paper, block: &BlockInfo) {
    let header = &block.header;
    let place = if header.active {
        format!("{} ({} confirmations)", header.height, header.confirmations)
    } else {
        format!("{} (not on the active chain)", header.height)
    };
    paper
        .fact("block", header.id)
        .fact("height", place)
        .fact("parent", header.parent_id)
        .fact(
            "time",
            format!(
                "{} ms, {} after the parent",
                header.time,
                header.time.saturating_since(header.prev_time)
            ),
        )
        .fact("mined by", &header.beneficiary)
        .fact("reward", format!("{} VIBE and {} VIBE of tips", block.subsidy, block.tips))
        .fact("burned", format!("{} VIBE", block.burned))
        .fact("gas", header.gas_used)
        .fact("bytes", block.bytes)
        .fact("target", header.bits)
        .fact("nonce", header.nonce)
        .fact("work", header.work)
        .fact("state root", header.state_root)
        .fact("content root", header.content_root)
        .fact("history root", header.history_root)
        .fact("tx root", header.tx_root)
        .fact("receipts root", header.receipts_root)
        .fact("poh root", header.poh_root)
        .fact("poh record", header.poh_hash)
        .gap();
    let rows: Vec<Vec<String>> = block
        .transactions
        .iter()
        .map(|tx| vec![tx.txid.to_string(), tx.from.to_string(), receiver(tx), tx.value.to_string()])
        .collect();
    let columns = [("txid", Side::Left), ("from", Side::Left), ("to", Side::Left), ("VIBE", Side::Right)];
    paper.table(&columns, &rows, "No transactions.");
}

/// A transaction and all that is known of it.
pub(super) async fn transaction(context: &Context, node: &dyn NodeApi, txid: &str) -> Outcome {
    let detail = node.chain_tx(hash(txid)?).await?;
    context.out.answer(&detail, |paper| print_transaction(paper, &detail))
}

fn print_transaction(paper: &mut Paper, detail: &TxDetail) {
    let tx = &detail.transaction;
    paper.fact("transaction", tx.txid).fact("from", &tx.from).fact("to", receiver(tx));
    paper.fact("amount", format!("{} VIBE", tx.value));
    match &detail.receipt {
        Some(receipt) => {
            paper.fact(
                "fee",
                format!("{} VIBE ({} burned, {} to the miner)", receipt.fee, receipt.burned, receipt.tip),
            );
            paper.fact("result", if receipt.succeeded { "succeeded" } else { "failed" });
        }
        None => {
            paper.fact("fee", format!("{} VIBE at most", tx.fee_max));
        }
    }
    paper.fact("nonce", tx.nonce).fact("gas price", format!("{} beats", tx.gas_price));
    if tx.valid_until != 0 {
        paper.fact("valid until", format!("block {}", tx.valid_until));
    }
    match std::str::from_utf8(tx.data.as_bytes()) {
        Ok("") => {}
        Ok(memo) => {
            paper.fact("memo", memo);
        }
        Err(_) => {
            paper.fact("data", &tx.data);
        }
    }
    match (&detail.block, detail.position) {
        (Some(block), Some(position)) => {
            paper.fact("block", format!("{} {}", block.height, block.id)).fact("position", position);
            paper.fact("confirmations", detail.confirmations);
        }
        _ => {
            paper.tinted(Tint::Caution, "It waits in the pool.");
        }
    }
}

fn receiver(tx: &TxInfo) -> String {
    tx.to.as_ref().map_or_else(|| "new contract".to_owned(), ToString::to_string)
}

/// An account after the tip, or after the block of a height.
pub(super) async fn account(
    context: &Context,
    node: &dyn NodeApi,
    address: &str,
    at: Option<u64>,
) -> Outcome {
    let address = context.address(address)?;
    let account = node.state_account(context.facts().text(&address), at.map(Height::new)).await?;
    context.out.answer(&account, |paper| {
        let some = |amount: Amount| (!amount.is_zero()).then(|| format!("{amount} VIBE"));
        paper
            .fact("account", &account.address)
            .fact("balance", format!("{} VIBE", account.balance))
            .fact_if("maturing", some(account.maturing))
            .fact_if("on its way in", some(account.pending.incoming))
            .fact_if("on its way out", some(account.pending.outgoing))
            .fact("nonce", account.nonce)
            .fact_if("code", account.code_hash)
            .fact(
                "activity",
                format!(
                    "{} entries, the newest at height {}",
                    account.activity_count, account.activity_height
                ),
            )
            .fact("after block", format!("{} {}", account.height, account.block_id));
    })
}

/// What a text may mean.
pub(super) async fn search(context: &Context, node: &dyn NodeApi, text: String) -> Outcome {
    let hits = node.chain_search(text.clone()).await?;
    if hits.is_empty() {
        return Err(Failure::NotFound(format!("nothing goes by {text:?}")));
    }
    context.out.answer(&hits, |paper| {
        for hit in &hits {
            match hit {
                SearchHit::Block { height, id } => paper.fact("block", format!("{height} {id}")),
                SearchHit::Transaction { txid } => paper.fact("transaction", txid),
                SearchHit::Account { address, known } => {
                    let note = if *known { "" } else { " (nothing has happened to it)" };
                    paper.fact("account", format!("{address}{note}"))
                }
            };
        }
    })
}

/// What stands beside the active chain.
pub(super) async fn forks(context: &Context, node: &dyn NodeApi) -> Outcome {
    let report = node.chain_forks().await?;
    context.out.answer(&report, |paper| {
        let rows: Vec<Vec<String>> = report
            .branches
            .iter()
            .map(|branch| {
                vec![
                    branch.height.to_string(),
                    branch.id.to_string(),
                    branch.fork_height.to_string(),
                    branch.length.to_string(),
                    branch.work.to_string(),
                    match branch.bodies_missing {
                        0 => branch.status.name().to_owned(),
                        missing => format!("{}, {missing} bodies missing", branch.status.name()),
                    },
                ]
            })
            .collect();
        let columns = [
            ("height", Side::Right),
            ("end of the branch", Side::Left),
            ("forks at", Side::Right),
            ("blocks", Side::Right),
            ("work", Side::Right),
            ("state", Side::Left),
        ];
        paper.table(&columns, &rows, "There is no branch beside the active chain.");
        let rows: Vec<Vec<String>> = report
            .reorganisations
            .iter()
            .map(|event| {
                vec![
                    event.time.to_string(),
                    event.fork_height.to_string(),
                    event.reverted.to_string(),
                    event.connected.to_string(),
                    event.to.to_string(),
                    if event.alarming { "look into this".to_owned() } else { String::new() },
                ]
            })
            .collect();
        if !rows.is_empty() {
            let columns = [
                ("reorganised at", Side::Right),
                ("above", Side::Right),
                ("off", Side::Right),
                ("on", Side::Right),
                ("to", Side::Left),
                ("", Side::Left),
            ];
            paper.gap().table(&columns, &rows, "");
        }
    })
}

/// Where every beat is.
pub(super) async fn supply(context: &Context, node: &dyn NodeApi) -> Outcome {
    let supply = node.chain_supply().await?;
    context.out.answer(&supply, |paper| {
        let vibe = |amount: Amount| format!("{amount} VIBE");
        paper
            .fact("allocated", vibe(supply.allocated))
            .fact("issued", vibe(supply.issued))
            .fact("in accounts", vibe(supply.balances))
            .fact("maturing", vibe(supply.maturing))
            .fact("burned", vibe(supply.burned))
            .fact("after block", format!("{} {}", supply.height, supply.id));
        if supply.balanced {
            paper.tinted(Tint::Good, "The sums agree.");
        } else {
            paper.tinted(Tint::Bad, "The sums do not agree: this store is damaged.");
        }
    })
}
