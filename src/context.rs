//! What every command is handed: the configuration, the output, and how to wait.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use vibecoin_client::network::NetworkFacts;
use vibecoin_client::vault::Vault;
use vibecoin_client::wallets::{WalletName, Wallets};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Address, Timestamp};

use crate::cli::node::{Keeping, Meeting};
use crate::cli::{Cli, Command, Global};
use crate::config::{Config, ConfigError, Key, Sources};
use crate::failure::{Exit, Failure, Outcome};
use crate::logging::{self, Extra, Guard, Places};
use crate::output::Output;

/// How long work that nobody waits for may go on after a command's answer.
const LAST_TASKS: Duration = Duration::from_secs(1);

/// What every command is handed.
pub struct Context {
    /// Every setting.
    pub config: Config,
    /// Where answers go.
    pub out: Output,
    /// True if every question is answered with yes.
    pub yes: bool,
    /// Steps by which the log is louder than usual.
    louder: i8,
}

impl Context {
    /// Reads the configuration under this command line.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(cli: &Cli, out: Output) -> Result<Self, ConfigError> {
        let config = Config::load(sources(cli, Sources::of_process()))?;
        let steps = |count: u8| i8::try_from(count).unwrap_or(i8::MAX);
        let louder = steps(cli.global.verbose).saturating_sub(steps(cli.global.quiet));
        Ok(Self { config, out, yes: cli.global.yes, louder })
    }

    /// Starts the log.
    ///
    /// # Errors
    /// As [`logging::start`].
    pub fn start_log(&self, places: Places, extra: Option<Extra>) -> Outcome<Guard> {
        logging::start(&self.config, places, self.louder, self.out.colors_messages(), extra)
    }

    /// What is signed and shown of the network.
    #[must_use]
    pub fn facts(&self) -> NetworkFacts {
        let network = self.config.network();
        NetworkFacts::new(network.name(), network.spec())
    }

    /// The directory of this network's wallets.
    #[must_use]
    pub fn wallets(&self) -> Wallets {
        Wallets::new(self.config.wallet_dir())
    }

    /// The owner of the keys, with no wallet open.
    #[must_use]
    pub fn vault(&self) -> Vault {
        Vault::new(self.wallets(), self.facts())
    }

    /// The wallet that was named by a flag or a setting.
    ///
    /// # Errors
    /// [`Failure::Name`].
    pub fn wallet_name(&self) -> Outcome<Option<WalletName>> {
        Ok(self.config.text(Key::Wallet).map(str::parse).transpose()?)
    }

    /// Reads an address of this network.
    ///
    /// # Errors
    /// [`Failure::Address`].
    pub fn address(&self, text: &str) -> Outcome<Address> {
        self.facts().address(text).map_err(|source| Failure::Address { text: text.to_owned(), source })
    }

    /// An address as text on this network.
    #[must_use]
    pub fn show(&self, address: &Address) -> String {
        address.encode(self.config.network().prefix())
    }

    /// Waits for an answer.
    ///
    /// # Errors
    /// What the future answers; [`Failure::Unexpected`] without a runtime.
    pub fn wait<T>(&self, future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        let runtime = runtime()?;
        let answer = runtime.block_on(future);
        // What still runs on a thread of its own has no part in the answer: it must not keep the process.
        runtime.shutdown_timeout(LAST_TASKS);
        answer
    }
}

/// Reads a hash that somebody typed.
///
/// # Errors
/// [`Failure::Usage`].
pub fn hash(text: &str) -> Outcome<Hash> {
    text.parse().map_err(|error| Failure::Usage(format!("{text}: {error}")))
}

/// The machine's clock.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// A runtime for a command. Made only by those that wait, so that the others start at once.
///
/// # Errors
/// [`Failure::Unexpected`] when the system gives no threads.
pub fn runtime() -> Outcome<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::unexpected)
}

