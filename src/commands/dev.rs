//! `vibecoin dev`: shortcuts where the chain spec does not retarget.

use vibecoin_rpc::OperatorApi;

use super::mine::beneficiary;
use crate::attach;
use crate::cli::node::DevCommand;
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// Runs a command of `vibecoin dev`.
///
/// # Errors
/// [`Failure::NoNode`], or what the node answers; [`Failure::Usage`] if it is not clear whom to pay.
pub fn run(context: &Context, command: &DevCommand) -> Outcome {
    context.wait(async {
        let node = attach::node(context).await?;
        match command {
            DevCommand::Mine { blocks, to } => {
                let to = beneficiary(context, to.as_deref(), true)?;
                let mined = node.dev_mine(*blocks, to).await?;
                context.out.answer(&mined, |paper| {
                    paper
                        .fact("mined", mined.blocks.len())
                        .fact("tip", format!("{} {}", mined.tip.height, mined.tip.id));
                })
            }
            DevCommand::Faucet { amount, to } => {
                let nobody = || {
                    Failure::Usage("say who gets the coins: --to ADDRESS, or make a wallet first".to_owned())
                };
                let to = beneficiary(context, to.as_deref(), true)?.ok_or_else(nobody)?;
                let sent = node.dev_faucet(to.clone(), *amount).await?;
                context.out.answer(&sent, |paper| {
                    paper.fact("sent", format!("{amount} VIBE")).fact("to", &to).fact("txid", sent.txid);
                })
            }
            DevCommand::Warp { ms } => {
                let clock = node.dev_warp(*ms).await?;
                context.out.answer(&clock, |paper| {
                    paper.fact("ahead by", format!("{} ms", clock.offset_ms)).fact("time", clock.time);
                })
            }
            DevCommand::Snapshot => {
                let snapshot = node.dev_snapshot().await?;
                context.out.answer(&snapshot, |paper| {
                    paper
                        .fact("snapshot", snapshot.snapshot)
                        .fact("tip", format!("{} {}", snapshot.tip.height, snapshot.tip.id));
                })
            }
            DevCommand::Revert { snapshot } => {
                let tip = node.dev_revert(*snapshot).await?;
                context.out.answer(&tip, |paper| {
                    paper.fact("tip", format!("{} {}", tip.height, tip.id));
                })
            }
        }
    })
}
