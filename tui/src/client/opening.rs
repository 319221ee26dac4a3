//! A wallet being opened before anything is proven, or while no server answers: it opens all the same, within two
//! seconds of its password, with figures that are said to be unknown.

use std::time::Duration;

use vibecoin_client::WalletError;
use vibecoin_client::service::DISCOVERY_GAP;
use vibecoin_primitives::{Amount, Height};

use super::{ClientBackend, now, remote, wallet};
use crate::backend::Event;
use crate::model::*;
use crate::safe::{SafeText, ink};

/// How long an opened wallet waits for its figures before it is shown without them.
const WAIT: Duration = Duration::from_millis(1_200);
/// Then they are asked for again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// The wallet that was just opened. On an own node its figures are there at once, or something is wrong.
pub(super) async fn overview(backend: &ClientBackend) -> Result<Overview, WalletError> {
    if backend.light().is_none() {
        return wallet::overview(backend).await;
    }
    match tokio::time::timeout(WAIT, wallet::overview(backend)).await {
        Ok(Ok(overview)) => return Ok(overview),
        // What the servers do keeps nobody from their wallet.
        Ok(Err(WalletError::Api(_))) | Err(_) => {}
        Ok(Err(error)) => return Err(error),
    }
    let backend_later = backend.clone();
    tokio::spawn(async move {
        tokio::time::sleep(AGAIN).await;
        // With nobody left to show it to, nothing is lost.
        let _ = backend_later.events.send(Event::WalletChanged).await;
    });
    unproven(backend)
}

/// A wallet of which only what lies on this computer is known.
fn unproven(backend: &ClientBackend) -> Result<Overview, WalletError> {
    let opened = backend.wallet.vault().opened()?;
    let account = |account: &vibecoin_client::keystore::AccountInfo| AccountRow {
        index: account.index,
        name: wallet::account_name(account.index, &account.label),
        address: SafeText::new(&backend.facts().show(&account.address)),
        spendable: Amount::ZERO,
        maturing: Amount::ZERO,
        incoming: Amount::ZERO,
        outgoing: Amount::ZERO,
    };
    Ok(Overview {
        name: SafeText::new(opened.name.as_str()),
        watch_only: opened.watch_only,
        accounts: opened.accounts.iter().map(account).collect(),
        next_maturity: None,
        recent: Vec::new(),
        height: 0,
        mark: Mark::Unknown,
        pending_mark: Mark::Unknown,
    })
}

/// The height below which a wallet of fresh words cannot have received anything.
pub(super) async fn birthday(backend: &ClientBackend) -> Height {
    match backend.light() {
        Some(light) => remote::birthday(light),
        None => backend.node().chain_tip().await.map_or(Height::GENESIS, |tip| tip.height),
    }
}

/// Looks for accounts of restored words that were used before. Before servers that waits for a proof, and nobody waits
/// for it.
pub(super) async fn discover(backend: &ClientBackend) {
    let Some(light) = backend.light() else { return look(backend).await };
    let (backend, mut heads) = (backend.clone(), light.heads());
    tokio::spawn(async move {
        if heads.wait_for(Option::is_some).await.is_ok() {
            look(&backend).await;
            let _ = backend.events.send(Event::WalletChanged).await;
        }
    });
}

async fn look(backend: &ClientBackend) {
    let found = backend.wallet.discover(DISCOVERY_GAP, now()).await;
    if let Ok(added) = found
        && !added.is_empty()
    {
        backend.notice(ink!("{} more accounts of these words were found", added.len())).await;
    }
}
