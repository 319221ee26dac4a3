//! Twins of amounts: beside `"value": "1500000000"` stands `"value_vibe": "1.5"`.

use serde_json::{Map, Value};
use vibecoin_primitives::Amount;

/// Keys of the API and of our own answers whose values are amounts. A test holds them against the API's schemas.
pub(super) const KEYS: &[&str] = &[
    "allocated",
    "amount",
    "available",
    "balance",
    "balances",
    "burned",
    "fee",
    "fee_max",
    "incoming",
    "issued",
    "maturing",
    "outgoing",
    "pending",
    "reward",
    "spendable",
    "spendable_after",
    "spendable_before",
    "subsidy",
    "tip",
    "tips",
    "total",
    "value",
];

/// The same value, each amount with a twin in VIBE behind it.
#[must_use]
pub fn with_vibe(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().fold(Map::new(), |mut out, (key, value)| {
                let twin = KEYS.contains(&key.as_str()).then(|| vibe(&value)).flatten();
                let twin_key = format!("{key}_vibe");
                out.insert(key, with_vibe(value));
                if let Some(twin) = twin {
                    out.insert(twin_key, Value::String(twin));
                }
                out
            }))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(with_vibe).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// The amount in VIBE, if the value is one. What is called like an amount and is an object or a number is none.
fn vibe(value: &Value) -> Option<String> {
    serde_json::from_value::<Amount>(value.clone()).ok().map(|amount| amount.to_string())
}
