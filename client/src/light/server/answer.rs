//! The answer to one question, out of bytes that anybody may have made up.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use vibecoin_rpc::ApiError;

use super::error::{Fault, ServerError};
use super::said::{Said, in_our_words};

/// The deepest nesting of an answer: what the API describes is flatter, `rpc.discover` included.
const DEPTH_MAX: usize = 32;

/// A response of JSON-RPC. A field that comes twice is an error, and so are fields of other names.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    jsonrpc: &'a str,
    id: u64,
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    error: Option<&'a RawValue>,
}

/// The error object of JSON-RPC.
#[derive(Deserialize)]
struct Refusal<'a> {
    code: i32,
    message: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// A field that is there, even if it is null.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Reads the answer to the question `id`.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8], id: u64) -> Result<T, ServerError> {
    if depth(bytes) > DEPTH_MAX {
        return Err(Fault::TooDeep { depth_max: DEPTH_MAX }.into());
    }
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(Fault::Batch.into());
    }
    let envelope: Envelope<'_> = serde_json::from_slice(bytes).map_err(|_| Fault::NotJsonRpc)?;
    if envelope.jsonrpc != "2.0" {
        return Err(Fault::NotJsonRpc.into());
    }
    if envelope.id != id {
        return Err(Fault::WrongId.into());
    }
    match (envelope.result, envelope.error) {
        (Some(result), None) => serde_json::from_str(result.get())
            // The parser quotes what it read.
            .map_err(|error| Fault::WrongType(Said::new(&error.to_string())).into()),
        (None, Some(error)) => Err(refusal(error)),
        (Some(_), Some(_)) | (None, None) => Err(Fault::NotJsonRpc.into()),
    }
}

/// A refusal, as the variant that it names, or by its code.
fn refusal(error: &RawValue) -> ServerError {
    let Ok(refusal) = serde_json::from_str::<Refusal<'_>>(error.get()) else {
        return Fault::NotJsonRpc.into();
    };
    let typed = refusal.data.and_then(|data| serde_json::from_str::<ApiError>(data.get()).ok());
    ServerError::Refused {
        error: Box::new(typed.map_or_else(|| by_code(refusal.code), in_our_words)),
        said: Said::new(&refusal.message),
    }
}

/// What the codes of JSON-RPC itself mean. Nodes send data with all others.
fn by_code(code: i32) -> ApiError {
    let reason = || "its reason is in the log".to_owned();
    match code {
        -32700 | -32600 => ApiError::BadRequest { reason: reason() },
        -32601 => ApiError::UnknownMethod { method: "of that name".to_owned() },
        -32602 => ApiError::InvalidParams { reason: reason() },
        -32009 => ApiError::Busy { reason: reason() },
        // Requests, answers, batches and subscriptions that are too large or too many.
        -32012..=-32006 => ApiError::OverLimit { reason: reason() },
        _ => ApiError::Malformed { reason: "an error of an unknown kind".to_owned() },
    }
}

/// The deepest nesting of brackets outside of strings, in one pass and without recursion. Of what is no JSON it says
/// something too, which the parser then refuses.
fn depth(bytes: &[u8]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                open += 1;
                deepest = deepest.max(open);
            }
            (false, b']' | b'}') => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
