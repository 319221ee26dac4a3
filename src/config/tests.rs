#![allow(clippy::unwrap_used)]

use std::path::Path;

use vibecoin_primitives::Network;

use super::*;

fn sources(file: &Path) -> Sources {
    Sources { file: Some(file.to_owned()), ..Sources::default() }
}

fn config_file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn message(text: &str) -> String {
    let (folder, path) = config_file(text);
    let error = Config::load(sources(&path)).unwrap_err().to_string();
    error.replace(&folder.path().display().to_string(), "")
}

#[test]
fn each_layer_covers_the_one_below_and_says_so() {
    let (_folder, path) = config_file("# mine\nthreads = 2\nlog = \"warn\"\ndata_dir = \"/file\"\n");
    let mut sources = sources(&path);
    sources.environment.insert("VIBECOIN_LOG".to_owned(), "debug".to_owned());
    sources.environment.insert("VIBECOIN_DATA_DIR".to_owned(), "/environment".to_owned());
    sources.flag(Key::DataDir, "--data-dir", Some("/flag"));
    sources.flag(Key::Wallet, "--wallet", None::<String>);
    let config = Config::load(sources).unwrap();
    let origin = |key| config.get(key).unwrap().origin.to_string();

    assert_eq!(config.text(Key::DataDir), Some("/flag"));
    assert_eq!(origin(Key::DataDir), "flag --data-dir");
    assert_eq!(config.text(Key::Log), Some("debug"));
    assert_eq!(origin(Key::Log), "environment VIBECOIN_LOG");
    assert_eq!(config.number::<u32>(Key::Threads), Some(2));
    assert_eq!(origin(Key::Threads), format!("{}, line 2", path.display()));
    assert_eq!(config.text(Key::Rpc), Some("127.0.0.1:28424"));
    assert_eq!(origin(Key::Rpc), "default");
    assert!(config.is_default(Key::Rpc) && !config.is_default(Key::Log));
    assert_eq!(config.get(Key::Wallet), None);
    assert_eq!(config.node_dir(), Path::new("/flag/devnet/node"));
}

#[test]
fn what_cannot_be_read_is_named_by_line_and_key() {
    assert_eq!(
        message("log = \"info\"\n\nthread = 3\n"),
        "/config.toml, line 3: \"thread\" is not a setting; did you mean threads?"
    );
    assert_eq!(message("colour = 3\n"), "/config.toml, line 1: \"colour\" is not a setting");
    assert_eq!(
        message("data-dir = \"x\"\n"),
        "/config.toml, line 1: \"data-dir\" is not a setting; did you mean data_dir?"
    );
    assert_eq!(
        message("\nthreads = \"many\"\n"),
        "/config.toml, line 2: threads: \"many\" is not a number from 0 to 1024"
    );
    assert_eq!(
        message("threads = [1]\n"),
        "/config.toml, line 1: threads: a text, a number, true or false is expected, not array"
    );
    assert_eq!(
        message("threads = true\n"),
        "/config.toml, line 1: threads: \"true\" is not a number from 0 to 1024"
    );
    assert_eq!(message("archive = \"yes\"\n"), "/config.toml, line 1: archive: \"yes\" is not true or false");
    assert_eq!(
        message("verify_poh = \"none\"\n"),
        "/config.toml, line 1: verify_poh: \"none\" is not one of recent and full"
    );
    let syntax = message("log = \"info\"\nthreads = = 1\n");
    assert!(syntax.starts_with("/config.toml, line 2: "), "{syntax}");
}

#[test]
fn switches_are_off_until_a_layer_turns_them_on() {
    let (_folder, path) = config_file("prune_ticks = true\n");
    let mut sources = sources(&path);
    let config = Config::load(Sources { file: sources.file.clone(), ..Sources::default() }).unwrap();
    assert!(config.switch(Key::PruneTicks) && !config.switch(Key::Archive));
    sources.environment.insert("VIBECOIN_PRUNE_TICKS".to_owned(), "false".to_owned());
    sources.environment.insert("VIBECOIN_ARCHIVE".to_owned(), "true".to_owned());
    let config = Config::load(sources).unwrap();
    assert!(!config.switch(Key::PruneTicks) && config.switch(Key::Archive));
}

#[test]
fn addresses_are_lists_in_every_layer() {
    let (_folder, path) = config_file(
        "p2p = \"/ip4/127.0.0.1/tcp/1\"\nbootstrap = [\"/ip4/203.0.113.7/tcp/8423\", \"/dnsaddr/seed.example\"]\n",
    );
    let mut sources = sources(&path);
    let variable = "/ip4/203.0.113.9/tcp/8423,/dns4/me.example/udp/8423/quic-v1";
    sources.environment.insert("VIBECOIN_EXTERNAL".to_owned(), variable.to_owned());
    sources.flags(Key::P2p, "--p2p", &["/ip4/0.0.0.0/tcp/5".to_owned(), "/ip6/::/udp/5/quic-v1".to_owned()]);
    sources.flags(Key::Bootstrap, "--bootstrap", &[]);
    let config = Config::load(sources).unwrap();
    let list = |key| config.list(key).collect::<Vec<_>>();
    assert_eq!(list(Key::P2p), ["/ip4/0.0.0.0/tcp/5", "/ip6/::/udp/5/quic-v1"]);
    assert_eq!(list(Key::Bootstrap), ["/ip4/203.0.113.7/tcp/8423", "/dnsaddr/seed.example"]);
    assert_eq!(list(Key::External), ["/ip4/203.0.113.9/tcp/8423", "/dns4/me.example/udp/8423/quic-v1"]);
}

