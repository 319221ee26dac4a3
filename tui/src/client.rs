//! The [`Backend`] over the client: a wallet at work on a node, its own or one it is attached to.
//!
//! Everything here translates: the client's and the API's types into what the screens show, errors into words, text
//! from elsewhere into [`SafeText`]. Deliberately absent: decisions about money. Those are the client's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::sync::mpsc;
use vibecoin_client::api::{self, NodeApi, OperatorApi};
use vibecoin_client::keystore::Secret as WalletSecret;
use vibecoin_client::light::LightClient;
use vibecoin_client::mnemonic::Mnemonic;
use vibecoin_client::password::Password;
use vibecoin_client::vault::LockAfter;
use vibecoin_client::wallets::WalletName;
use vibecoin_client::{Hash, NetworkFacts, WalletError, WalletService};
use vibecoin_primitives::{Address, Height, Timestamp};

use crate::backend::{Answer, Backend, Event};
use crate::model::*;
use crate::safe::SafeText;

mod chain;
mod disagreements;
mod events;
mod first_minute;
mod light_events;
mod marks;
mod network;
mod opening;
mod pool;
mod remote;
mod rewards;
mod wallet;
mod words;

use chain::Names;
use marks::Marks;

/// Events waiting to be shown.
const EVENTS_MAX: usize = 1_024;

/// What the screens are to know beside the wallet.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// When keys are locked away by themselves.
    pub lock_after: LockAfter,
    /// Whether the node runs in this process for these screens: they may then mine, and a new network of one's own is
    /// given a first hundred blocks.
    pub own_node: bool,
    /// The light client behind the wallet's node, when it is remote servers that are believed with proofs.
    pub light: Option<Arc<LightClient>>,
}

/// The newest activity that was proven.
#[derive(Clone, Debug)]
struct Recent {
    /// Of which wallet.
    wallet: WalletName,
    rows: Vec<HistoryRow>,
}

/// See the module. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct ClientBackend {
    wallet: Arc<WalletService>,
    operator: Option<Arc<dyn OperatorApi>>,
    options: ClientOptions,
    /// The payment that was prepared last: what is confirmed is exactly what was shown.
    prepared: Arc<Mutex<(u64, Option<vibecoin_client::payment::Review>)>>,
    rewards: Arc<tokio::sync::Mutex<rewards::Rewards>>,
    /// What a wallet behind servers has shown last.
    recent: Arc<Mutex<Option<Recent>>>,
    events: mpsc::Sender<Event>,
    happened: Arc<Mutex<Option<mpsc::Receiver<Event>>>>,
}

impl ClientBackend {
    /// The screens' view of a wallet; `operator` is there when this program may run the node.
    #[must_use]
    pub fn new(
        wallet: Arc<WalletService>,
        operator: Option<Arc<dyn OperatorApi>>,
        options: ClientOptions,
    ) -> Self {
        let (events, happened) = mpsc::channel(EVENTS_MAX);
        Self {
            wallet,
            operator,
            options,
            prepared: Arc::new(Mutex::new((0, None))),
            rewards: Arc::default(),
            recent: Arc::default(),
            events,
            happened: Arc::new(Mutex::new(Some(happened))),
        }
    }

    fn node(&self) -> &dyn NodeApi {
        self.wallet.node().as_ref()
    }

    fn facts(&self) -> &NetworkFacts {
        self.wallet.vault().network()
    }

    /// What figures rest on now.
    fn marks(&self) -> Marks {
        match self.light() {
            None => Marks::Own,
            Some(light) => Marks::Servers {
                tip: light.head().map(|head| head.height().get()),
                depth: light.options().confirmations,
            },
        }
    }

    fn names(&self) -> Names {
        Names::of(&self.wallet)
    }

    /// The light client, where there is one.
    const fn light(&self) -> Option<&Arc<LightClient>> {
        self.options.light.as_ref()
    }

    async fn notice(&self, words: SafeText) {
        // With nobody left to read it, there is nothing to say.
        let _ = self.events.send(Event::Notice(words)).await;
    }

    /// Runs the client's answer to its end in words.
    fn answer<'a, T: Send + 'a>(
        &'a self,
        work: impl Future<Output = Result<T, WalletError>> + Send + 'a,
    ) -> Answer<'a, T> {
        async move { work.await.map_err(|error| words::failure(&error)) }.boxed()
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn hash(text: &SafeText) -> Result<Hash, WalletError> {
    text.as_str()
        .parse()
        .map_err(|_| WalletError::Api(api::ApiError::not_found(api::Subject::Transaction, text.as_str())))
}

impl Backend for ClientBackend {
    fn wallets(&self) -> Answer<'_, Vec<WalletInfo>> {
        self.answer(wallet::list(self))
    }

