//! `vibecoin rpc`: any method of the API, as a script would call it.

use futures_util::StreamExt;
use serde_json::Value;
use vibecoin_rpc::table::Kind;
use vibecoin_rpc::{api, table};

use crate::attach;
use crate::cli::RpcArgs;
use crate::context::{Context, interruptible};
use crate::failure::Outcome;

/// Calls the method and prints its answer as it comes; a subscription prints one item a line until Ctrl-C.
///
/// # Errors
/// [`Failure::NoNode`](crate::failure::Failure::NoNode), or what the node answers.
pub fn run(context: &Context, args: &RpcArgs) -> Outcome {
    let params: Vec<Value> = args.params.iter().map(|text| parameter(text)).collect();
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

/// JSON if it is some, else the text itself. Long digits are amounts or ids and stay text: no number that a method
/// takes is above 2⁵³.
fn parameter(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.as_u64().is_none_or(|number| number >> 53 != 0) => {
            Value::String(text.to_owned())
        }
        Ok(value) => value,
        Err(_) => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_are_json_or_text() {
        assert_eq!(parameter("12"), json!(12));
        assert_eq!(parameter("null"), Value::Null);
        assert_eq!(parameter("\"12\""), json!("12"));
        assert_eq!(parameter("dvibe1qq"), json!("dvibe1qq"));
        let id = "1".repeat(64);
        assert_eq!(parameter(&id), json!(id));
    }

    #[test]
    fn subscriptions_are_known_as_such() {
        assert!(is_stream("chain_subscribe_tip"));
        assert!(!is_stream("chain_tip"));
        assert!(!is_stream("rpc.discover"));
    }
}
