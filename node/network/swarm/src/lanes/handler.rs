//! The lanes of one connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::iter;
use std::task::{Context, Poll};

use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::swarm::handler::{
    ConnectionEvent, ConnectionHandlerEvent, DialUpgradeError, FullyNegotiatedInbound,
    FullyNegotiatedOutbound,
};
use libp2p::swarm::{ConnectionHandler, StreamUpgradeError, SubstreamProtocol};
use libp2p::{Stream, StreamProtocol};
use vibecoin_network::wire::Lane;

use super::LaneProtocols;
use crate::transport::meter::SharedMeter;

/// Reports that wait at most: each lane once, and the noise.
const REPORTS_MAX: usize = 8;

/// What there is to say about the lanes of a connection.
#[derive(Debug)]
pub(crate) enum Report {
    /// A lane is open.
    Open {
        /// Which.
        lane: Lane,
        /// Its stream.
        stream: Stream,
    },
    /// A lane could not be opened.
    Failed {
        /// Which.
        lane: Lane,
        /// Why.
        failure: OpenFailure,
    },
    /// Too much comes outside of the lanes.
    Noise,
}

/// Why a lane could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenFailure {
    /// The other side does not speak this protocol: it is of another network.
    Unsupported,
    /// It did not answer in time, or the connection broke.
    Broken,
}

/// See the module.
pub(crate) struct Handler {
    protocols: LaneProtocols,
    /// Whether this side opens the lanes; then the other may not.
    opens: bool,
    meter: SharedMeter,
    to_open: VecDeque<Lane>,
    reports: VecDeque<Report>,
    accepted: [bool; 2],
    noise_told: bool,
}

const fn place(lane: Lane) -> usize {
    match lane {
        Lane::Talk => 0,
        Lane::Bulk => 1,
    }
}

impl Handler {
    pub(super) const fn new(protocols: LaneProtocols, opens: bool, meter: SharedMeter) -> Self {
        Self {
            protocols,
            opens,
            meter,
            to_open: VecDeque::new(),
            reports: VecDeque::new(),
            accepted: [false; 2],
            noise_told: false,
        }
    }

    /// The other side has opened a lane. One too many is dropped, which closes it.
    fn accept(&mut self, lane: Lane, stream: Stream) {
        let accepted = &mut self.accepted[place(lane)];
        if !self.opens && !*accepted {
            *accepted = true;
            self.report(Report::Open { lane, stream });
        }
    }

    fn report(&mut self, report: Report) {
        if self.reports.len() < REPORTS_MAX {
            self.reports.push_back(report);
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Lane;
    type ToBehaviour = Report;
    type InboundProtocol = Accept;
    type OutboundProtocol = Open;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Lane;

    fn listen_protocol(&self) -> SubstreamProtocol<Accept> {
        SubstreamProtocol::new(Accept(self.protocols.clone()), ())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<Open, Lane, Report>> {
        if !self.noise_told && self.meter.poll_tripped(cx.waker()) {
            self.noise_told = true;
            self.report(Report::Noise);
        }
        if let Some(report) = self.reports.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(report));
        }
        if let Some(lane) = self.to_open.pop_front() {
            let protocol = SubstreamProtocol::new(Open(self.protocols.of(lane)), lane);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        Poll::Pending
    }

    fn on_behaviour_event(&mut self, lane: Lane) {
        if !self.to_open.contains(&lane) {
            self.to_open.push_back(lane);
        }
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Accept, Open, (), Lane>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (lane, stream),
                ..
            }) => self.accept(lane, stream),
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: stream,
                info: lane,
            }) => self.report(Report::Open { lane, stream }),
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info: lane, error }) => {
                let failure = match error {
                    StreamUpgradeError::NegotiationFailed => OpenFailure::Unsupported,
                    StreamUpgradeError::Timeout | StreamUpgradeError::Io(_) => OpenFailure::Broken,
                    StreamUpgradeError::Apply(never) => match never {},
                };
                self.report(Report::Failed { lane, failure });
            }
            // Addresses, lists of protocols, and errors of inbound streams that say nothing about lanes.
            _ => {}
        }
    }
}

/// Takes a stream for either lane.
#[derive(Clone, Debug)]
pub(crate) struct Accept(LaneProtocols);

impl UpgradeInfo for Accept {
    type Info = StreamProtocol;
    type InfoIter = std::array::IntoIter<StreamProtocol, 2>;

    fn protocol_info(&self) -> Self::InfoIter {
        [self.0.of(Lane::Talk), self.0.of(Lane::Bulk)].into_iter()
    }
}

impl InboundUpgrade<Stream> for Accept {
    type Output = (Lane, Stream);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        let lane = if protocol == self.0.of(Lane::Talk) { Lane::Talk } else { Lane::Bulk };
        ready(Ok((lane, stream)))
    }
}

/// Opens a stream for one lane.
#[derive(Clone, Debug)]
pub(crate) struct Open(StreamProtocol);

impl UpgradeInfo for Open {
    type Info = StreamProtocol;
    type InfoIter = iter::Once<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once(self.0.clone())
    }
}

impl OutboundUpgrade<Stream> for Open {
    type Output = Stream;
    type Error = Infallible;
    type Future = Ready<Result<Stream, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, _: StreamProtocol) -> Self::Future {
        ready(Ok(stream))
    }
}
