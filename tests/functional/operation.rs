//! Running a node: where it listens, who may hold a directory, how it stops, how it is configured.

use super::announced_port;
use crate::support::{Home, PROGRAM};

#[test]
fn a_node_stops_in_order_when_it_is_asked_to() {
    let home = Home::new();
    let node = home.node(&[]);
    let status = home.json(&["node", "status"]);
    assert!(status.is_object(), "{status}");
    home.ok(&["node", "stop"]);
    assert_eq!(node.finish().code, Some(0));
    // Nothing runs any more.
    home.fails(4, &["node", "status"]);

    for signal in ["TERM", "INT"] {
        let node = home.node(&[]);
        node.signal(signal);
        let answer = node.finish();
        assert!([Some(0), Some(130)].contains(&answer.code), "after SIG{signal}: {answer:#?}");
    }
}

#[test]
fn a_second_node_is_told_who_holds_the_directory() {
    let home = Home::new();
    let node = home.node(&[]);
    let said = home.fails(1, &["node", "--rpc", "127.0.0.1:0"]);
    assert!(said.contains(&node.id().to_string()), "the process that holds it ({}): {said}", node.id());
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = Home::new().fails(1, &["node", "--rpc", &address]);
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
}

#[test]
fn two_nodes_on_port_zero_get_ports_of_their_own() {
    let (one, other) = (Home::new(), Home::new());
    let (first, second) = (one.node(&[]), other.node(&[]));
    let port = |node: &crate::support::Running| node.wait_for("port", announced_port);
    assert_ne!(port(&first), port(&second));
}

#[test]
fn a_directory_of_another_network_is_refused() {
    let home = Home::new();
    home.node(&[]).terminate();
    // The same place under another genesis: what a copied data directory looks like.
    std::fs::rename(home.data_dir().join("devnet"), home.data_dir().join("testnet")).unwrap();
    let said = home.fails(1, &["--network", "testnet", "node", "--rpc", "127.0.0.1:0"]);
    assert!(said.contains("genesis") || said.contains("network"), "{said}");
}

#[test]
fn an_unreadable_configuration_is_answered_with_its_line_and_key() {
    let home = Home::new();
    let config = home.write("config.toml", "network = \"devnet\"\n\nthreads = \"many\"\n");
    let said = home.fails(2, &["--config", config.to_str().unwrap(), "config", "show"]);
    assert!(said.contains("line 3") && said.contains("threads"), "{said}");

    let config = home.write("config.toml", "network = \"devnet\"\ncolour = true\n");
    let said = home.fails(2, &["--config", config.to_str().unwrap(), "config", "show"]);
    assert!(said.contains("line 2") && said.contains("colour"), "{said}");
}

#[test]
fn a_setting_says_where_it_came_from() {
    let home = Home::new();
    let config = home.write("config.toml", "threads = 3\n");
    let shown = home.ok(&["--config", config.to_str().unwrap(), "config", "show"]).stdout;
    assert!(shown.contains("line 1"), "{shown}");
    assert!(shown.contains("VIBECOIN_DATA_DIR"), "{shown}");
    let shown =
        home.ok(&["--config", config.to_str().unwrap(), "--network", "testnet", "config", "show"]).stdout;
    assert!(shown.contains("--network"), "{shown}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    // `vibecoin … | head -n 1`: the rest of the output has nobody to go to.
    let home = Home::new();
    let line = format!("{PROGRAM} completions bash | head -n 1; echo ${{PIPESTATUS[0]}}");
    let output = std::process::Command::new("bash")
        .args(["-c", &line])
        .env_clear()
        .envs(home.environment())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    let code = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
    assert!(["0", "141"].contains(&code.as_str()), "exit code {code}");
}
