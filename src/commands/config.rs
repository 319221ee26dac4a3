//! `vibecoin config`: what is set, and where.

use serde_json::{Map, Value, json};

use crate::cli::ConfigCommand;
use crate::config::Key;
use crate::context::Context;
use crate::failure::Outcome;
use crate::output::{Side, Tint};

/// Runs a command of `vibecoin config`.
///
/// # Errors
/// [`Failure::Pipe`](crate::failure::Failure::Pipe) when nobody reads the answer.
pub fn run(context: &Context, command: &ConfigCommand) -> Outcome {
    match command {
        ConfigCommand::Show => show(context),
    }
}

fn show(context: &Context) -> Outcome {
    let config = &context.config;
    let settings: Map<String, Value> = Key::ALL
        .into_iter()
        .map(|key| {
            let setting = config.get(key);
            let value = setting.map(|setting| setting.text.as_str());
            let origin = setting.map_or_else(|| "not set".to_owned(), |setting| setting.origin.to_string());
            (key.name().to_owned(), json!({ "value": value, "origin": origin, "about": key.about() }))
        })
        .collect();
    let network = config.network();
    let answer = json!({
        "settings": settings,
        "file": config.file(),
        "network": {
            "name": network.name(),
            "chain_id": network.spec().chain_id,
            "genesis_id": network.genesis_id(),
            "address_prefix": network.prefix().as_str(),
            "directory": config.network_dir(),
        },
    });
    if context.out.is_json() {
        return context.out.plain(&answer);
    }
    context.out.answer(&answer, |paper| {
        let rows: Vec<Vec<String>> = Key::ALL
            .into_iter()
            .map(|key| match config.get(key) {
                Some(setting) => {
                    vec![key.name().to_owned(), setting.text.clone(), setting.origin.to_string()]
                }
                None => vec![key.name().to_owned(), "-".to_owned(), "not set".to_owned()],
            })
            .collect();
        paper.table(&[("setting", Side::Left), ("value", Side::Left), ("from", Side::Left)], &rows, "");
        paper.gap();
        match config.file() {
            Some(file) => paper.fact("configuration file", file.display()),
            None => paper.fact("configuration file", "none"),
        };
        paper
            .fact("files of this network", config.network_dir().display())
            .fact("chain id", network.spec().chain_id)
            .fact("genesis", network.genesis_id());
        paper.tinted(Tint::Faint, "Each setting may stand in the file, in VIBECOIN_<SETTING>, or in a flag.");
    })
}