#[test]
fn a_node_listens_everywhere_at_its_network_s_port_unless_told_otherwise() {
    let (_folder, path) = config_file("network = \"testnet\"\n");
    let config = Config::load(sources(&path)).unwrap();
    let expected = [
        "/ip4/0.0.0.0/tcp/18423",
        "/ip4/0.0.0.0/udp/18423/quic-v1",
        "/ip6/::/tcp/18423",
        "/ip6/::/udp/18423/quic-v1",
    ];
    assert_eq!(config.list(Key::P2p).collect::<Vec<_>>(), expected);
    assert_eq!((config.text(Key::Sync), config.proxy()), (Some("full"), None));
    let (_folder, path) = config_file("p2p = \"off\"\nproxy = \"socks5://127.0.0.1:9050\"\n");
    let config = Config::load(sources(&path)).unwrap();
    assert_eq!(config.text(Key::P2p), Some(OFF));
    assert_eq!(config.proxy(), Some("127.0.0.1:9050".parse().unwrap()));
    let (_folder, path) = config_file("proxy = \"socks5://127.0.0.1:9050\"\n");
    let config = Config::load(sources(&path)).unwrap();
    assert_eq!(config.text(Key::P2p), Some(""), "nobody is let in beside a proxy");
}

#[test]
fn a_wrong_address_is_named_alone() {
    let wrong = message("bootstrap = [\"/ip4/203.0.113.7/tcp/8423\", \"203.0.113.8:1\"]\n");
    assert!(
        wrong.starts_with("/config.toml, line 1: bootstrap: \"203.0.113.8:1\" is not an address to go to: "),
        "{wrong}"
    );
    let nowhere = message("bootstrap = \"/ip4/0.0.0.0/tcp/8423\"\n");
    assert!(nowhere.ends_with("\"/ip4/0.0.0.0/tcp/8423\" is not an address to go to"), "{nowhere}");
    let named = message("p2p = \"/dns4/a.example/tcp/1\"\n");
    assert!(named.ends_with("is not an address to listen on"), "{named}");
    let both = message("p2p = [\"off\", \"/ip4/0.0.0.0/tcp/8423\"]\n");
    assert!(both.contains("\"off\" is not an address to listen on"), "{both}");
    let mixed = message("p2p = [1]\n");
    assert!(mixed.ends_with("not a list with something else in it than texts"), "{mixed}");
    let proxy = message("proxy = \"http://127.0.0.1:9050\"\n");
    assert!(proxy.ends_with("is not a SOCKS5 server, such as socks5://127.0.0.1:9050"), "{proxy}");
}

fn deployed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/deploy").join(name)
}

/// Every file that the page on deployments shows is read by the program, and says what the page says of it.
#[test]
fn the_files_for_deployments_are_read() {
    let load = |name: &str| Config::load(sources(&deployed(name))).unwrap_or_else(|error| panic!("{error}"));
    let single = load("single.toml");
    assert_eq!((single.text(Key::P2p), single.network().name()), (Some(OFF), "devnet"));
    for name in ["miner.toml", "full.toml"] {
        let config = load(name);
        let network = config.network();
        assert_eq!(network.name(), "testnet", "{name}");
        let everywhere = NetworkConfig::at_port(network.p2p_port()).listen;
        assert_eq!(config.list(Key::P2p).collect::<Vec<_>>(), everywhere, "{name}");
        assert_eq!(
            config.text(Key::Rpc),
            Some(format!("127.0.0.1:{}", network.rpc_port()).as_str()),
            "{name}"
        );
        assert_eq!(config.get(Key::Bootstrap).map(|setting| setting.text.as_str()), Some(""), "{name}");
    }
    let full = load("full.toml");
    assert!(
        full.switch(Key::RelayServer)
            && full.number::<u32>(Key::InboundMax) > Some(NetworkConfig::INBOUND_MAX)
    );
    let light = load("light.toml");
    assert_eq!((light.network().name(), light.list(Key::Remote).count()), ("testnet", 0));
    assert_eq!((light.number::<u64>(Key::Confirmations), light.switch(Key::Spread)), (Some(6), false));
    assert_eq!(load("miner.toml").text(Key::Mine), None, "nobody is to mine for a stranger");
    let mut files: Vec<_> = std::fs::read_dir(deployed(""))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    files.sort();
    assert_eq!(files, ["full.toml", "light.toml", "miner.toml", "single.toml"], "one of them is not tested");
}

