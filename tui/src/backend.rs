//! What the screens ask for, and who answers.
//!
//! [`Backend`] is all that the screens know of the world. Deliberately absent: a way to wait for an answer. The
//! runner asks in tasks of its own, and answers come back as actions.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use crate::model::*;
use crate::safe::SafeText;

/// An answer on its way.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Failure>>;

/// A wallet, and a view of the chain.
pub trait Backend: Send + Sync + 'static {
    /// The wallets of this network's directory.
    fn wallets(&self) -> Answer<'_, Vec<WalletInfo>>;
    /// Fresh recovery words. Nothing is kept.
    fn fresh_words(&self, count: WordCount) -> Answer<'_, Phrase>;
    /// Writes a wallet and opens it.
    fn create_wallet(&self, new: NewWallet) -> Answer<'_, Overview>;
    /// Writes a wallet that only watches `address`, and opens it.
    fn watch_wallet(&self, name: String, address: String) -> Answer<'_, Overview>;
    /// Opens a wallet.
    fn unlock(&self, name: SafeText, password: Secret) -> Answer<'_, Overview>;
    /// Forgets the keys of the open wallet.
    fn lock(&self) -> Answer<'_, ()>;
    /// The open wallet at the tip.
    fn overview(&self) -> Answer<'_, Overview>;
    /// Opens the next account.
    fn new_account(&self, name: String) -> Answer<'_, Overview>;
    /// The people one pays.
    fn contacts(&self) -> Answer<'_, Vec<Contact>>;
    /// Adds a contact, or renames the one with this address.
    fn save_contact(&self, name: String, address: String) -> Answer<'_, Vec<Contact>>;
    /// Takes a contact out.
    fn remove_contact(&self, address: SafeText) -> Answer<'_, Vec<Contact>>;
    /// A part of the wallet's history.
    fn history(&self, query: HistoryQuery) -> Answer<'_, HistoryPage>;
    /// Notes something about a transaction; empty takes the note away.
    fn label(&self, txid: SafeText, label: String) -> Answer<'_, ()>;
    /// What a transaction costs now.
    fn prices(&self) -> Answer<'_, Prices>;
    /// Prepares a payment. Nothing is signed.
    fn plan(&self, request: SendRequest) -> Answer<'_, SendPlan>;
    /// Prepares the replacement of a waiting payment: the same at a higher price, or, with `cancel`, nothing.
    fn plan_replacement(&self, txid: SafeText, cancel: bool) -> Answer<'_, SendPlan>;
    /// Signs and sends what was prepared; answers with its id.
    fn send(&self, plan: u64) -> Answer<'_, SafeText>;
    /// Where a payment stands.
    fn payment(&self, txid: SafeText) -> Answer<'_, Payment>;
    /// Signs a message with an account's key.
    fn sign_message(&self, account: u32, message: String) -> Answer<'_, SignedMessage>;
    /// Whether `signature` is `address`'s under `message`.
    fn verify_message(&self, address: String, message: String, signature: String) -> Answer<'_, bool>;

    /// The newest blocks, or those below a height, newest first.
    fn blocks(&self, below: Option<u64>, limit: usize) -> Answer<'_, Vec<BlockRow>>;
    /// A block.
    fn block(&self, which: BlockRef) -> Answer<'_, BlockDetail>;
    /// A transaction.
    fn transaction(&self, txid: SafeText) -> Answer<'_, TxDetail>;
    /// An account.
    fn account(&self, address: SafeText) -> Answer<'_, AccountDetail>;
    /// Branches beside the active one.
    fn forks(&self) -> Answer<'_, Forks>;
    /// Whatever goes by `text`: a height, an id, an address.
    fn search(&self, text: String) -> Answer<'_, Found>;

    /// The miner.
    fn miner(&self) -> Answer<'_, MinerStatus>;
    /// Starts the miner with so many threads, rewards to an own account.
    fn start_miner(&self, threads: u32, account: u32) -> Answer<'_, MinerStatus>;
    /// Stops the miner.
    fn stop_miner(&self) -> Answer<'_, MinerStatus>;

    /// What waits.
    fn pool(&self) -> Answer<'_, PoolView>;
    /// The node among its peers.
    fn network(&self) -> Answer<'_, NetworkView>;
    /// Tells the node of a peer, and looks again.
    fn add_peer(&self, address: String) -> Answer<'_, NetworkView>;
    /// Bans a node or an address for so many seconds, and looks again.
    fn ban(&self, who: SafeText, seconds: u64) -> Answer<'_, NetworkView>;
    /// Ends a ban, and looks again.
    fn unban(&self, who: SafeText) -> Answer<'_, NetworkView>;

    /// What happens by itself, from now on. Called once.
    fn events(&self) -> BoxStream<'static, Event>;
}

/// Something that happened by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The chain, its sync or its peers have changed.
    Status(Box<ChainStatus>),
    /// How it stands with the servers has changed.
    Remote(Box<RemoteView>),
    /// New blocks at the tip, oldest first. A reorganisation replaces heights that were there.
    Blocks(Vec<BlockRow>),
    /// The open wallet's balances or payments have changed.
    WalletChanged,
    /// The miner has changed.
    Miner(Box<MinerStatus>),
    /// Lines of the log.
    Log(Vec<LogLine>),
    /// A sentence for whoever sits here.
    Notice(SafeText),
    /// The node has gone, and why.
    Gone(SafeText),
}

