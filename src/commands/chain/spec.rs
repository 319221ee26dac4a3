//! `vibecoin chain new-spec`: a private network of one's own.

use std::path::Path;

use serde_json::{Map, Value, json};
use vibecoin_client::files;
use vibecoin_consensus::{genesis, spec::validate};
use vibecoin_primitives::ChainSpec;

use crate::config::Chosen;
use crate::context::{Context, now};
use crate::failure::{Failure, Outcome};

/// Writes a chain spec that differs from `from` in the values of `changes`, in a random chain id, and in a genesis
/// time that is now.
pub(super) fn run(context: &Context, from: &str, changes: &[String], out: &Path) -> Outcome {
    let base = Chosen::read(from)?;
    let mut keys = keys_of(base.spec())?;
    keys.insert("chain_id".to_owned(), json!(random_chain_id()?));
    keys.insert("genesis_time_ms".to_owned(), json!(now().get()));
    for change in changes {
        apply(&mut keys, change)?;
    }
    let text = Value::Object(keys).to_string();
    let spec = ChainSpec::from_json(&text).map_err(|error| Failure::Usage(error.to_string()))?;
    validate(&spec).map_err(|error| Failure::Usage(error.to_string()))?;
    files::create(out, format!("{}\n", spec.to_json()).as_bytes())?;
    let id = genesis(&spec).id();
    let answer = json!({
        "file": out,
        "chain_id": spec.chain_id,
        "genesis_id": id,
        "genesis_time": spec.genesis_time,
        "address_prefix": spec.address_prefix.as_str(),
    });
    context.out.answer(&answer, |paper| {
        paper
            .fact("chain spec", out.display())
            .fact("chain id", spec.chain_id)
            .fact("genesis", id)
            .fact("starts at", format!("{} ms", spec.genesis_time))
            .line(format!("Use it with --network {}", out.display()));
    })
}

fn keys_of(spec: &ChainSpec) -> Outcome<Map<String, Value>> {
    match serde_json::from_str(&spec.to_json()) {
        Ok(Value::Object(keys)) => Ok(keys),
        Ok(_) => Err(Failure::Wrong("a chain spec is an object".to_owned())),
        Err(error) => Err(Failure::unexpected(error)),
    }
}

fn apply(keys: &mut Map<String, Value>, change: &str) -> Outcome {
    let (key, text) = change
        .split_once('=')
        .ok_or_else(|| Failure::Usage(format!("{change:?}: write a change as KEY=VALUE")))?;
    if !keys.contains_key(key) {
        let known: Vec<&str> = keys.keys().map(String::as_str).collect();
        return Err(Failure::Usage(format!(
            "{key:?} is not a key of a chain spec: those are {}",
            known.join(", ")
        )));
    }
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    keys.insert(key.to_owned(), value);
    Ok(())
}

/// Above the numbers of the built-in networks, so that no transaction is ever valid on two of them.
fn random_chain_id() -> Outcome<u32> {
    const LEAST: u32 = 1 << 20;
    Ok(getrandom::u32().map_err(Failure::unexpected)?.max(LEAST))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use vibecoin_primitives::Network;

    use super::*;

    #[test]
    fn values_are_changed_by_key() {
        let mut keys = keys_of(&Network::Devnet.spec()).unwrap();
        apply(&mut keys, "interval_ms=2500").unwrap();
        apply(&mut keys, "address_prefix=mine").unwrap();
        let spec = ChainSpec::from_json(&Value::Object(keys.clone()).to_string()).unwrap();
        assert_eq!(spec.interval_ms, 2500);
        assert_eq!(spec.address_prefix.as_str(), "mine");
        assert!(matches!(apply(&mut keys, "intervall=1"), Err(Failure::Usage(_))));
        assert!(matches!(apply(&mut keys, "interval_ms"), Err(Failure::Usage(_))));
    }
}