/// Waits for a future or for Ctrl-C, whichever comes first. Not for what asks on the terminal: a prompt has to be
/// ended by the signal itself.
///
/// # Errors
/// [`Failure::Interrupted`], or what the future answers.
pub async fn interruptible<T>(future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::select! {
        answer = future => answer,
        signal = tokio::signal::ctrl_c() => {
            signal.map_err(Failure::unexpected)?;
            Err(Failure::Interrupted)
        }
    }
}

/// Has Ctrl-C end the process with the code for it, wherever it is. For work that asks nothing, holds nothing that
/// a crash would hurt, and waits for no future.
///
/// # Errors
/// [`Failure::Unexpected`] when the system gives no thread.
pub fn exit_on_interrupt(out: Output) -> Outcome {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::unexpected)?;
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            out.fail(&Failure::Interrupted);
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map_err(Failure::unexpected)?;
    Ok(())
}

/// Has Ctrl-C raise a flag, for work that ends well at its next good moment. Pressed twice, it ends the process
/// where it is.
///
/// # Errors
/// [`Failure::Unexpected`] when the system gives no thread.
pub fn flag_on_interrupt(out: Output) -> Outcome<Arc<AtomicBool>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::unexpected)?;
    let raised = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&raised);
    let wait = move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            out.fail(&Failure::Interrupted);
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map_err(Failure::unexpected)?;
    Ok(raised)
}

/// The flags of a command line as the uppermost layer.
fn sources(cli: &Cli, mut sources: Sources) -> Sources {
    let Global { network, data_dir, config, remote, .. } = &cli.global;
    sources.file = config.clone();
    sources.flag(Key::Network, "--network", network.as_ref());
    sources.flags(Key::Remote, "--remote", remote);
    sources.flag(Key::DataDir, "--data-dir", data_dir.as_ref().map(|dir| dir.display()));
    match &cli.command {
        Some(Command::Node(args)) => {
            sources.flag(Key::Mine, "--mine", args.mine.as_ref());
            sources.flag(Key::Threads, "--threads", args.threads.as_ref());
            meeting(&mut sources, &args.meeting);
            sources.flag(Key::Rpc, "--rpc", args.rpc.as_ref());
            sources.flag(Key::Metrics, "--metrics", args.metrics.as_ref());
            keeping(&mut sources, &args.keeping);
        }
        Some(Command::Light(args)) => {
            sources.flag(Key::Proxy, "--proxy", args.proxy.as_ref());
            sources.flag(Key::Confirmations, "--confirmations", args.confirmations.as_ref());
            sources.flag(Key::Spread, "--spread", args.spread.then_some(true));
        }
        Some(Command::Tui(args)) => keeping(&mut sources, &args.keeping),
        Some(Command::Wallet(args)) => sources.flag(Key::Wallet, "--wallet", args.wallet.as_ref()),
        _ => {}
    }
    sources
}

/// The flags that say how a node meets others.
fn meeting(sources: &mut Sources, meeting: &Meeting) {
    sources.flags(Key::P2p, "--p2p", &meeting.p2p);
    sources.flags(Key::External, "--external", &meeting.external);
    sources.flags(Key::Bootstrap, "--bootstrap", &meeting.bootstrap);
    sources.flag(Key::Sync, "--sync", meeting.sync.as_ref());
    sources.flag(Key::Mdns, "--mdns", meeting.mdns.then_some(true));
    sources.flag(Key::RelayServer, "--relay-server", meeting.relay_server.then_some(true));
    sources.flag(Key::Proxy, "--proxy", meeting.proxy.as_ref());
}

/// The flags that say what is verified and kept of the chain. A switch that is not given leaves the other layers be.
fn keeping(sources: &mut Sources, keeping: &Keeping) {
    sources.flag(Key::VerifyPoh, "--verify-poh", keeping.verify_poh.as_ref());
    sources.flag(Key::Archive, "--archive", keeping.archive.then_some(true));
    sources.flag(Key::PruneTicks, "--prune-ticks", keeping.prune_ticks.then_some(true));
}
