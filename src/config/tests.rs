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
