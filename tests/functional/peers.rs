//! `vibecoin peers`: what it says of a node with and without a network, and with which code it ends.

use super::text;
use crate::support::Home;

#[test]
fn a_node_without_a_network_says_so() {
    let home = Home::new();
    home.fails(4, &["peers", "list"]);
    let _node = home.node(&["--p2p", "off"]);
    assert_eq!(home.json(&["peers", "info"])["enabled"], false);
    assert!(home.ok(&["peers", "info"]).stdout.contains("no network"));
    for args in [&["peers", "list"][..], &["peers", "bans"], &["peers", "ban", "203.0.113.7"]] {
        let said = home.fails(1, args);
        assert!(said.contains("this node has no network"), "{args:?}: {said}");
    }
    let status = home.json(&["node", "status"]);
    assert_eq!((&status["peers"], &status["sync"]["phase"]), (&0.into(), &"idle".into()));
}

#[test]
fn what_names_nobody_is_a_fault_of_the_command_line() {
    let home = Home::new();
    for args in [
        &["peers", "add", "203.0.113.7:8423"][..],
        &["peers", "ban", "203.0.113.0/33"],
        &["peers", "ban", "203.0.113.7", "--for", "0"],
        &["peers", "unban", "somebody"],
        &["node", "--p2p", "everywhere"],
        &["node", "--bootstrap", "/ip4/0.0.0.0/tcp/1"],
        &["node", "--p2p", "off", "--p2p", "/ip4/127.0.0.1/tcp/0"],
        &["node", "--proxy", "http://127.0.0.1:1"],
        &["node", "--sync", "quickly"],
    ] {
        home.fails(2, args);
    }
}

#[test]
fn bans_are_listed_ended_and_kept_over_a_restart() {
    let home = Home::new();
    let flags = ["--p2p", "/ip4/127.0.0.1/tcp/0"];
    let node = home.node(&flags);
    let info = home.json(&["peers", "info"]);
    let id = text(&info["node_id"]).to_owned();
    assert!(id.starts_with("12D3KooW"), "{info}");

    let ban = home.json(&["peers", "ban", "203.0.113.77/24", "--for", "600", "--reason", "too loud"]);
    assert_eq!((text(&ban["who"]), &ban["by_operator"]), ("203.0.113.0/24", &true.into()));
    let lasts_ms = ban["until"].as_u64().unwrap() - ban["since"].as_u64().unwrap();
    assert_eq!(lasts_ms, 600_000);
    let refused = home.fails(8, &["peers", "add", "/ip4/203.0.113.9/tcp/8423"]);
    assert!(refused.contains("is not taken"), "{refused}");
    node.terminate();

    let _node = home.node(&flags);
    assert_eq!(home.json(&["peers", "info"])["node_id"], id.as_str(), "its key is kept");
    let bans = home.json(&["peers", "bans"]);
    assert_eq!(
        (text(&bans["bans"][0]["who"]), text(&bans["bans"][0]["reason"])),
        ("203.0.113.0/24", "too loud")
    );
    home.fails(3, &["peers", "unban", "203.0.113.0/25"]);
    home.ok(&["peers", "unban", "203.0.113.0/24"]);
    assert_eq!(home.json(&["peers", "bans"])["bans"], serde_json::json!([]));
    assert!(home.ok(&["peers", "bans"]).stdout.contains("Nobody is banned."));
}

#[test]
fn two_nodes_see_each_other() {
    let (one, other) = (Home::new(), Home::new());
    let flags = ["--p2p", "/ip4/127.0.0.1/tcp/0"];
    let (_first, _second) = (one.node(&flags), other.node(&flags));
    let info = one.json(&["peers", "info"]);
    other.ok(&["peers", "add", text(&info["listening"][0])]);
    let mut peers = serde_json::Value::Null;
    for _ in 0..100 {
        peers = other.json(&["peers", "list"]);
        if peers[0]["claimed"].is_object() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(
        (&peers[0]["node_id"], text(&peers[0]["direction"])),
        (&info["node_id"], "outbound"),
        "{peers}"
    );
    let back = one.json(&["peers", "list"]);
    assert_eq!(text(&back[0]["direction"]), "inbound", "{back}");
    let listed = other.ok(&["peers", "list"]).stdout;
    assert!(listed.contains(text(&info["node_id"])) && listed.contains("0 of 100"), "{listed}");
    assert_eq!(other.json(&["node", "status"])["peers_outbound"], 1);
}