    fn fresh_words(&self, count: WordCount) -> Answer<'_, Phrase> {
        self.answer(async move { Ok(Phrase::new(&Mnemonic::generate(count)?.phrase())) })
    }

    fn create_wallet(&self, new: NewWallet) -> Answer<'_, Overview> {
        self.answer(async move {
            let name: WalletName = new.name.parse()?;
            let mnemonic = Mnemonic::parse(new.words.joined().expose())?;
            let passphrase = zeroize::Zeroizing::new(new.passphrase.expose().to_owned());
            let secret = WalletSecret::new(mnemonic, passphrase);
            let password = Password::from(new.password.expose());
            // A wallet of fresh words cannot have received anything before this block.
            let height = if new.restored { Height::GENESIS } else { opening::birthday(self).await };
            let vault = self.wallet.vault();
            vault.create(&name, secret, password, height, now(), self.options.lock_after).await?;
            if new.restored {
                opening::discover(self).await;
            }
            let overview = opening::overview(self).await?;
            self.begin(overview.accounts.first());
            Ok(overview)
        })
    }

    fn watch_wallet(&self, name: String, address: String) -> Answer<'_, Overview> {
        self.answer(async move {
            let name: WalletName = name.parse()?;
            let address = Address::decode(&address, self.facts().prefix).map_err(words::address)?;
            self.wallet.vault().watch(&name, address, None, now()).await?;
            opening::overview(self).await
        })
    }

    fn unlock(&self, name: SafeText, password: Secret) -> Answer<'_, Overview> {
        self.answer(async move {
            let name: WalletName = name.as_str().parse()?;
            let opened = self.wallet.vault().open(Some(&name))?;
            if !opened.watch_only {
                let password = Password::from(password.expose());
                self.wallet.vault().unlock(password, now(), self.options.lock_after).await?;
            }
            let overview = opening::overview(self).await?;
            self.begin(overview.accounts.first().filter(|_| !opened.watch_only));
            Ok(overview)
        })
    }

    fn lock(&self) -> Answer<'_, ()> {
        self.answer(async move {
            self.wallet.vault().lock();
            self.prepared().1 = None;
            *self.recent() = None;
            Ok(())
        })
    }

    fn overview(&self) -> Answer<'_, Overview> {
        // The screens keep the time of the lock; the vault's own must not run out before it.
        self.wallet.vault().touch(now());
        self.answer(wallet::overview(self))
    }

    fn new_account(&self, name: String) -> Answer<'_, Overview> {
        self.answer(async move {
            self.wallet.vault().add_account(None, &name, now()).await?;
            wallet::overview(self).await
        })
    }

    fn contacts(&self) -> Answer<'_, Vec<Contact>> {
        self.answer(async move { Ok(wallet::contacts(self, &self.wallet.vault().book()?)) })
    }

    fn save_contact(&self, name: String, address: String) -> Answer<'_, Vec<Contact>> {
        self.answer(async move {
            let address = Address::decode(&address, self.facts().prefix).map_err(words::address)?;
            let book = self.wallet.vault().update_book(move |book| book.add_contact(&name, address)).await?;
            Ok(wallet::contacts(self, &book))
        })
    }

    fn remove_contact(&self, address: SafeText) -> Answer<'_, Vec<Contact>> {
        self.answer(async move {
            let address = Address::decode(address.as_str(), self.facts().prefix).map_err(words::address)?;
            let change = move |book: &mut vibecoin_client::wallets::Book| match book
                .name_of(&address)
                .map(ToOwned::to_owned)
            {
                Some(name) => book.remove_contact(&name),
                None => Ok(()),
            };
            let book = self.wallet.vault().update_book(change).await?;
            Ok(wallet::contacts(self, &book))
        })
    }

    fn history(&self, query: HistoryQuery) -> Answer<'_, HistoryPage> {
        self.answer(wallet::history(self, query))
    }

    fn label(&self, txid: SafeText, label: String) -> Answer<'_, ()> {
        self.answer(async move {
            let txid = hash(&txid)?;
            self.wallet.vault().update_book(move |book| book.set_label(txid, &label)).await.map(drop)
        })
    }

    fn prices(&self) -> Answer<'_, Prices> {
        self.answer(wallet::prices(self))
    }

    fn plan(&self, request: SendRequest) -> Answer<'_, SendPlan> {
        self.answer(wallet::plan(self, request))
    }

    fn plan_replacement(&self, txid: SafeText, cancel: bool) -> Answer<'_, SendPlan> {
        self.answer(wallet::plan_replacement(self, txid, cancel))
    }

    fn send(&self, plan: u64) -> Answer<'_, SafeText> {
        self.answer(wallet::send(self, plan))
    }

    fn payment(&self, txid: SafeText) -> Answer<'_, Payment> {
        self.answer(wallet::payment(self, txid))
    }

    fn sign_message(&self, account: u32, message: String) -> Answer<'_, SignedMessage> {
        self.answer(async move {
            let address = self.wallet.vault().account(account)?.address;
            let proof = self.wallet.vault().sign_message(account, message.as_bytes(), now())?;
            Ok(SignedMessage {
                address: SafeText::new(&self.facts().show(&address)),
                message: SafeText::new(&message),
                signature: SafeText::new(&proof.to_string()),
            })
        })
    }

    fn verify_message(&self, address: String, message: String, signature: String) -> Answer<'_, bool> {
        self.answer(async move {
            let address = Address::decode(&address, self.facts().prefix).map_err(words::address)?;
            let proof = signature.parse()?;
            Ok(vibecoin_client::message::verify(&address, message.as_bytes(), &proof).is_ok())
        })
    }

    fn blocks(&self, below: Option<u64>, limit: usize) -> Answer<'_, Vec<BlockRow>> {
        self.answer(chain::blocks(self, below, limit))
    }

    fn block(&self, which: BlockRef) -> Answer<'_, BlockDetail> {
        self.answer(chain::block(self, which))
    }

    fn transaction(&self, txid: SafeText) -> Answer<'_, TxDetail> {
        self.answer(chain::transaction(self, txid))
    }

    fn account(&self, address: SafeText) -> Answer<'_, AccountDetail> {
        self.answer(chain::account(self, address))
    }

    fn forks(&self) -> Answer<'_, Forks> {
        self.answer(chain::forks(self))
    }

    fn search(&self, text: String) -> Answer<'_, Found> {
        self.answer(chain::search(self, text))
    }

    fn miner(&self) -> Answer<'_, MinerStatus> {
        self.answer(chain::miner(self, None))
    }

    fn start_miner(&self, threads: u32, account: u32) -> Answer<'_, MinerStatus> {
        self.answer(async move {
            let operator = self.operator()?;
            let address = self.wallet.vault().account(account)?.address;
            let status = operator.miner_start(Some(self.facts().text(&address)), Some(threads)).await?;
            chain::miner(self, Some(status)).await
        })
    }

    fn stop_miner(&self) -> Answer<'_, MinerStatus> {
        self.answer(async move {
            let status = self.operator()?.miner_stop().await?;
            chain::miner(self, Some(status)).await
        })
    }

    fn pool(&self) -> Answer<'_, PoolView> {
        self.answer(pool::view(self))
    }

    fn network(&self) -> Answer<'_, NetworkView> {
        self.answer(network::view(self))
    }

    fn add_peer(&self, address: String) -> Answer<'_, NetworkView> {
        self.answer(network::add(self, address))
    }

    fn ban(&self, who: SafeText, seconds: u64) -> Answer<'_, NetworkView> {
        self.answer(network::ban(self, who, seconds))
    }

    fn unban(&self, who: SafeText) -> Answer<'_, NetworkView> {
        self.answer(network::unban(self, who))
    }

    fn events(&self) -> BoxStream<'static, Event> {
        events::all(self)
    }
}

impl ClientBackend {
    fn prepared(&self) -> std::sync::MutexGuard<'_, (u64, Option<vibecoin_client::payment::Review>)> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Option<Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn operator(&self) -> Result<&dyn OperatorApi, WalletError> {
        let refused = || WalletError::Api(api::ApiError::CookieRequired { presented: false });
        self.operator.as_deref().ok_or_else(refused)
    }

    /// Sets a network of one's own going for a wallet that was just opened.
    fn begin(&self, account: Option<&AccountRow>) {
        let (Some(account), Some(operator), true) = (account, self.operator.clone(), self.options.own_node)
        else {
            return;
        };
        let Ok(address) = Address::decode(account.address.as_str(), self.facts().prefix) else { return };
        let (backend, address) = (self.clone(), self.facts().text(&address));
        let task: BoxFuture<'static, ()> =
            async move { first_minute::begin(&backend, operator.as_ref(), address).await }.boxed();
        tokio::spawn(task);
    }
}

#[cfg(test)]
mod tests;
