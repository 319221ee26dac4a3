//! `vibecoin mine`: the miner of the running node.

use vibecoin_rpc::types::{AddressText, MinerState, MinerStatus};
use vibecoin_rpc::{NodeApi, OperatorApi};

use crate::attach;
use crate::cli::node::MineCommand;
use crate::context::Context;
use crate::failure::Outcome;

/// Runs a command of `vibecoin mine`.
///
/// # Errors
/// [`Failure::NoNode`](crate::failure::Failure::NoNode), or what the node answers.
pub fn run(context: &Context, command: &MineCommand) -> Outcome {
    context.wait(async {
        let node = attach::node(context).await?;
        let status = match command {
            MineCommand::Start { to, threads } => {
                let paid_before = node.miner_status().await?.beneficiary;
                let to = beneficiary(context, to.as_deref(), paid_before.is_none())?;
                node.miner_start(to, *threads).await?
            }
            MineCommand::Stop => node.miner_stop().await?,
            MineCommand::Status => node.miner_status().await?,
        };
        print(context, &status)
    })
}

/// The address that was named, or, if one is needed, the first of the only wallet.
///
/// # Errors
/// [`Failure::Address`](crate::failure::Failure::Address).
pub fn beneficiary(context: &Context, named: Option<&str>, needed: bool) -> Outcome<Option<AddressText>> {
    let facts = context.facts();
    if let Some(text) = named {
        return Ok(Some(facts.text(&context.address(text)?)));
    }
    if !needed {
        return Ok(None);
    }
    // Without a wallet the node decides, and says what it lacks.
    let opened = context.vault().open(context.wallet_name()?.as_ref());
    let first =
        opened.ok().and_then(|wallet| wallet.accounts.first().map(|account| facts.text(&account.address)));
    Ok(first)
}

fn print(context: &Context, status: &MinerStatus) -> Outcome {
    context.out.answer(status, |paper| {
        let state = match status.state {
            MinerState::Stopped => "stopped",
            MinerState::WaitingForStart => "waiting for the start of the network",
            MinerState::Sequencing => "computing the Proof of History",
            MinerState::CatchingUp => "waiting until the chain has caught up with its peers",
            MinerState::Pacing => "waiting for the time of the next block",
            MinerState::Searching => "searching",
        };
        paper.fact("miner", state).fact_if("paid to", status.beneficiary.as_ref());
        paper.fact("threads", format!("{} of {}", status.threads, status.threads_max));
        if status.paced {
            paper.fact(
                "pace",
                format!("one block every {} ms; this network does not retarget", status.interval_ms),
            );
        } else {
            paper.fact("rate", format!("{:.2} MH/s", status.hashes_per_s / 1e6));
            paper.fact_if(
                "expected time to a block",
                status.expected_ms.map(|ms| format!("{:.0} s", ms / 1e3)),
            );
        }
        paper.fact("blocks found", status.blocks_found);
        paper.fact_if(
            "last found",
            status.last_found.as_ref().map(|place| format!("{} {}", place.height, place.id)),
        );
        paper.fact_if("in work", status.height);
        paper.fact("reward", format!("{} VIBE", status.reward));
    })
}
