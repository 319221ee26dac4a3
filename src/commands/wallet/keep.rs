//! Keeping wallets: their words, passwords, names and files.

use std::path::Path;

use serde_json::json;

use super::{Desk, print};
use crate::failure::Outcome;
use crate::output::{Side, Tint};
use crate::secrets;

/// Shows the words again.
pub(super) async fn words(desk: &Desk<'_>) -> Outcome {
    let opened = desk.open()?;
    let secret = desk.vault.secret(secrets::password(&desk.password)?).await?;
    let words: Vec<&str> = secret.mnemonic().words().collect();
    let has_passphrase = !secret.passphrase().is_empty();
    let answer = json!({
        "name": opened.name.as_str(),
        "words": words,
        "mnemonic": *secret.mnemonic().phrase(),
        "has_passphrase": has_passphrase,
    });
    desk.context.out.answer(&answer, |paper| {
        print::words(paper, &words);
        if has_passphrase {
            paper.gap().tinted(Tint::Caution, "This wallet has a passphrase besides, which is not shown.");
        }
    })
}

/// Seals the wallet under another password.
pub(super) async fn passwd(desk: &Desk<'_>, file: Option<&Path>, fd: Option<u32>) -> Outcome {
    let opened = desk.open()?;
    let old = secrets::password(&desk.password)?;
    let new = secrets::new_password(file, fd, "--new-password-file", &desk.context.out)?;
    desk.vault.change_password(old, new).await?;
    let answer = json!({ "name": opened.name.as_str(), "changed": true });
    desk.context.out.answer(&answer, |paper| {
        paper.line(format!("Wallet {} has a new password.", opened.name));
    })
}

/// The wallets of this network.
pub(super) fn list(desk: &Desk<'_>) -> Outcome {
    let wallets = desk.vault.wallets();
    let mut entries = Vec::new();
    let mut rows = Vec::new();
    for name in wallets.names()? {
        // A wallet that cannot be read is listed all the same, with what is wrong with it.
        let (accounts, watch_only, address, problem) = match wallets.load(&name) {
            Ok(keystore) => {
                let first = keystore.accounts().first().map(|account| desk.context.show(&account.address));
                (keystore.accounts().len(), keystore.is_watch_only(), first, None)
            }
            Err(error) => (0, false, None, Some(error.to_string())),
        };
        rows.push(vec![
            name.to_string(),
            accounts.to_string(),
            if watch_only { "watches" } else { "" }.to_owned(),
            address.clone().or_else(|| problem.clone()).unwrap_or_default(),
        ]);
        entries.push(json!({
            "name": name.as_str(),
            "accounts": accounts,
            "watch_only": watch_only,
            "address": address,
            "problem": problem,
        }));
    }
    desk.context.out.answer(&entries, |paper| {
        let columns = [
            ("name", Side::Left),
            ("accounts", Side::Right),
            ("", Side::Left),
            ("first address", Side::Left),
        ];
        paper.table(&columns, &rows, "There is no wallet yet.");
    })
}

/// Gives the wallet another name.
pub(super) fn rename(desk: &Desk<'_>, name: &str) -> Outcome {
    let old = desk.vault.wallets().choose(desk.context.wallet_name()?.as_ref())?;
    let new = name.parse()?;
    desk.vault.rename(&old, &new)?;
    let answer = json!({ "name": new.as_str(), "was": old.as_str() });
    desk.context.out.answer(&answer, |paper| {
        paper.line(format!("Wallet {old} is called {new} now."));
    })
}

/// Removes the wallet's file.
pub(super) fn remove(desk: &Desk<'_>) -> Outcome {
    let name = desk.vault.wallets().choose(desk.context.wallet_name()?.as_ref())?;
    secrets::confirm(
        desk.context.yes,
        &format!("Remove wallet {name}? Without its words, what it holds is lost."),
    )?;
    desk.vault.remove(&name)?;
    let answer = json!({ "name": name.as_str(), "removed": true });
    desk.context.out.answer(&answer, |paper| {
        paper.line(format!("Wallet {name} is removed."));
    })
}

/// Copies the wallet's encrypted file.
pub(super) fn backup(desk: &Desk<'_>, file: &Path) -> Outcome {
    let name = desk.vault.wallets().choose(desk.context.wallet_name()?.as_ref())?;
    desk.vault.wallets().backup(&name, file)?;
    let answer = json!({ "name": name.as_str(), "file": file });
    desk.context.out.answer(&answer, |paper| {
        paper.line(format!("Wallet {name} is copied to {}. Its password opens it.", file.display()));
    })
}
