//! A light client as a user has it: a home without any chain, remote nodes by their URLs, and the real binary on both
//! sides.

use serde_json::Value;

use super::{FIRST_BLOCKS, beats, text};
use crate::support::{Home, PATIENCE, Running, cluster::eventually};

/// What a first proof may cost, in bytes received.
const FIRST_BYTES_MAX: u64 = 500_000;
/// Blocks between the proven tip and the state that is believed.
const CONFIRMATIONS: u64 = 6;
/// Somebody who has coins in devnet's genesis.
const RICH: &str = "dvibe1nlzyppla2p7ljxe4d63nu3n7mwkf0fffhfhfyl";

/// A node and where its API is.
struct Server {
    home: Home,
    node: Option<Running>,
    url: String,
}

impl Server {
    /// A node of a home that may have a chain already.
    fn start(home: Home) -> Self {
        let mut server = Self { home, node: None, url: String::new() };
        server.start_at("127.0.0.1:0");
        server
    }

    fn start_at(&mut self, address: &str) {
        let node = self.home.start(&["node", "--rpc", address]);
        let port = node.wait_for("address of the API", super::announced_port);
        self.url = format!("http://127.0.0.1:{port}");
        self.node = Some(node);
    }

    /// A node with a chain of so many blocks, made anew.
    fn with_blocks(blocks: &str) -> Self {
        let home = Home::new();
        home.ok(&["chain", "generate", "--blocks", blocks]);
        Self::start(home)
    }

    fn tip(&self) -> Value {
        self.home.rpc("chain_tip", &[])
    }

    fn kill(&mut self) {
        self.node.take().expect("it runs").kill_9();
    }

    /// Where it was before.
    fn start_again(&mut self) {
        let address = self.url.trim_start_matches("http://").to_owned();
        self.start_at(&address);
    }
}

/// A user without a chain.
struct User {
    home: Home,
    remotes: Vec<String>,
}

impl User {
    fn of(servers: &[&Server]) -> Self {
        let remotes = servers.iter().flat_map(|server| ["--remote".to_owned(), server.url.clone()]).collect();
        Self { home: Home::new(), remotes }
    }

    fn line<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        self.remotes.iter().map(String::as_str).chain(args.iter().copied()).collect()
    }

    fn json(&self, args: &[&str]) -> Value {
        self.home.json(&self.line(args))
    }

    fn fails(&self, code: i32, args: &[&str]) -> String {
        self.home.fails(code, &self.line(args))
    }

    fn wallet(&self, args: &[&str]) -> Value {
        self.home.wallet(&self.line(args))
    }
}

#[test]
fn a_chain_is_proven_from_its_genesis_and_followed() {
    let long = Server::with_blocks("3000");
    let short = Server::with_blocks("2990");
    let user = User::of(&[&short, &long]);
    let proven = user.json(&["light", "sync"]);
    assert_eq!(proven["tip"]["id"], long.tip()["id"], "{proven}");
    assert_eq!((&proven["from_height"], proven["agreeing"].as_u64()), (&Value::Null, Some(2)));
    assert!(proven["traffic"]["received_bytes"].as_u64() < Some(FIRST_BYTES_MAX), "{proven}");
    assert!(!user.home.data_dir().join("devnet/node").exists(), "a light client has no chain");

    // From what was proven, at some bytes a block, without another proof.
    long.home.json(&["dev", "mine", "5", "--to", RICH]);
    let proven = user.json(&["light", "sync"]);
    assert_eq!(
        (proven["from_height"].as_u64(), proven["tip"]["height"].as_u64()),
        (Some(3_000), Some(3_005))
    );
    assert_eq!(proven["proof"], Value::Null);
    assert!(proven["traffic"]["received_bytes"].as_u64() < Some(5_000), "{proven}");
    // And the same anew, with more draws.
    let again = user.json(&["light", "sync", "--fresh", "--paranoid"]);
    assert_eq!(again["tip"], proven["tip"]);
    assert!(again["proof"]["bytes"].as_u64() > Some(512 * 52), "{again}");

    let status = user.json(&["light", "status"]);
    assert_eq!(status["believed_height"].as_u64(), Some(3_005 - CONFIRMATIONS));
    let servers = user.json(&["light", "servers"]);
    assert_eq!(servers["servers"][0]["stand"], "behind", "{servers}");
    assert_eq!(servers["servers"][1]["stand"], "agrees", "{servers}");
}

