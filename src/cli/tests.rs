#![allow(clippy::unwrap_used)]

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::{Cli, Command, wallet::WalletCommand};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn global_flags_stand_before_or_after_the_verb() {
    for line in
        ["vibecoin --json --network testnet chain info", "vibecoin chain info --json --network testnet"]
    {
        let cli = parse(line).unwrap();
        assert!(cli.global.json);
        assert_eq!(cli.global.network.as_deref(), Some("testnet"));
    }
    assert!(parse("vibecoin").unwrap().command.is_none());
}

#[test]
fn a_wallet_is_named_before_or_after_its_verb() {
    for line in ["vibecoin wallet --wallet a address", "vibecoin wallet address --wallet a"] {
        let Some(Command::Wallet(args)) = parse(line).unwrap().command else { panic!("{line}") };
        assert_eq!(args.wallet.as_deref(), Some("a"));
        assert!(matches!(args.command, WalletCommand::Address { account: 0, .. }));
    }
}

#[test]
fn an_amount_or_max_but_not_both() {
    assert!(parse("vibecoin wallet send x 1.5").is_ok());
    assert!(parse("vibecoin wallet send x --max").is_ok());
    assert_eq!(parse("vibecoin wallet send x").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
    assert_eq!(parse("vibecoin wallet send x 1 --max").unwrap_err().kind(), ErrorKind::ArgumentConflict);
    assert_eq!(parse("vibecoin wallet send x 1,5").unwrap_err().kind(), ErrorKind::ValueValidation);
}

#[test]
fn no_argument_is_a_secret() {
    // A secret on the command line would be in every process list: flags may name a file or a descriptor only.
    fn check(command: &clap::Command) {
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            let secret =
                ["password", "passphrase", "mnemonic", "secret"].iter().any(|word| id.contains(word));
            let takes_value = arg.get_action().takes_values();
            assert!(
                !(secret && takes_value) || id.ends_with("_file") || id.ends_with("_fd"),
                "{} takes the secret {id}",
                command.get_name()
            );
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

#[test]
fn the_verbs_are_those_that_scripts_rely_on() {
    let wallet = "new restore watch words passwd list rename remove accounts address balance send pay history \
        speed-up cancel sign verify sign-tx broadcast contacts labels backup export-history";
    let chain = "info block tx account search poh forks supply verify export import new-spec";
    for (group, verbs) in [
        ("wallet", wallet),
        ("chain", chain),
        ("node", "status stop"),
        ("mempool", "info list"),
        ("mine", "start stop status"),
        ("dev", "mine faucet warp snapshot revert"),
        ("config", "show"),
    ] {
        let cli = Cli::command();
        let found = cli.find_subcommand(group).unwrap();
        for verb in verbs.split_whitespace() {
            assert!(found.find_subcommand(verb).is_some(), "{group} {verb}");
        }
    }
}
