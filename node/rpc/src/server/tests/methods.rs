//! Every method, from the client through the server to the node and back.

use std::collections::BTreeSet;

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::Running;
use super::fake::{ADDRESS, Fake, HASH, NODE, sample};
use crate::api::{NodeApi, OperatorApi, methods};
use crate::error::{ApiError, Subject};
use crate::server::serve::all_methods;
use crate::table::{Access, Kind};
use crate::types::*;
use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height, Timestamp};

/// Calls through the client and compares the answer, and what the node was asked, with the example.
macro_rules! same {
    ($running:ident, $client:ident . $method:ident ( $($arg:expr),* ), $asked:expr) => {
        let answer = $client.$method($($arg),*).await.unwrap();
        assert_eq!(serde_json::to_value(answer).unwrap(), sample(stringify!($method)), stringify!($method));
        assert_eq!($running.fake.last(), format!("{}({})", stringify!($method), $asked));
    };
}

#[tokio::test]
async fn every_public_method_arrives_and_returns() {
    let running = Running::start().await;
    let client = running.stranger();
    let hash: Hash = HASH.parse().unwrap();
    let address: AddressText = ADDRESS.parse().unwrap();
    let height = BlockRef::Height(Height::new(7));

    same!(running, client.chain_tip(), "");
    same!(running, client.chain_header(height), "7");
    same!(running, client.chain_block(BlockRef::Id(hash)), HASH);
    same!(running, client.chain_raw_block(height), "7");
    same!(running, client.chain_tx(hash), HASH);
    same!(running, client.chain_search("a \"b\"".to_owned()), "a \"b\"");
    same!(running, client.chain_stats(Some(5)), "Some(5)");
    same!(running, client.chain_poh(height), "7");
    same!(running, client.chain_forks(), "");
    same!(running, client.chain_supply(), "");
    same!(running, client.state_account(address.clone(), None), format!("{ADDRESS} None"));
    let slots = Some(vec![hash]);
    same!(
        running,
        client.state_proof(address.clone(), slots, Some(Height::new(3))),
        format!("{ADDRESS} Some([{HASH}]) Some(3)")
    );
    same!(running, client.account_history(address, Some(9), None), format!("{ADDRESS} Some(9) None"));
    same!(running, client.tx_submit(HexBytes::from(vec![1, 255])), "01ff");
    same!(running, client.tx_status(hash), HASH);
    same!(running, client.tx_fees(), "");
    same!(running, client.mempool_info(), "");
    same!(running, client.mempool_list(Some(2)), "Some(2)");
    same!(running, client.miner_status(), "");
    same!(running, client.net_info(), "");
    same!(running, client.node_info(), "");
    same!(running, client.node_health(), "");
    same!(running, client.poh_status(), "");
    same!(running, client.light_tip(Some(hash)), format!("Some({HASH})"));
    same!(running, client.light_prove(hash, hash, 256, 25), format!("{HASH} {HASH} 256 25"));
    same!(running, client.light_headers(hash, Some(9)), format!("{HASH} Some(9)"));
    same!(running, client.light_ancestor(hash, Height::new(3)), format!("{HASH} 3"));
    same!(running, client.light_poh_fault(hash), HASH);
}

#[tokio::test]
async fn every_operator_method_arrives_and_returns() {
    let running = Running::start().await;
    let client = running.operator();
    let hash: Hash = HASH.parse().unwrap();
    let address: AddressText = ADDRESS.parse().unwrap();

    same!(running, client.chain_submit(HexBytes::from(vec![7])), "07");
    same!(running, client.miner_template(None), "None");
    same!(
        running,
        client.miner_submit(hash, u64::MAX, Some(Timestamp::new(5))),
        format!("{HASH} {} Some(5)", u64::MAX)
    );
    same!(running, client.miner_start(Some(address.clone()), Some(2)), format!("Some({ADDRESS}) Some(2)"));
    same!(running, client.miner_stop(), "");
    same!(running, client.net_peers(), "");
    let seed = "/dns4/seed.example/tcp/28423";
    same!(running, client.net_add(seed.parse().unwrap()), seed);
    let who: BanTarget = "203.0.113.77/24".parse().unwrap();
    same!(
        running,
        client.net_ban(who, Some(60), Some("spam".to_owned())),
        "203.0.113.0/24 Some(60) Some(\"spam\")"
    );
    same!(running, client.net_unban(NODE.parse().unwrap()), NODE);
    same!(running, client.net_bans(), "");
    same!(running, client.node_stop(), "");
    same!(running, client.dev_mine(3, None), "3 None");
    same!(running, client.dev_faucet(address, Amount::MAX), format!("{ADDRESS} {}", u64::MAX));
    same!(running, client.dev_warp(10), "10");
    same!(running, client.dev_snapshot(), "");
    same!(running, client.dev_revert(Some(1)), "Some(1)");
}

