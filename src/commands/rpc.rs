//! `vibecoin rpc`: any method of the API, as a script would call it.

use futures_util::StreamExt;
use serde_json::Value;
use vibecoin_rpc::table::Kind;
use vibecoin_rpc::{api, discover, table};

use crate::attach;
use crate::cli::RpcArgs;
use crate::context::{Context, interruptible};
use crate::failure::Outcome;

/// Calls the method and prints its answer as it comes; a subscription prints one item a line until Ctrl-C.
///
/// # Errors
/// [`Failure::NoNode`](crate::failure::Failure::NoNode), or what the node answers.
pub fn run(context: &Context, args: &RpcArgs) -> Outcome {
    let params: Vec<Value> = args
        .params
        .iter()
        .enumerate()
        .map(|(at, text)| parameter(text, takes_text(&args.method, at)))
        .collect();
    context.wait(interruptible(async {
        let node = attach::node(context).await?;
        if !is_stream(&args.method) {
            let answer = node.request(&args.method, &params).await?;
            return context.out.plain(&answer);
        }
        let mut items = node.request_stream(&args.method, &params).await?;
        while let Some(item) = items.next().await {
            context.out.plain_item(&item)?;
        }
        Ok(())
    }))
}

fn is_stream(method: &str) -> bool {
    let kind = |known: &table::Method| matches!(known.kind, Kind::Stream { .. });
    api::methods().any(|known| known.name == method && kind(known))
}

/// JSON if it is some, else the text itself; where the method takes a text, digits are one.
fn parameter(text: &str, takes_text: bool) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::String(_) | Value::Null)) => value,
        Ok(value) if !takes_text => value,
        Ok(_) | Err(_) => Value::String(text.to_owned()),
    }
}

/// Whether the method's parameter at this place is a text by its schema: an amount, an id, bytes.
fn takes_text(method: &str, at: usize) -> bool {
    let document = discover::document("");
    let Some(methods) = document["methods"].as_array() else { return false };
    let Some(method) = methods.iter().find(|known| known["name"] == method) else { return false };
    let schema = &method["params"][at]["schema"];
    let named = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    let schema = named.map_or(schema, |name| &document["components"]["schemas"][name]);
    schema["type"] == "string"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_json_or_text() {
        assert_eq!(parameter("12", false), json!(12));
        assert_eq!(parameter("12", true), json!("12"));
        assert_eq!(parameter("null", true), Value::Null);
        assert_eq!(parameter("\"12\"", true), json!("12"));
        assert_eq!(parameter("dvibe1qq", false), json!("dvibe1qq"));
    }

    #[test]
    fn digits_are_numbers_or_texts_as_the_method_has_it() {
        assert!(!takes_text("dev_mine", 0), "blocks");
        assert!(takes_text("dev_faucet", 1), "an amount");
        assert!(takes_text("chain_tx", 0), "an id");
        assert!(takes_text("tx_submit", 0), "bytes");
        assert!(!takes_text("chain_block", 0), "a height or an id");
        assert!(!takes_text("no_such_method", 0));
    }

    #[test]
    fn subscriptions_are_known_as_such() {
        assert!(is_stream("chain_subscribe_tip"));
        assert!(!is_stream("chain_tip"));
        assert!(!is_stream("rpc.discover"));
    }
}
