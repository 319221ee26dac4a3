//! The OpenRPC document that `rpc.discover` answers: every method of the table with its schemas.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::api::methods;
use crate::table::{Access, Kind, Method};

/// The document. `version` is that of the program.
#[must_use]
pub fn document(version: &str) -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let methods: Vec<Value> = methods().map(|method| describe(method, &mut generator)).collect();
    json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "VibeCoin node",
            "version": version,
            "description": "Hashes and bytes are lower-case hex without prefix, addresses Bech32m, amounts decimal \
                strings of beats, heights and times (ms since the Unix epoch) numbers. Methods with x-access cookie \
                need the header Authorization: Bearer and the cookie of the node's data directory. Subscriptions \
                need a WebSocket.",
        },
        "methods": methods,
        "components": { "schemas": generator.take_definitions(true) },
    })
}

fn describe(method: &Method, generator: &mut schemars::SchemaGenerator) -> Value {
    let doc = method.doc.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let params: Vec<Value> = method
        .params
        .iter()
        .map(|param| json!({ "name": param.name, "required": param.required, "schema": (param.schema)(generator) }))
        .collect();
    let (result_name, unsubscribe) = match method.kind {
        Kind::Call => ("result", None),
        Kind::Stream { unsubscribe } => ("item", Some(unsubscribe)),
    };
    let mut entry = json!({
        "name": method.name,
        "description": doc.trim(),
        "paramStructure": "either",
        "params": params,
        "result": { "name": result_name, "schema": (method.result)(generator) },
        "x-access": match method.access { Access::Public => "public", Access::Cookie => "cookie" },
    });
    if let (Some(unsubscribe), Some(entry)) = (unsubscribe, entry.as_object_mut()) {
        entry.insert("x-unsubscribe".to_owned(), json!(unsubscribe));
    }
    entry
}
