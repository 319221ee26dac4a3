//! `vibecoin tui`: the screens, on the node that runs here, on one of their own, or over remote nodes that must prove
//! what they say.

use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::str::FromStr;
use std::sync::Arc;

use vibecoin_client::light::LightClient;
use vibecoin_client::light::face::LightFace;
use vibecoin_client::service::WalletService;
use vibecoin_client::vault::LockAfter;
use vibecoin_node::{LogRing, Node, NodeConfig, RpcConfig, StartError};
use vibecoin_rpc::{NodeApi, OperatorApi, ServerError};
use vibecoin_tui::client::{ClientBackend, ClientOptions};
use vibecoin_tui::keymap::Keymap;
use vibecoin_tui::safe::SafeText;
use vibecoin_tui::theme::{ColourDepth, Theme};
use vibecoin_tui::{Options, Settings, TuiError};

use super::node;
use crate::attach;
use crate::cli::node::TuiArgs;
use crate::config::Key;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::logging::Places;
use crate::remote;

mod late;

/// Blocks until a reward can be spent.
const MATURITY_BLOCKS: u64 = 100;

/// What the screens show.
enum Shown {
    /// The user's node, and what tells it what to do, if this program may.
    Node(Arc<dyn NodeApi>, Option<Arc<dyn OperatorApi>>),
    /// Remote nodes, as far as they prove what they say.
    Remote(Arc<LightClient>),
}

/// Shows the screens until they are left.
///
/// # Errors
/// [`Failure::Screens`] without a terminal; why the node did not start, or went down.
pub fn run(context: &Context, args: &TuiArgs) -> Outcome {
    // Before a node is started for nobody.
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TuiError::NoTerminal.into());
    }
    let logs = LogRing::default();
    let _log = context.start_log(Places::Files, Some(Box::new(logs.layer())))?;
    context.wait(async {
        if args.attach.is_none() && remote::is_wanted(context) {
            return over_remote_nodes(context).await;
        }
        match find(context, args).await? {
            Some(shown) => Ok(screens(context, shown, false)?.await?),
            None => on_own_node(context, logs).await,
        }
    })
}

/// The node at the URL that was named, or the one that runs in the data directory.
async fn find(context: &Context, args: &TuiArgs) -> Outcome<Option<Shown>> {
    if let Some(url) = &args.attach {
        let (client, has_cookie) = attach::at(context, url).await?;
        let operator = has_cookie.then(|| Arc::clone(&client) as Arc<dyn OperatorApi>);
        return Ok(Some(Shown::Node(client, operator)));
    }
    let running = attach::running(context).await?;
    Ok(running.map(|client| Shown::Node(Arc::clone(&client) as _, Some(client))))
}

/// The screens over remote nodes. The chain is proven while the first frame is drawn, and followed until they are left.
async fn over_remote_nodes(context: &Context) -> Outcome {
    let client = remote::open(context, |_| {})?;
    let following = tokio::spawn(Arc::clone(&client).run());
    let left = screens(context, Shown::Remote(Arc::clone(&client)), false)?.await;
    following.abort();
    client.close();
    Ok(left?)
}

/// The screens over a new node in this process, which starts while the first frame is drawn.
async fn on_own_node(context: &Context, logs: LogRing) -> Outcome {
    let mut config = node::config(context, logs)?;
    config.rpc = Some(RpcConfig::new(node::listen(context)?));
    let mut starting = tokio::spawn(start(config, context.config.is_default(Key::Rpc)));
    let (late, arrival) = late::node();
    let shown = Shown::Node(Arc::new(late.clone()), Some(Arc::new(late)));
    let mut screens = Box::pin(screens(context, shown, true)?);
    let (left, node) = tokio::select! {
        // What keeps the node from starting ends the screens, too.
        started = &mut starting => (None, started.map_err(Failure::unexpected)??),
        left = &mut screens => (Some(left), starting.await.map_err(Failure::unexpected)??),
    };
    let handle = node.handle();
    arrival.announce(&handle);
    let mut running = tokio::spawn(node.run());
    let left = match left {
        Some(left) => left,
        None => tokio::select! {
            left = &mut screens => left,
            // Told to stop by somebody else, or unable to go on: nothing on the screens would be true any more.
            ended = &mut running => {
                drop(screens);
                context.out.say("The node of these screens has stopped.");
                return Ok(ended.map_err(Failure::unexpected)??);
            }
        },
    };
    handle.stop();
    let ended = running.await.map_err(Failure::unexpected)?;
    left?;
    Ok(ended?)
}

