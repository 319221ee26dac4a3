//! `vibecoin mempool`: what waits in the running node.

use crate::cli::node::MempoolCommand;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::Side;
use crate::remote;

/// Runs a command of `vibecoin mempool`.
///
/// # Errors
/// [`Failure::NoNode`](crate::failure::Failure::NoNode), or what the node answers.
pub fn run(context: &Context, command: &MempoolCommand) -> Outcome {
    context.wait(async {
        let node = remote::node(context).await?;
        match command {
            MempoolCommand::Info => {
                let info = node.mempool_info().await?;
                context.out.answer(&info, |paper| {
                    paper
                        .fact("transactions", info.transactions)
                        .fact("senders", info.senders)
                        .fact("bytes", info.bytes)
                        .fact("memory", format!("{} of {} bytes", info.memory_bytes, info.memory_bytes_max))
                        .fact("of one sender at most", info.per_sender_max)
                        .fact("lowest price", format!("{} beats per gas", info.price_min));
                })
            }
            MempoolCommand::List { limit } => {
                let list = node.mempool_list(Some(*limit)).await?;
                context.out.answer(&list, |paper| {
                    let rows: Vec<Vec<String>> = list
                        .iter()
                        .map(|row| {
                            let tx = &row.transaction;
                            let to =
                                tx.to.as_ref().map_or_else(|| "new contract".to_owned(), ToString::to_string);
                            vec![
                                row.place.to_string(),
                                tx.txid.to_string(),
                                tx.from.to_string(),
                                to,
                                tx.value.to_string(),
                                tx.gas_price.to_string(),
                            ]
                        })
                        .collect();
                    let columns = [
                        ("#", Side::Right),
                        ("txid", Side::Left),
                        ("from", Side::Left),
                        ("to", Side::Left),
                        ("VIBE", Side::Right),
                        ("price", Side::Right),
                    ];
                    paper.table(&columns, &rows, "Nothing waits.");
                })
            }
        }
    })
}
