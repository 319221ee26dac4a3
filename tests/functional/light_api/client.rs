//! A light client in a few lines: it knows the chain spec, and puts every answer before the verifier.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use vibecoin_consensus::light::{Claim, Params, Place, Proven, Record, Tip, ancestor, verify};
use vibecoin_consensus::{Node, Peaks, genesis};
use vibecoin_crypto::{Hash, sha256};
use vibecoin_primitives::{ChainSpec, Content, Height, Timestamp, encoding};
use vibecoin_rpc::types::{LightAncestor, LightHeaders, LightTip};
use vibecoin_rpc::{ApiError, NodeApi, RpcClient};

use crate::functional::announced_port;
use crate::support::Running;
use crate::support::cluster::runtime;

/// See the module.
pub struct Client {
    pub api: RpcClient,
    pub spec: ChainSpec,
    pub genesis: Hash,
    port: u16,
}

/// An answer of the server as it came.
pub struct Packet {
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl Packet {
    pub fn is_packed(&self) -> bool {
        self.head.contains("\r\ncontent-encoding: gzip")
    }

    /// The body, unpacked if need be.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let read = match self.is_packed() {
            true => GzDecoder::new(&*self.body).read_to_string(&mut text),
            false => (&*self.body).read_to_string(&mut text),
        };
        read.unwrap();
        text
    }
}

impl Client {
    /// Of a node of the network that a file describes.
    pub fn of(node: &Running, spec: &Path) -> Self {
        Self::on(node, ChainSpec::from_json(&std::fs::read_to_string(spec).unwrap()).unwrap())
    }

    pub fn on(node: &Running, spec: ChainSpec) -> Self {
        let port = node.wait_for("address of the API", announced_port);
        let api = RpcClient::new(&format!("http://127.0.0.1:{port}"), None).unwrap();
        let genesis = genesis(&spec).id();
        Self { api, spec, genesis, port }
    }

    pub fn ask<T>(&self, answer: impl Future<Output = Result<T, ApiError>>) -> T {
        runtime().block_on(answer).unwrap()
    }

    pub fn refusal<T: std::fmt::Debug>(&self, answer: impl Future<Output = Result<T, ApiError>>) -> ApiError {
        runtime().block_on(answer).unwrap_err()
    }

    /// What the node says of a tip, checked against itself.
    pub fn claim(&self, id: Option<Hash>) -> Claim {
        let said = self.ask(self.api.light_tip(id));
        assert!(id.is_none_or(|id| id == said.id));
        let height = said.height;
        let claim = Claim::check(&self.spec, &self.genesis, tip(said), now()).unwrap();
        assert_eq!(claim.header().height, height);
        claim
    }

    /// The claimed chain, proven.
    pub fn proven(&self, claim: &Claim, params: Params) -> Proven {
        let seed = sha256(format!("{} {params:?}", claim.id()).as_bytes());
        let answer = self
            .ask(self.api.light_prove(claim.id(), seed, params.last(), params.draws()))
            .proof
            .into_bytes();
        let (spec, genesis) = (&self.spec, &self.genesis);
        let proven = verify(spec, genesis, claim, &seed.to_bytes(), &params, now(), &answer).unwrap();
        assert_eq!((proven.id(), proven.work()), (claim.id(), claim.work()));
        proven
    }

    /// The headers of an answer on top of the block that it says is shared: the last of them, and the work up to it.
    pub fn follow(&self, told: &LightHeaders) -> (Hash, u128) {
        let shared = self.claim(Some(told.fork_id));
        assert_eq!(shared.header().height, told.fork_height);
        let mut peaks: Peaks = shared.peaks().clone();
        peaks.append(Node::leaf(shared.header(), shared.id()).unwrap()).unwrap();
        let mut last = told.fork_id;
        for record in Record::decode_all(told.records.as_bytes()).unwrap() {
            let linked = record.link(&self.spec, &Place::on(&peaks, &self.spec), now()).unwrap();
            peaks.append(linked.leaf).unwrap();
            last = linked.id;
        }
        (last, peaks.work().get())
    }

    /// The id and the content of an old header, proven under a tip.
    pub fn ancestor(&self, tip: &Claim, height: u64) -> (Hash, Content) {
        let height = Height::new(height);
        let LightAncestor { record, id, content, path } = self.ask(self.api.light_ancestor(tip.id(), height));
        let record: Record = encoding::decode(record.as_bytes()).unwrap();
        let path = ancestor::Path::from_bytes(path.as_bytes()).unwrap();
        ancestor::verify(&self.spec, tip.peaks(), height, &record, &path).unwrap();
        let content: Content = encoding::decode(content.as_bytes()).unwrap();
        assert_eq!(record.content_root, content.root());
        (id, content)
    }

    /// Posts a call by hand, and gives what came over the wire.
    pub fn post(&self, method: &str, params: &Value, takes_gzip: bool) -> Packet {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let accept = if takes_gzip { "Accept-Encoding: gzip\r\n" } else { "" };
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
             {accept}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200") && !head.contains("chunked"), "{head}");
        Packet { head, body: answer.split_off(end + 4) }
    }
}

fn tip(said: LightTip) -> Tip {
    Tip {
        id: said.id,
        work: said.work.0,
        header: encoding::decode(said.header.as_bytes()).unwrap(),
        content: encoding::decode(said.content.as_bytes()).unwrap(),
        peaks: said
            .peaks
            .as_bytes()
            .chunks(Node::BYTES)
            .map(|node| encoding::decode(node).unwrap())
            .collect(),
    }
}

/// The clock of this machine.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::new(u64::try_from(since.as_millis()).unwrap())
}
