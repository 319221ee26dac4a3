//! The remote nodes, and what is proven over them.

use serde_json::{Value, json};
use vibecoin_client::light::journal::Entry;
use vibecoin_client::light::servers::{Health, ServerId};
use vibecoin_client::light::standing::{Opinion, Stand};
use vibecoin_client::light::{LightClient, Standing};
use vibecoin_rpc::types::WorkText;

use crate::context::Context;
use crate::failure::Outcome;
use crate::output::{Side, Tint};
use crate::remote;

/// Disagreements that are printed.
const DISAGREEMENTS_MAX: usize = 20;

/// What is proven, on whose word, and what it cost. Works without any remote node that answers.
pub(super) async fn status(context: &Context) -> Outcome {
    let client = remote::open(context, |_| {})?;
    let failed = client.sync().await.err();
    client.close();
    let standing = client.standing();
    let answer = json!({
        "tip": standing.head.as_ref().map(super::head),
        "believed_height": standing.believed,
        "confirmations": client.options().confirmations,
        "min_chain_work": WorkText(client.options().min_chain_work),
        "last": client.options().params.last(),
        "draws": client.options().params.draws(),
        "agreeing": standing.agreeing(),
        "servers": standing.opinions.len(),
        "error": failed.as_ref().map(ToString::to_string),
        "warnings": standing.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "traffic": super::cost(&client),
    });
    context.out.answer(&answer, |paper| {
        match &standing.head {
            Some(head) => super::print_head(paper, head),
            None => drop(paper.fact("proven tip", "none")),
        }
        paper
            .fact_if("believed", standing.believed.map(|height| format!("the state after block {height}")))
            .fact("remote nodes", format!("{} of {} agree", standing.agreeing(), standing.opinions.len()));
        if let Some(error) = &failed {
            paper.tinted(Tint::Caution, error);
        }
        for warning in &standing.warnings {
            paper.tinted(Tint::Caution, warning);
        }
    })
}

/// The remote nodes one by one, and where they disagreed.
pub(super) async fn show(context: &Context) -> Outcome {
    let client = remote::open(context, |_| {})?;
    // That nobody answers is what the list then says.
    let _ = client.sync().await;
    client.close();
    let standing = client.standing();
    let disagreements = client.disagreements(DISAGREEMENTS_MAX);
    let answer = json!({
        "servers": standing.opinions.iter().map(|(id, opinion)| server(&client, *id, opinion)).collect::<Vec<_>>(),
        "disagreements": disagreements,
    });
    context.out.answer(&answer, |paper| {
        let columns = [
            ("remote node", Side::Left),
            ("", Side::Left),
            ("height", Side::Right),
            ("ms", Side::Right),
            ("received", Side::Right),
            ("failures", Side::Right),
        ];
        paper.table(&columns, &rows(&client, &standing), "").gap();
        let columns = [("when", Side::Right), ("who", Side::Left), ("what", Side::Left)];
        let noted: Vec<Vec<String>> = disagreements.iter().map(noted).collect();
        paper.table(&columns, &noted, "They have never disagreed.");
    })
}

const fn health(health: Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Well => "well",
        Health::Failing => "failing",
        Health::Distrusted => "distrusted",
    }
}

const fn stand(stand: &Stand) -> &'static str {
    match stand {
        Stand::Unheard => "unheard",
        Stand::Agrees => "agrees",
        Stand::Behind { .. } => "behind",
        Stand::Forked { .. } => "forked",
        Stand::Ahead { .. } => "ahead",
        Stand::Refuted => "refuted",
        Stand::Silent => "silent",
    }
}

fn server(client: &LightClient, id: ServerId, opinion: &Opinion) -> Value {
    let (known, server) = (client.servers().standing(id), client.servers().server(id));
    let traffic = server.traffic();
    json!({
        "url": server.url().as_str(),
        "health": health(known.health()),
        "stand": stand(&opinion.stand),
        "claimed_height": opinion.tip.map(|(height, _)| height),
        "claimed_id": opinion.tip.map(|(_, id)| id),
        "claimed_work": opinion.work.map(WorkText),
        "latency_ms": known.latency().map(|latency| latency.as_secs_f64() * 1_000.0),
        "answers": known.answers(),
        "failures": known.failures(),
        "received_bytes": traffic.received_bytes,
        "sent_bytes": traffic.sent_bytes,
        "encrypted": server.url().is_https(),
    })
}

fn rows(client: &LightClient, standing: &Standing) -> Vec<Vec<String>> {
    let row = |(id, opinion): &(ServerId, Opinion)| {
        let (known, server) = (client.servers().standing(*id), client.servers().server(*id));
        let state = match known.health() {
            Health::Distrusted => health(Health::Distrusted),
            Health::Unknown | Health::Well | Health::Failing => stand(&opinion.stand),
        };
        vec![
            server.url().to_string(),
            state.to_owned(),
            opinion.tip.map_or_else(|| "-".to_owned(), |(height, _)| height.to_string()),
            known.latency().map_or_else(|| "-".to_owned(), |latency| latency.as_millis().to_string()),
            server.traffic().received_bytes.to_string(),
            known.failures().to_string(),
        ]
    };
    standing.opinions.iter().map(row).collect()
}

fn noted(entry: &Entry) -> Vec<String> {
    let who = entry.server.clone().unwrap_or_else(|| "-".to_owned());
    vec![entry.time.to_string(), who, entry.evidence.to_string()]
}
