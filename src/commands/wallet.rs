//! `vibecoin wallet`: everything the screens do with money, without them.

use std::sync::Arc;

use vibecoin_client::keystore::KeystoreError;
use vibecoin_client::service::WalletService;
use vibecoin_client::vault::{LockAfter, Opened, Vault};
use vibecoin_client::wallets::WalletName;

use crate::attach;
use crate::cli::wallet::{PasswordArgs, WalletArgs, WalletCommand};
use crate::context::{Context, now};
use crate::failure::Outcome;
use crate::remote;
use crate::secrets;

mod accounts;
mod book;
mod create;
mod history;
mod keep;
mod pay;
mod print;
mod sign;

/// A wallet command at work: the keys' owner, and where the password comes from.
struct Desk<'a> {
    context: &'a Context,
    vault: Arc<Vault>,
    password: PasswordArgs,
}

impl Desk<'_> {
    /// The wallet that this command acts on, locked.
    fn open(&self) -> Outcome<Opened> {
        Ok(self.vault.open(self.context.wallet_name()?.as_ref())?)
    }

    /// Unlocks what is open, until the command ends.
    async fn unlock(&self) -> Outcome {
        // Nobody should be asked for a password that opens nothing.
        if self.vault.opened()?.watch_only {
            return Err(KeystoreError::WatchOnly.into());
        }
        let password = secrets::password(&self.password)?;
        self.vault.unlock(password, now(), LockAfter::Never).await?;
        Ok(())
    }

    /// The wallet over the node that runs here, or over the remote nodes that are named.
    async fn service(&self) -> Outcome<WalletService> {
        match remote::face(self.context).await? {
            Some(face) => Ok(WalletService::light(Arc::clone(&self.vault), face)),
            None => Ok(WalletService::new(Arc::clone(&self.vault), attach::node(self.context).await?)),
        }
    }

    /// The same, if there is anybody to ask.
    async fn service_if_any(&self) -> Outcome<Option<WalletService>> {
        if remote::is_wanted(self.context) || attach::running(self.context).await?.is_some() {
            return self.service().await.map(Some);
        }
        Ok(None)
    }

    /// What a new wallet is called: `--name`, or the name that other commands would use, or the usual one.
    fn new_name(&self, name: Option<&str>) -> Outcome<WalletName> {
        match name {
            Some(name) => Ok(name.parse()?),
            None => Ok(self.context.wallet_name()?.unwrap_or_default()),
        }
    }
}

/// Runs a wallet command.
///
/// # Errors
/// What went wrong, each with an exit code of its own.
pub fn run(context: &Context, args: WalletArgs) -> Outcome {
    let desk = Desk { context, vault: Arc::new(context.vault()), password: args.password };
    context.wait(dispatch(&desk, args.command))
}

async fn dispatch(desk: &Desk<'_>, command: WalletCommand) -> Outcome {
    match command {
        WalletCommand::New { name, words, passphrase } => {
            create::new(desk, name.as_deref(), words, &passphrase).await
        }
        WalletCommand::Restore { name, backup: Some(backup), .. } => {
            create::import(desk, name.as_deref(), &backup)
        }
        WalletCommand::Restore { name, words_file, passphrase, accounts, backup: None } => {
            create::restore(desk, name.as_deref(), words_file.as_deref(), &passphrase, accounts).await
        }
        WalletCommand::Watch { address, name } => create::watch(desk, &address, name.as_deref()).await,
        WalletCommand::Words => keep::words(desk).await,
        WalletCommand::Passwd { new_password_file, new_password_fd } => {
            keep::passwd(desk, new_password_file.as_deref(), new_password_fd).await
        }
        WalletCommand::List => keep::list(desk),
        WalletCommand::Rename { name } => keep::rename(desk, &name),
        WalletCommand::Remove => keep::remove(desk),
        WalletCommand::Backup { file } => keep::backup(desk, &file),
        WalletCommand::Accounts { action } => accounts::run(desk, action).await,
        WalletCommand::Address { account, amount, memo } => accounts::address(desk, account, amount, memo),
        WalletCommand::Balance { account } => accounts::balance(desk, account).await,
        WalletCommand::Send { to, amount, max: _, options } => pay::send(desk, &to, amount, &options).await,
        WalletCommand::Pay { uri, amount, options } => pay::uri(desk, &uri, amount, &options).await,
        WalletCommand::SpeedUp { txid, fee } => pay::replace(desk, &txid, fee, pay::Change::Price).await,
        WalletCommand::Cancel { txid, fee } => pay::replace(desk, &txid, fee, pay::Change::Nothing).await,
        WalletCommand::Broadcast { file, wait } => pay::broadcast(desk, &file, wait).await,
        WalletCommand::History { account, limit } => history::show(desk, account, limit).await,
        WalletCommand::ExportHistory { file, account } => history::export(desk, &file, account).await,
        WalletCommand::Sign { message, file, account } => {
            sign::sign(desk, message.as_deref(), file.as_deref(), account).await
        }
        WalletCommand::Verify { address, signature, message, file } => {
            sign::verify(desk, &address, &signature, message.as_deref(), file.as_deref())
        }
        WalletCommand::SignTx { file, out } => sign::transaction(desk, &file, out.as_deref()).await,
        WalletCommand::Contacts { action } => book::contacts(desk, action).await,
        WalletCommand::Labels { action } => book::labels(desk, action).await,
    }
}
