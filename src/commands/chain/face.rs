//! A node to ask: remote ones that must prove what they say, the one that runs here, or one in this process that
//! neither listens nor mines.

use vibecoin_node::{LogRing, Node, NodeConfig};
use vibecoin_rpc::NodeApi;

use crate::attach;
use crate::commands::node;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::remote;

/// Asks the remote nodes, if any are named, or else the node that runs in the data directory; without one, opens the directory for as long as it takes.
///
/// # Errors
/// What the question answers; [`Failure::Start`] if the directory cannot be opened.
pub fn with<T>(context: &Context, ask: impl AsyncFnOnce(&dyn NodeApi) -> Outcome<T>) -> Outcome<T> {
    context.wait(async {
        if let Some(face) = remote::face(context).await? {
            return ask(&*face).await;
        }
        if let Some(running) = attach::running(context).await? {
            return ask(&*running).await;
        }
        // It neither mines nor listens.
        let settings = node::config(context, LogRing::default())?;
        let config = NodeConfig { mine: None, metrics: None, ..settings };
        let node = Node::start(config).await?;
        let handle = node.handle();
        let answer = ask(&*handle.api()).await;
        handle.stop();
        let ended = node.run().await.map_err(Failure::from);
        answer.and_then(|answer| ended.map(|()| answer))
    })
}