#[test]
fn values_are_those_of_the_state_that_is_believed() {
    let home = Home::new();
    home.ok(&["chain", "generate", "--blocks", "400", "--txs-per-block", "3", "--accounts", "5"]);
    let server = Server::start(home);
    let user = User::of(&[&server]);
    let believed = (400 - CONFIRMATIONS).to_string();
    let held = user.json(&["light", "balance", RICH]);
    let expected = server.home.json(&["chain", "account", RICH, "--at", &believed]);
    assert_eq!(held["accounts"][0]["balance"], expected["balance"], "{held}");
    assert_eq!(held["accounts"][0]["trusted_by"], format!("proven at {believed}"));

    let history = user.json(&["light", "history", RICH, "--limit", "20"]);
    assert_eq!(history["count"], expected["activity_count"]);
    let entries = history["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &history["more"]), (20, &Value::Bool(true)));
    // An old payment, far below the headers that are kept, and a new one.
    let all = user.json(&["light", "history", RICH, "--limit", "100000"]);
    let payments: Vec<&Value> =
        all["entries"].as_array().unwrap().iter().filter(|entry| entry["txid"].is_string()).collect();
    for payment in [payments[0], payments[payments.len() - 1]] {
        let found = user.json(&["light", "tx", text(&payment["txid"])]);
        assert_eq!((&found["height"], found["status"].as_str()), (&payment["height"], Some("confirmed")));
    }
    user.fails(3, &["light", "tx", &"ab".repeat(32)]);
    // The explorer's verbs over the same proofs.
    for height in ["5", "390", "400"] {
        let block = user.json(&["chain", "block", height]);
        assert_eq!(block["id"], server.home.json(&["chain", "block", height])["id"]);
    }
}

#[test]
fn a_wallet_pays_over_remote_nodes() {
    let mut first = Server::start(Home::new());
    let user = User::of(&[&first]);
    user.home.wallet(&["new", "--name", "far"]);
    let ours = user.home.address(0);
    first.home.json(&["dev", "mine", FIRST_BLOCKS, "--to", &ours]);
    // Blocks that bury the state: rewards of all but the last few count.
    let held = user.wallet(&["balance"]);
    assert_eq!(held["trusted_by"], "proven at 104", "{held}");
    let sent = user.wallet(&["send", RICH, "1.5"]);
    let txid = text(&sent["txid"]).to_owned();
    let waiting = user.json(&["light", "tx", &txid]);
    assert_eq!(waiting["status"], "waiting", "{waiting}");
    first.home.json(&["dev", "mine", "1", "--to", RICH]);
    let mined = user.json(&["light", "tx", &txid]);
    assert_eq!(mined["status"], "unconfirmed", "{mined}");
    first.home.json(&["dev", "mine", &CONFIRMATIONS.to_string(), "--to", RICH]);
    let mined = user.json(&["light", "tx", &txid]);
    assert_eq!(mined["status"], "confirmed", "{mined}");
    let after = user.wallet(&["balance"]);
    assert!(beats(&after["spendable"]) > 0 && after["trusted_by"] == "proven at 111", "{after}");

    // A node that is away is an exit code of its own; one that comes back is asked again.
    first.kill();
    user.fails(4, &["light", "balance", RICH]);
    first.start_again();
    eventually("it is asked again", PATIENCE, || {
        let answer = user.home.run(&user.line(&["--json", "light", "balance", RICH]));
        (answer.code == Some(0)).then_some(()).ok_or(answer.stderr)
    });
}

#[test]
fn nodes_of_another_network_prove_nothing() {
    let server = Server::with_blocks("20");
    let spec = server.home.path().join("other.json");
    server.home.ok(&["chain", "new-spec", "--from", "devnet", "--out", spec.to_str().unwrap()]);
    let user = User { home: Home::new().on_network(&spec), ..User::of(&[&server]) };
    let said = user.fails(5, &["light", "sync"]);
    assert!(said.contains("proved no chain"), "{said}");
    let nobody = User::of(&[]);
    let said = nobody.fails(2, &["light", "sync"]);
    assert!(said.contains("no remote node is named") && said.contains("--remote"), "{said}");
}
