//! The lines between nodes: how long a message is on its way, and how long it takes to leave.
//!
//! A node lies in one of six regions. Shares of the regions and the latencies between them are those measured for the
//! Bitcoin network in 2019 that the simulator SimBlock (Aoki et al., "SimBlock: A Blockchain Network Simulator", 2019)
//! publishes with its source. It takes them as the time of one way, and so does this: since they come from round
//! trips, that is on the careful side. Each line draws its latency once, log-normal around the figure of its two
//! regions; a message then takes up to a tenth more.
//!
//! What leaves a node shares one line: messages to different peers go in turns of a chunk each, as fair connections
//! would; those to one peer go one after the other. Deliberately absent: loss, slow start, limits of the receiving side.

use std::collections::VecDeque;

use rand::RngExt;
use rand::rngs::SmallRng;
use vibecoin_network::wire::{Message, encoded_bytes};

/// One-way latency between regions in ms: North America, Europe, South America, Asia and Pacific, Japan, Australia.
const LATENCY_MS: [[f64; 6]; 6] = [
    [32.0, 124.0, 184.0, 198.0, 151.0, 189.0],
    [124.0, 11.0, 227.0, 237.0, 252.0, 294.0],
    [184.0, 227.0, 88.0, 325.0, 301.0, 322.0],
    [198.0, 237.0, 325.0, 85.0, 58.0, 198.0],
    [151.0, 252.0, 301.0, 58.0, 12.0, 126.0],
    [189.0, 294.0, 322.0, 198.0, 126.0, 16.0],
];
/// Share of the nodes in each region.
const SHARE: [f64; 6] = [0.3316, 0.4998, 0.0090, 0.1177, 0.0224, 0.0195];
/// Spread of the latency of a line, as the standard deviation of its logarithm.
const SPREAD: f64 = 0.3;
/// What a message costs beside its frame: headers of TCP and IP, noise, yamux, in bytes for each packet.
const PACKET_OVERHEAD_BYTES: usize = 80;
/// What fits into a packet.
const PACKET_BYTES: usize = 1_400;
/// What one peer gets before it is the next one's turn.
const CHUNK_BYTES: usize = 16 << 10;

/// A region drawn by its share.
pub fn region(rng: &mut SmallRng) -> usize {
    let mut drawn: f64 = rng.random();
    SHARE
        .iter()
        .position(|share| {
            drawn -= share;
            drawn < 0.0
        })
        .unwrap_or(0)
}

/// The latency of a line between two regions, in µs.
pub fn latency_us(rng: &mut SmallRng, from: usize, to: usize) -> u64 {
    // Box and Muller: a normally distributed number of two even ones.
    let (a, b): (f64, f64) = (rng.random(), rng.random());
    let normal = (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos();
    (LATENCY_MS[from][to] * (SPREAD * normal).exp() * 1_000.0) as u64
}

/// Bytes that a message takes on the line.
pub fn line_bytes(message: &Message) -> usize {
    let bytes = encoded_bytes(message);
    bytes + bytes.div_ceil(PACKET_BYTES) * PACKET_OVERHEAD_BYTES
}

/// A message that waits to leave.
#[derive(Debug)]
struct Leaving {
    message: Message,
    left_bytes: usize,
}

/// The line out of a node.
#[derive(Debug, Default)]
pub struct Uplink {
    /// For each peer with something to be sent, in the order of their turns.
    queues: VecDeque<(usize, VecDeque<Leaving>)>,
    /// Something is leaving.
    pub is_busy: bool,
}

impl Uplink {
    /// A message is to leave for a peer.
    pub fn push(&mut self, to: usize, message: Message) {
        let leaving = Leaving { left_bytes: line_bytes(&message), message };
        match self.queues.iter_mut().find(|(peer, _)| *peer == to) {
            Some((_, queue)) => queue.push_back(leaving),
            None => self.queues.push_back((to, VecDeque::from([leaving]))),
        }
    }

    /// The next chunk: how many bytes, and the message if they are its last ones.
    pub fn next(&mut self) -> Option<(usize, Option<(usize, Message)>)> {
        let (to, mut queue) = self.queues.pop_front()?;
        let first = queue.front_mut()?;
        let bytes = first.left_bytes.min(CHUNK_BYTES);
        first.left_bytes -= bytes;
        let done = if first.left_bytes == 0 { queue.pop_front() } else { None };
        if !queue.is_empty() {
            self.queues.push_back((to, queue));
        }
        Some((bytes, done.map(|leaving| (to, leaving.message))))
    }
}
