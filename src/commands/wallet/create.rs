//! New wallets: from fresh words, from old ones, from a backup, and from an address alone.

use std::path::Path;

use serde_json::json;
use vibecoin_client::keystore::{AccountInfo, Secret};
use vibecoin_client::mnemonic::{Mnemonic, WordCount};
use vibecoin_client::service::DISCOVERY_GAP;
use vibecoin_client::vault::{LockAfter, Opened};
use vibecoin_client::wallets::WalletsError;
use vibecoin_crypto::{Hash, PublicKey};
use vibecoin_primitives::{Address, Height};

use super::{Desk, print};
use crate::cli::wallet::PassphraseArgs;
use crate::context::now;
use crate::failure::Outcome;
use crate::output::Tint;
use crate::secrets;

/// Makes a wallet and shows its words, once.
pub(super) async fn new(
    desk: &Desk<'_>,
    name: Option<&str>,
    words: usize,
    passphrase: &PassphraseArgs,
) -> Outcome {
    let mnemonic = Mnemonic::generate(WordCount::try_from(words)?)?;
    let shown = mnemonic.clone();
    // Fresh words cannot have received anything before the block that stands last now.
    let birth = match desk.service_if_any().await {
        Ok(Some(service)) => service.node().chain_tip().await.map(|tip| tip.height).unwrap_or_default(),
        Ok(None) | Err(_) => Height::GENESIS,
    };
    let opened = create(desk, name, mnemonic, passphrase, birth).await?;
    let words: Vec<&str> = shown.words().collect();
    let first = first_address(desk, &opened);
    let answer = json!({
        "name": opened.name.as_str(),
        "network": desk.context.config.network().name(),
        "account": 0,
        "address": first,
        "words": words,
        "mnemonic": *shown.phrase(),
    });
    desk.context.out.answer(&answer, |paper| {
        paper.fact("wallet", &opened.name).fact_if("address", first.as_ref()).gap();
        print::words(paper, &words);
        paper.gap().tinted(
            Tint::Caution,
            "Write these words down. Whoever has them has the coins; without them nobody has.",
        );
    })
}

/// Makes a wallet of words that somebody kept.
pub(super) async fn restore(
    desk: &Desk<'_>,
    name: Option<&str>,
    words_file: Option<&Path>,
    passphrase: &PassphraseArgs,
    accounts: u32,
) -> Outcome {
    let mnemonic = Mnemonic::parse(&secrets::words(words_file)?)?;
    create(desk, name, mnemonic, passphrase, Height::GENESIS).await?;
    for index in 1..accounts {
        desk.vault.add_account(Some(index), "", now()).await?;
    }
    if accounts == 1 {
        discover(desk).await;
    }
    announce(desk, &desk.vault.opened()?)
}

/// Takes a backup of a keystore into the directory.
pub(super) fn import(desk: &Desk<'_>, name: Option<&str>, backup: &Path) -> Outcome {
    let name = desk.new_name(name)?;
    desk.vault.wallets().import(&name, backup)?;
    announce(desk, &desk.vault.open(Some(&name))?)
}

/// Makes a wallet without keys of an address, or of a public key in hex.
pub(super) async fn watch(desk: &Desk<'_>, text: &str, name: Option<&str>) -> Outcome {
    let name = desk.new_name(name)?;
    let (address, key) = match text.parse::<Hash>() {
        Ok(bytes) => {
            let key = PublicKey(*bytes.as_bytes());
            (Address::of(&key), Some(key))
        }
        Err(_) => (desk.context.address(text)?, None),
    };
    announce(desk, &desk.vault.watch(&name, address, key, now()).await?)
}

async fn create(
    desk: &Desk<'_>,
    name: Option<&str>,
    mnemonic: Mnemonic,
    passphrase: &PassphraseArgs,
    birth: Height,
) -> Outcome<Opened> {
    let name = desk.new_name(name)?;
    // Before anything is asked: a name that is taken would waste the answers.
    if desk.vault.wallets().names()?.contains(&name) {
        return Err(WalletsError::Taken(name).into());
    }
    let passphrase = secrets::passphrase(passphrase)?;
    let from = &desk.password;
    let out = &desk.context.out;
    let password =
        secrets::new_password(from.password_file.as_deref(), from.password_fd, "--password-file", out)?;
    let secret = Secret::new(mnemonic, passphrase);
    Ok(desk.vault.create(&name, secret, password, birth, now(), LockAfter::Never).await?)
}

/// Looks for accounts that were used before, if a node runs that can tell.
async fn discover(desk: &Desk<'_>) {
    let service = match desk.service_if_any().await {
        Ok(Some(service)) => service,
        Ok(None) => {
            return desk.context.out.say(
                "No node is running, so only the first account was restored: add others with accounts add.",
            );
        }
        Err(error) => return desk.context.out.warn(&format!("accounts were not looked for: {error}")),
    };
    match service.discover(DISCOVERY_GAP, now()).await {
        Ok(found) if found.is_empty() => {}
        Ok(found) => desk.context.out.say(&format!("{} more accounts were found in the chain.", found.len())),
        Err(error) => desk.context.out.warn(&format!("accounts were not all looked for: {error}")),
    }
}

fn announce(desk: &Desk<'_>, opened: &Opened) -> Outcome {
    let first = first_address(desk, opened);
    let accounts: Vec<_> =
        opened.accounts.iter().map(|account| print::account(desk.context, account)).collect();
    let answer = json!({
        "name": opened.name.as_str(),
        "network": desk.context.config.network().name(),
        "account": 0,
        "address": first,
        "watch_only": opened.watch_only,
        "accounts": accounts,
    });
    desk.context.out.answer(&answer, |paper| {
        paper
            .fact("wallet", &opened.name)
            .fact("accounts", opened.accounts.len())
            .fact_if("address", first.as_ref());
    })
}

fn first_address(desk: &Desk<'_>, opened: &Opened) -> Option<String> {
    opened.accounts.first().map(|AccountInfo { address, .. }| desk.context.show(address))
}
