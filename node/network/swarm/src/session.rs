//! A session: one peer on one connection, from the moment its talk lane is open to the moment it is told as closed.
//!
//! A session is a task that owns both lanes. It tells its own events, so that they come in order: connected, what was
//! received and sent, what was not sent after all, closed. Whatever it waits for — a slow peer, a slow node — nobody
//! else waits for it.

use std::future;
use std::io;
use std::time::Duration;

use futures_util::io::WriteHalf;
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::Stream;
use libp2p::swarm::ConnectionId;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use vibecoin_network::endpoint::NodeId;
use vibecoin_network::peers::Link;
use vibecoin_network::score::Fault;
use vibecoin_network::wire::{Goodbye, Lane, Message, WireLimits, encode};

use crate::event::{Event, Session};
use crate::lanes::purse::PeerPurse;
use crate::lanes::reader::{Incoming, LaneReader, ReadEnd};
use crate::lanes::writer::{LaneQueue, SentTeller};
use crate::transport::meter::SharedMeter;

/// Time that what is queued has to go out once the peer is to be left.
const DRAIN: Duration = Duration::from_secs(2);
/// Time that the reason has then, and the other side to close.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the driver tells a session. Without a driver that could, a session ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// Let go out what is queued, say this, and end.
    Close(Goodbye),
    /// Something is wrong with the connection outside of the lanes.
    Fault(Fault),
}

/// What a session tells the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Both sides have said hello: the bulk lane may be opened.
    Introduced(ConnectionId),
}

/// A session has told its last event.
#[derive(Debug)]
pub(crate) struct Ended {
    pub node: NodeId,
    pub session: Session,
    pub connection: ConnectionId,
}

/// What a session is, and what it shares with others.
pub(crate) struct SessionTask {
    pub node: NodeId,
    pub session: Session,
    pub connection: ConnectionId,
    pub link: Link,
    pub limits: WireLimits,
    pub purse: PeerPurse,
    pub meter: SharedMeter,
    pub events: mpsc::Sender<Event>,
    pub notices: mpsc::Sender<Notice>,
}

/// What comes to a session.
pub(crate) struct Lines {
    pub controls: mpsc::Receiver<Control>,
    pub talk: mpsc::Receiver<Message>,
    pub bulk: mpsc::Receiver<Message>,
    /// The stream of the bulk lane.
    pub bulk_stream: oneshot::Receiver<Stream>,
    /// Whether this node's hello has been given.
    pub said: watch::Receiver<bool>,
    /// The end of the session before with the same node: nothing is sent, the other end is dropped.
    pub before: Option<oneshot::Receiver<()>>,
    /// Dropped at the very end.
    pub after: oneshot::Sender<()>,
}

/// Why the lanes are left.
#[derive(Debug, PartialEq, Eq)]
enum Leave {
    Gone,
    Close(Goodbye),
}

impl SessionTask {
    /// Runs until the peer is gone or is to be left.
    pub(crate) async fn run(self, talk: Stream, mut lines: Lines) -> Ended {
        let (node, session, link) = (self.node, self.session, self.link.clone());
        if let Some(before) = lines.before.take() {
            let _ = before.await;
        }
        self.tell(Event::Connected { node, session, link }).await;
        let mut talk_queue = LaneQueue::new(lines.talk, SentTeller::new(node, self.events.clone()));
        let mut bulk_queue = LaneQueue::new(lines.bulk, SentTeller::new(node, self.events.clone()));
        let noise_told = {
            let mut lanes =
                Lanes { task: &self, controls: lines.controls, said: lines.said, noise_told: false };
            lanes.run(talk, lines.bulk_stream, &mut talk_queue, &mut bulk_queue).await;
            lanes.noise_told
        };
        if self.meter.is_tripped() && !noise_told {
            self.tell(Event::Misbehaved { node, fault: Fault::Noise }).await;
        }
        talk_queue.finish().await;
        bulk_queue.finish().await;
        self.tell(Event::Closed { node }).await;
        drop(lines.after);
        Ended { node, session, connection: self.connection }
    }

    /// Tells an event; nobody listens any more when the node stops.
    async fn tell(&self, event: Event) {
        let _ = self.events.send(event).await;
    }

    async fn receive(&self, incoming: Incoming) {
        let Incoming { message, bytes, room } = incoming;
        self.tell(Event::Received { node: self.node, message, bytes, room }).await;
    }

    /// Returns if the peer is gone; otherwise tells what it did and lets the driver decide.
    async fn stop_reading(&self, end: ReadEnd) {
        let node = self.node;
        match end {
            ReadEnd::Gone => return,
            ReadEnd::Violated(error) => self.tell(Event::Violated { node, error }).await,
            ReadEnd::Slow => self.tell(Event::Misbehaved { node, fault: Fault::SlowMessage }).await,
        }
        future::pending().await
    }

