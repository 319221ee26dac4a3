//! The questions about the chain: what is asked, and the answer as far as bytes go.
//!
//! Each question is one call to one server. An answer leaves here decoded and, where it can be checked by itself,
//! checked; whether it fits the chain that was proven is for the callers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vibecoin_consensus::light::{Record, Tip};
use vibecoin_consensus::{Node, light};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Content, Header, Height, Work, encoding};
use vibecoin_rpc::ApiError;
use vibecoin_rpc::types::{BlockRef, HeaderInfo, HexBytes, LightHeaders, LightProof, LightTip};

use super::failure::Failure;
use super::server::{HttpServer, ServerError};

/// The most headers that are asked for at once.
pub const HEADERS_MAX: u32 = 2_000;

/// What a server says stands after a block that both sides know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The last shared block.
    pub fork: (Height, Hash),
    /// The headers after it.
    pub records: Vec<Record>,
    /// The server's tip.
    pub tip: (Height, Hash),
    /// Its cumulative work, as announced.
    pub work: Work,
}

impl Continuation {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Failure::Form`].
    pub fn read(answer: &LightHeaders) -> Result<Self, Failure> {
        let bytes = answer.records.as_bytes();
        if bytes.len() > HEADERS_MAX as usize * Record::BYTES {
            return Err(Failure::Form("headers"));
        }
        let records = Record::decode_all(bytes).map_err(|_| Failure::Form("headers"))?;
        Ok(Self {
            fork: (answer.fork_height, answer.fork_id),
            records,
            tip: (answer.tip_height, answer.tip_id),
            work: answer.tip_work.0,
        })
    }
}

/// Asks, and takes "I have no such thing" as an answer of its own.
pub(super) async fn call<T: DeserializeOwned>(
    server: &HttpServer,
    method: &str,
    params: &(impl Serialize + Sync),
) -> Result<T, Failure> {
    server.call(method, params).await.map_err(|error| match error {
        ServerError::Refused { error, .. } if matches!(*error, ApiError::NotFound { .. }) => {
            Failure::NotThere
        }
        other => Failure::Server(other),
    })
}

/// The tip that a server stands by; with an id, that block as a tip.
pub(super) async fn tip(server: &HttpServer, id: Option<Hash>) -> Result<Tip, Failure> {
    let answer: LightTip = call(server, "light_tip", &(id,)).await?;
    let header: Header = fixed(&answer.header, Header::BYTES, "header")?;
    if header.height != answer.height {
        return Err(Failure::Contradiction);
    }
    if id.is_some_and(|id| id != answer.id) {
        return Err(Failure::OtherBlock(id.unwrap_or_default()));
    }
    let peaks = nodes(&answer.peaks, "peaks")?;
    let content = fixed(&answer.content, Content::BYTES, "content")?;
    Ok(Tip { id: answer.id, work: answer.work.0, header, content, peaks })
}

/// The proof of a tip. Whatever is wrong from here on, the server has seen the seed.
pub(super) async fn proof(
    server: &HttpServer,
    tip_id: Hash,
    seed: &[u8; 32],
    params: &light::Params,
) -> Result<HexBytes, Failure> {
    let question = (tip_id, Hash::new(*seed), params.last(), params.draws());
    let answer: LightProof = server.call("light_prove", &question).await.map_err(Failure::Unproven)?;
    Ok(answer.proof)
}

/// What stands after a block, by this server.
pub(super) async fn headers(server: &HttpServer, from: Hash) -> Result<Continuation, Failure> {
    let answer: LightHeaders = call(server, "light_headers", &(from, HEADERS_MAX)).await?;
    Continuation::read(&answer)
}

/// The content of a block whose header is known.
pub(super) async fn content(server: &HttpServer, header: &Header, id: Hash) -> Result<Content, Failure> {
    let answer: HeaderInfo = call(server, "chain_header", &(BlockRef::Id(id),)).await?;
    let content: Content = fixed(&answer.content, Content::BYTES, "content")?;
    if content.root() == header.content_root { Ok(content) } else { Err(Failure::Content(header.height)) }
}

/// The value of a fixed length in `bytes`.
pub(super) fn fixed<T: borsh::BorshDeserialize>(
    bytes: &HexBytes,
    length: usize,
    what: &'static str,
) -> Result<T, Failure> {
    if bytes.as_bytes().len() != length {
        return Err(Failure::Form(what));
    }
    encoding::decode(bytes.as_bytes()).map_err(|_| Failure::Form(what))
}

/// Nodes of 64 bytes, at most one for each bit of a height.
pub(super) fn nodes(bytes: &HexBytes, what: &'static str) -> Result<Vec<Node>, Failure> {
    let bytes = bytes.as_bytes();
    if !bytes.len().is_multiple_of(Node::BYTES) || bytes.len() > 64 * Node::BYTES {
        return Err(Failure::Form(what));
    }
    bytes.chunks(Node::BYTES).map(|node| encoding::decode(node).map_err(|_| Failure::Form(what))).collect()
}