#[tokio::test]
async fn every_subscription_delivers() {
    let running = Running::start().await;
    let client = running.operator();

    let mut tips = client.chain_subscribe_tip().await.unwrap();
    let mut tip = tips.next().await.unwrap();
    assert_eq!(serde_json::to_value(&tip).unwrap(), sample("chain_subscribe_tip"));
    for height in 8..108 {
        tip.height = Height::new(height);
        running.fake.ticker.send(tip.clone()).unwrap();
    }
    for height in 8..108 {
        assert_eq!(tips.next().await.unwrap().height.get(), height);
    }

    let mut accounts = client.account_subscribe(ADDRESS.parse().unwrap()).await.unwrap();
    let account = accounts.next().await.unwrap();
    assert_eq!(serde_json::to_value(account).unwrap(), sample("account_subscribe"));
    let mut changes = client.mempool_subscribe().await.unwrap();
    assert_eq!(serde_json::to_value(changes.next().await.unwrap()).unwrap(), sample("mempool_subscribe"));
    let mut headers = client.light_subscribe(HASH.parse().unwrap()).await.unwrap();
    assert_eq!(serde_json::to_value(headers.next().await.unwrap()).unwrap(), sample("light_headers"));
    let mut lines = client.node_logs().await.unwrap();
    assert_eq!(serde_json::to_value(lines.next().await.unwrap()).unwrap(), sample("node_logs"));
    let mut raw = client.request_stream("mempool_subscribe", &[]).await.unwrap();
    assert_eq!(raw.next().await.unwrap(), sample("mempool_subscribe"));

    // When the node ends a stream, or the server stops, the reader learns it.
    let Running { server, .. } = running;
    server.stop().await;
    assert_eq!(tips.next().await, None);
}

#[tokio::test]
async fn parameters_come_by_position_or_by_name() {
    let running = Running::start().await;
    let http = reqwest::Client::new();
    let ask = async |method: &str, params: Value| -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = http.post(running.url()).json(&body).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    };
    ask("state_account", json!({ "address": ADDRESS, "height": 3 })).await;
    assert_eq!(running.fake.last(), format!("state_account({ADDRESS} Some(3))"));
    ask("state_account", json!([ADDRESS])).await;
    assert_eq!(running.fake.last(), format!("state_account({ADDRESS} None)"));
    ask("chain_header", json!(["12"])).await;
    assert_eq!(running.fake.last(), "chain_header(12)");
    for wrong in [json!([]), json!([ADDRESS, 1, 2]), json!({ "adress": ADDRESS }), json!([ADDRESS, "x"])] {
        let answer = ask("state_account", wrong.clone()).await;
        assert_eq!(answer["error"]["code"], -32602, "{wrong}");
        assert_eq!(answer["error"]["data"]["kind"], "invalid_params");
    }
}

#[tokio::test]
async fn errors_are_the_same_behind_the_wire() {
    let running = Running::start().await;
    let client = running.stranger();
    let missing = client.chain_header(BlockRef::Height(Height::new(404))).await.unwrap_err();
    assert_eq!(missing, ApiError::NotFound { what: Subject::Block, key: "404".to_owned() });
    let unknown = client.request("no_such", &[]).await.unwrap_err();
    assert_eq!(unknown, ApiError::UnknownMethod { method: "no_such".to_owned() });

    let url = running.url();
    running.server.stop().await;
    let gone = client.chain_tip().await.unwrap_err();
    assert!(matches!(&gone, ApiError::Unreachable { url: at, .. } if *at == url), "{gone:?}");
    assert!(gone.is_unreachable());
}

#[tokio::test]
async fn discover_describes_exactly_the_registered_methods() {
    let fake = Fake::new();
    let registered: BTreeSet<String> =
        all_methods(fake.clone(), fake).unwrap().method_names().map(str::to_owned).collect();
    let running = Running::start().await;
    let document = running.stranger().discover().await.unwrap();
    let mut described = BTreeSet::from([crate::DISCOVER.to_owned()]);
    for method in document["methods"].as_array().unwrap() {
        described.insert(method["name"].as_str().unwrap().to_owned());
        described.extend(method["x-unsubscribe"].as_str().map(str::to_owned));
        assert!(!method["description"].as_str().unwrap().is_empty());
    }
    assert_eq!(described, registered);
    assert_eq!(methods().count(), 49, "a method came or went: tell docs and examples");
}

/// The examples show the form of every answer; the schemas must describe exactly their fields.
#[test]
fn schemas_name_the_fields_of_the_examples() {
    let document = crate::discover::document("test");
    let schemas = &document["components"]["schemas"];
    let mut compared = 0;
    for method in document["methods"].as_array().unwrap() {
        let name = method["name"].as_str().unwrap();
        let Some(reference) = method["result"]["schema"]["$ref"].as_str() else { continue };
        let schema = &schemas[reference.trim_start_matches("#/components/schemas/")];
        let Some(properties) = schema["properties"].as_object() else { continue };
        let example = sample(name);
        // What is flattened into an object stands outside of its own properties.
        if schema.get("oneOf").is_none() {
            let fields: BTreeSet<_> = example.as_object().unwrap().keys().collect();
            assert_eq!(properties.keys().collect::<BTreeSet<_>>(), fields, "{name}");
            compared += 1;
        }
    }
    assert!(compared > 20, "only {compared} compared");
}

#[test]
fn only_what_an_operator_does_needs_the_cookie() {
    for method in methods() {
        let operators = [
            "chain_submit",
            "miner_template",
            "miner_submit",
            "miner_start",
            "miner_stop",
            "net_peers",
            "net_add",
            "net_ban",
            "net_unban",
            "net_bans",
            "node_stop",
        ];
        let expected =
            operators.contains(&method.name) || method.name.starts_with("dev_") || method.name == "node_logs";
        assert_eq!(method.access == Access::Cookie, expected, "{}", method.name);
        let stream = method.name.contains("subscribe") || method.name == "node_logs";
        assert_eq!(matches!(method.kind, Kind::Stream { .. }), stream, "{}", method.name);
    }
}