    fn reader<S>(&self, stream: S, lane: Lane) -> LaneReader<S> {
        LaneReader {
            stream,
            lane,
            limits: self.limits,
            purse: self.purse.clone(),
            meter: SharedMeter::clone(&self.meter),
            heard: Instant::now(),
        }
    }
}

/// Both lanes at work.
struct Lanes<'a> {
    task: &'a SessionTask,
    controls: mpsc::Receiver<Control>,
    said: watch::Receiver<bool>,
    noise_told: bool,
}

impl Lanes<'_> {
    /// Reads and writes on both lanes until one of them ends.
    async fn run(
        &mut self,
        talk: Stream,
        bulk_stream: oneshot::Receiver<Stream>,
        talk_queue: &mut LaneQueue,
        bulk_queue: &mut LaneQueue,
    ) {
        let task = self.task;
        let (talk_in, mut talk_out) = talk.split();
        let mut talk_in = task.reader(talk_in, Lane::Talk);
        let mut bulk_out = None;
        let (heard, has_heard) = watch::channel(false);
        let (said, said_too) = (self.said.clone(), self.said.clone());
        // The reason to close comes before the end of the queues, and is to be seen first.
        let leave = tokio::select! {
            biased;
            leave = self.watch() => leave,
            () = hear_talk(task, &mut talk_in, said, &heard) => Leave::Gone,
            _ = talk_queue.write_all(&mut talk_out) => Leave::Gone,
            () = carry_bulk(task, [said_too, has_heard], bulk_stream, &mut bulk_out, bulk_queue) => Leave::Gone,
        };
        let Leave::Close(goodbye) = leave else { return };
        let drain_bulk = async {
            if let Some(out) = &mut bulk_out {
                let _ = bulk_queue.write_all(out).await;
            }
        };
        let (talk_drained, _) =
            tokio::join!(timeout(DRAIN, talk_queue.write_all(&mut talk_out)), timeout(DRAIN, drain_bulk));
        if matches!(talk_drained, Ok(Ok(()))) {
            let _ = timeout(FAREWELL, farewell(&mut talk_in, &mut talk_out, goodbye)).await;
        }
    }

    /// Waits for a reason to leave.
    async fn watch(&mut self) -> Leave {
        while let Some(control) = self.controls.recv().await {
            match control {
                Control::Close(goodbye) => return Leave::Close(goodbye),
                Control::Fault(fault) => {
                    self.noise_told |= fault == Fault::Noise;
                    self.task.tell(Event::Misbehaved { node: self.task.node, fault }).await;
                }
            }
        }
        Leave::Gone
    }
}

/// Reads the talk lane: a hello, and after this node's own hello everything else.
async fn hear_talk<S: AsyncRead + Unpin>(
    task: &SessionTask,
    talk: &mut LaneReader<S>,
    mut said: watch::Receiver<bool>,
    heard: &watch::Sender<bool>,
) {
    loop {
        let introduced = *heard.borrow();
        let incoming = match talk.next(introduced).await {
            Ok(incoming) => incoming,
            Err(end) => return task.stop_reading(end).await,
        };
        let hello = matches!(incoming.message, Message::Hello(_));
        task.receive(incoming).await;
        if hello && !introduced {
            heard.send_replace(true);
            // The other side cannot have more to say before it has heard who this is.
            if said.wait_for(|said| *said).await.is_err() {
                return;
            }
        }
    }
}

/// Has the bulk lane opened once both sides are introduced, and carries it.
async fn carry_bulk(
    task: &SessionTask,
    introduced: [watch::Receiver<bool>; 2],
    stream: oneshot::Receiver<Stream>,
    out: &mut Option<WriteHalf<Stream>>,
    queue: &mut LaneQueue,
) {
    for mut side in introduced {
        if side.wait_for(|done| *done).await.is_err() {
            return future::pending().await;
        }
    }
    let _ = task.notices.send(Notice::Introduced(task.connection)).await;
    let Ok(stream) = stream.await else { return };
    let (stream_in, stream_out) = stream.split();
    let mut reader = task.reader(stream_in, Lane::Bulk);
    let hear = async {
        loop {
            match reader.next(true).await {
                Ok(incoming) => task.receive(incoming).await,
                Err(end) => return task.stop_reading(end).await,
            }
        }
    };
    tokio::select! {
        () = hear => {}
        _ = queue.write_all(out.insert(stream_out)) => {}
    }
}

/// Says why, and waits for the other side to have read it: some transports forget what is on its way when they are
/// closed.
async fn farewell<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    talk_in: &mut LaneReader<R>,
    talk_out: &mut W,
    goodbye: Goodbye,
) -> io::Result<()> {
    talk_out.write_all(&encode(&Message::Goodbye(goodbye))).await?;
    talk_out.close().await?;
    talk_in.discard().await
}