/// What the file for light clients leaves to its reader, filled in as its comments show.
#[test]
fn a_light_client_s_file_with_nodes_asks_them() {
    let text = std::fs::read_to_string(deployed("light.toml")).unwrap();
    let filled = text
        .replace("remote = []", "remote = [\"https://node.example.org:18424\", \"127.0.0.1:18424\"]")
        .replace("# proxy", "proxy");
    assert_ne!(filled, text);
    let (_folder, path) = config_file(&filled);
    let config = Config::load(sources(&path)).unwrap();
    assert_eq!(
        config.list(Key::Remote).collect::<Vec<_>>(),
        ["https://node.example.org:18424", "127.0.0.1:18424"]
    );
    assert_eq!(config.proxy(), Some("127.0.0.1:9050".parse().unwrap()));
}

#[test]
fn a_remote_node_is_a_url() {
    for wrong in ["ftp://node.example.org", "http://me:secret@node.example.org", "http://"] {
        let (_folder, path) = config_file(&format!("remote = [{wrong:?}]\n"));
        let error = Config::load(sources(&path)).unwrap_err().to_string();
        assert!(error.contains("is not the URL of a remote node: "), "{error}");
    }
}

#[test]
fn a_miner_s_file_with_an_address_mines_for_it() {
    let text = std::fs::read_to_string(deployed("miner.toml")).unwrap();
    let filled = text.replace("# mine = \"tvibe1…\"", "mine = \"tvibe1abc\"  #");
    assert_ne!(filled, text);
    let (_folder, path) = config_file(&filled);
    assert_eq!(Config::load(sources(&path)).unwrap().text(Key::Mine), Some("tvibe1abc"));
}

/// The unit calls the program in a way that it understands, and Prometheus asks where the files say.
#[test]
fn the_unit_and_the_scrape_fit_the_program() {
    use clap::Parser as _;
    let unit = std::fs::read_to_string(deployed("vibecoin.service")).unwrap();
    let call = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let cli = crate::cli::Cli::try_parse_from(call.split(' ')).unwrap();
    assert!(matches!(cli.command, Some(crate::cli::Command::Node(args)) if args.action.is_none()));
    assert_eq!(cli.global.data_dir.as_deref(), Some(Path::new("/var/lib/vibecoin")));
    assert!(unit.contains("StateDirectory=vibecoin\n"));
    let scrape = std::fs::read_to_string(deployed("prometheus.yml")).unwrap();
    let config = Config::load(sources(&deployed("full.toml"))).unwrap();
    let target = format!("targets: [{:?}]", config.text(Key::Metrics).unwrap());
    assert!(scrape.contains(&target), "{target} is not in\n{scrape}");
    assert!(scrape.contains("metrics_path: /metrics\n"));
}

#[test]
fn a_named_file_must_exist() {
    let error = Config::load(sources(Path::new("/nowhere/config.toml"))).unwrap_err().to_string();
    assert!(error.starts_with("cannot read the configuration file /nowhere/config.toml: "), "{error}");
}

#[test]
fn a_wrong_variable_is_named() {
    let (_folder, path) = config_file("");
    let mut sources = sources(&path);
    sources.environment.insert("VIBECOIN_RPC".to_owned(), "localhost".to_owned());
    let error = Config::load(sources).unwrap_err().to_string();
    assert!(error.starts_with("environment VIBECOIN_RPC: rpc: \"localhost\" is not an address"), "{error}");
}

#[test]
fn networks_have_folders_and_ports_of_their_own() {
    for network in Network::ALL {
        let chosen = Chosen::read(network.name()).unwrap();
        assert_eq!(chosen.folder(), network.name());
        assert_eq!(chosen.rpc_port(), network.rpc_port());
        assert_eq!(**chosen.spec(), network.spec());
    }
    assert!(matches!(Chosen::read("betanet"), Err(NetworkError::Unknown { .. })));
}

#[test]
fn a_private_network_is_kept_apart_by_its_genesis() {
    let folder = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    for (place, chain_id) in [("a", 5), ("b", 6)] {
        let mut spec = Network::Devnet.spec();
        spec.chain_id = chain_id;
        let path = folder.path().join(place).with_extension("d").join("My Net.json");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, spec.to_json()).unwrap();
        let chosen = Chosen::read(path.to_str().unwrap()).unwrap();
        assert_eq!(chosen.name(), "my-net");
        assert!(chosen.folder().starts_with("my-net-"), "{}", chosen.folder());
        folders.push(chosen.folder());
    }
    assert_ne!(folders[0], folders[1]);
}

#[test]
fn an_unsound_chain_spec_is_refused_by_its_rule() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.json");
    let mut spec = Network::Devnet.spec();
    spec.poh_ticks = 0;
    std::fs::write(&path, spec.to_json()).unwrap();
    let error = Chosen::read(path.to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains("SPEC-1: poh_ticks is 0"), "{error}");
}