/// Starts the node, with a port for the command line. Unless somebody wants a certain one, any will do.
async fn start(mut config: NodeConfig, any_port: bool) -> Result<Node, StartError> {
    match (Node::start(config.clone()).await, &mut config.rpc) {
        (Err(StartError::Server(ServerError::PortInUse { .. })), Some(rpc)) if any_port => {
            rpc.listen.set_port(0);
            Node::start(config).await
        }
        (started, _) => started,
    }
}

/// The screens, ready to be shown.
fn screens(
    context: &Context,
    shown: Shown,
    own_node: bool,
) -> Outcome<impl Future<Output = Result<(), TuiError>>> {
    let options = options(context, &shown)?;
    let lock_after = match options.settings.auto_lock_s {
        0 => LockAfter::Never,
        seconds => LockAfter::Idle(seconds.saturating_mul(1000)),
    };
    let vault = Arc::new(context.vault());
    let (wallet, operator, light) = match shown {
        Shown::Node(node, operator) => (WalletService::new(vault, node), operator, None),
        Shown::Remote(client) => {
            let face = LightFace::new(Arc::clone(&client), context.config.network().name());
            (WalletService::light(vault, Arc::new(face)), None, Some(client))
        }
    };
    let backend =
        ClientBackend::new(Arc::new(wallet), operator, ClientOptions { lock_after, own_node, light });
    Ok(vibecoin_tui::run(Arc::new(backend), options))
}

fn options(context: &Context, shown: &Shown) -> Outcome<Options> {
    let network = context.config.network();
    let variable = |name: &str| std::env::var(name).ok();
    let no_color = if context.out.colors_wanted() { variable("NO_COLOR") } else { Some("1".to_owned()) };
    let depth = ColourDepth::detect(
        no_color.as_deref(),
        variable("COLORTERM").as_deref(),
        variable("TERM").as_deref(),
    );
    let theme = match context.config.text(Key::Theme).map(|name| (name, Theme::built_in(name))) {
        None => Theme::for_depth(depth),
        // Whoever wants no colours gets none, whatever the file says.
        Some(_) if depth == ColourDepth::Mono => Theme::for_depth(depth),
        Some((_, Some(theme))) => theme,
        Some((file, None)) => read(context, Key::Theme, file)?,
    };
    let keymap = match context.config.text(Key::Keymap) {
        None => Keymap::default(),
        Some(file) => read(context, Key::Keymap, file)?,
    };
    Ok(Options {
        settings: Settings {
            network: SafeText::new(network.name()),
            prefix: network.prefix(),
            auto_lock_s: context.config.number(Key::AutoLock).unwrap_or_default(),
            maturity_blocks: MATURITY_BLOCKS,
            own_node: matches!(shown, Shown::Node(_, Some(_))),
            remote: matches!(shown, Shown::Remote(_)),
        },
        theme,
        keymap,
        mouse: true,
    })
}

/// What the file says that a setting names.
fn read<T: FromStr<Err: Display>>(context: &Context, key: Key, file: &str) -> Outcome<T> {
    let origin = context.config.get(key).map(|setting| setting.origin.to_string()).unwrap_or_default();
    let wrong = |reason: &dyn Display| Failure::Usage(format!("{origin}: {}: {file}: {reason}", key.name()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    text.parse().map_err(|error| wrong(&error))
}
