//! What the swarm is asked to do, and the handle through which.

use tokio::sync::mpsc;
use vibecoin_network::Output;
use vibecoin_network::endpoint::{Contact, DnsName, NodeId};
use vibecoin_network::peers::Purpose;
use vibecoin_network::wire::{Goodbye, Message};

use crate::event::{Seen, Session};

/// Something to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// To a peer. Messages of one lane arrive in this order. The length of the frame comes back once as
    /// [`crate::Event::Sent`], whatever becomes of it.
    Send {
        /// Whom.
        node: NodeId,
        /// What.
        message: Message,
    },
    /// Part with a peer: what was sent before has a moment to go out, then the reason, then the connection is closed.
    Close {
        /// Whom.
        node: NodeId,
        /// Why.
        goodbye: Goodbye,
    },
    /// Connect to somebody.
    Dial {
        /// Where.
        contact: Contact,
        /// What for.
        purpose: Purpose,
    },
    /// Look up the nodes that a name lists (`/dnsaddr/name`). They come as [`crate::Event::Discovered`], from the
    /// operator.
    Resolve(DnsName),
}

impl Command {
    /// The command of a machine's output; the output itself if it is the node's business.
    ///
    /// # Errors
    /// The output back.
    #[expect(clippy::result_large_err, reason = "the output goes back as it came, and a command is as large")]
    pub fn of_output(output: Output) -> Result<Self, Output> {
        match output {
            Output::Send { node, message } => Ok(Self::Send { node, message }),
            Output::Close { node, goodbye } => Ok(Self::Close { node, goodbye }),
            Output::Dial { contact, purpose } => Ok(Self::Dial { contact, purpose }),
            output @ (Output::Judge { .. } | Output::Look { .. }) => Err(output),
        }
    }
}

/// The swarm has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the network has stopped")]
pub struct DriverGone;

/// The swarm, for whoever gives it commands.
#[derive(Clone, Debug)]
pub struct Driver {
    pub(crate) commands: mpsc::Sender<(Command, Option<Session>)>,
    pub(crate) seen: Seen,
}

impl Driver {
    /// Gives a command. Waits at most until the swarm has taken the ones before.
    ///
    /// # Errors
    /// [`DriverGone`] once the swarm has ended.
    pub async fn give(&self, command: Command) -> Result<(), DriverGone> {
        let session = match &command {
            Command::Send { node, .. } | Command::Close { node, .. } => self.seen.lock().get(node).copied(),
            Command::Dial { .. } | Command::Resolve(_) => None,
        };
        self.commands.send((command, session)).await.map_err(|_| DriverGone)
    }
}