/// What can be asked. Each goes to the method of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "one for every method of the trait, documented there")]
pub enum Request {
    Wallets,
    FreshWords(WordCount),
    CreateWallet(Box<NewWallet>),
    WatchWallet { name: String, address: String },
    Unlock { name: SafeText, password: Secret },
    Lock,
    Overview,
    NewAccount(String),
    Contacts,
    SaveContact { name: String, address: String },
    RemoveContact(SafeText),
    History(HistoryQuery),
    Label { txid: SafeText, label: String },
    Prices,
    Plan(Box<SendRequest>),
    PlanReplacement { txid: SafeText, cancel: bool },
    Send(u64),
    Payment(SafeText),
    SignMessage { account: u32, message: String },
    VerifyMessage { address: String, message: String, signature: String },
    Blocks { below: Option<u64>, limit: usize },
    Block(BlockRef),
    Transaction(SafeText),
    Account(SafeText),
    Forks,
    Search(String),
    Miner,
    StartMiner { threads: u32, account: u32 },
    StopMiner,
    Pool,
    Network,
    AddPeer(String),
    Ban { who: SafeText, seconds: u64 },
    Unban(SafeText),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "one for every kind of answer in the trait, documented there")]
pub enum Reply {
    Wallets(Vec<WalletInfo>),
    Words(Phrase),
    Overview(Box<Overview>),
    Done,
    Contacts(Vec<Contact>),
    History(HistoryPage),
    Prices(Prices),
    Plan(Box<SendPlan>),
    Sent(SafeText),
    Payment(Payment),
    Signed(Box<SignedMessage>),
    Verified(bool),
    Blocks(Vec<BlockRow>),
    Block(Box<BlockDetail>),
    Transaction(Box<TxDetail>),
    Account(Box<AccountDetail>),
    Forks(Forks),
    Found(Found),
    Miner(Box<MinerStatus>),
    Pool(Box<PoolView>),
    Network(Box<NetworkView>),
}

/// Puts a request to a backend.
///
/// # Errors
/// The backend's.
pub async fn ask(backend: &dyn Backend, request: Request) -> Result<Reply, Failure> {
    Ok(match request {
        Request::Wallets => Reply::Wallets(backend.wallets().await?),
        Request::FreshWords(count) => Reply::Words(backend.fresh_words(count).await?),
        Request::CreateWallet(new) => Reply::Overview(Box::new(backend.create_wallet(*new).await?)),
        Request::WatchWallet { name, address } => {
            Reply::Overview(Box::new(backend.watch_wallet(name, address).await?))
        }
        Request::Unlock { name, password } => {
            Reply::Overview(Box::new(backend.unlock(name, password).await?))
        }
        Request::Lock => {
            backend.lock().await?;
            Reply::Done
        }
        Request::Overview => Reply::Overview(Box::new(backend.overview().await?)),
        Request::NewAccount(name) => Reply::Overview(Box::new(backend.new_account(name).await?)),
        Request::Contacts => Reply::Contacts(backend.contacts().await?),
        Request::SaveContact { name, address } => Reply::Contacts(backend.save_contact(name, address).await?),
        Request::RemoveContact(address) => Reply::Contacts(backend.remove_contact(address).await?),
        Request::History(query) => Reply::History(backend.history(query).await?),
        Request::Label { txid, label } => {
            backend.label(txid, label).await?;
            Reply::Done
        }
        Request::Prices => Reply::Prices(backend.prices().await?),
        Request::Plan(request) => Reply::Plan(Box::new(backend.plan(*request).await?)),
        Request::PlanReplacement { txid, cancel } => {
            Reply::Plan(Box::new(backend.plan_replacement(txid, cancel).await?))
        }
        Request::Send(plan) => Reply::Sent(backend.send(plan).await?),
        Request::Payment(txid) => Reply::Payment(backend.payment(txid).await?),
        Request::SignMessage { account, message } => {
            Reply::Signed(Box::new(backend.sign_message(account, message).await?))
        }
        Request::VerifyMessage { address, message, signature } => {
            Reply::Verified(backend.verify_message(address, message, signature).await?)
        }
        Request::Blocks { below, limit } => Reply::Blocks(backend.blocks(below, limit).await?),
        Request::Block(which) => Reply::Block(Box::new(backend.block(which).await?)),
        Request::Transaction(txid) => Reply::Transaction(Box::new(backend.transaction(txid).await?)),
        Request::Account(address) => Reply::Account(Box::new(backend.account(address).await?)),
        Request::Forks => Reply::Forks(backend.forks().await?),
        Request::Search(text) => Reply::Found(backend.search(text).await?),
        Request::Miner => Reply::Miner(Box::new(backend.miner().await?)),
        Request::StartMiner { threads, account } => {
            Reply::Miner(Box::new(backend.start_miner(threads, account).await?))
        }
        Request::StopMiner => Reply::Miner(Box::new(backend.stop_miner().await?)),
        Request::Pool => Reply::Pool(Box::new(backend.pool().await?)),
        Request::Network => Reply::Network(Box::new(backend.network().await?)),
        Request::AddPeer(address) => Reply::Network(Box::new(backend.add_peer(address).await?)),
        Request::Ban { who, seconds } => Reply::Network(Box::new(backend.ban(who, seconds).await?)),
        Request::Unban(who) => Reply::Network(Box::new(backend.unban(who).await?)),
    })
}
