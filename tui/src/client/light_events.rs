//! What happens by itself behind servers: how it stands with them, the proven tip, and a log of both.

use std::sync::Arc;
use std::time::Duration;

use vibecoin_client::light::LightClient;

use super::remote::{self, Watcher};
use super::{ClientBackend, events, now};
use crate::backend::Event;
use crate::format::{brief_millis, bytes, count};
use crate::model::*;
use crate::safe::{SafeText, ink};

/// Between two looks at what has no subscription: the servers.
const LOOK: Duration = Duration::from_secs(1);
/// The same while somebody waits for the first proof.
const LOOK_FIRST: Duration = Duration::from_millis(100);

/// Tells how it stands until the screens have gone.
pub(super) async fn follow(backend: ClientBackend, light: Arc<LightClient>) {
    let mut heads = light.heads();
    let mut watcher = Watcher::new(Arc::clone(&light));
    let network = backend.facts().name.clone();
    let mut shown: Option<RemoteView> = None;
    loop {
        let addresses: Vec<_> = backend
            .wallet
            .vault()
            .opened()
            .map(|opened| opened.accounts.into_iter().map(|account| account.address).collect())
            .unwrap_or_default();
        let view = watcher.look(&addresses);
        if shown.as_ref() != Some(&view) {
            let lines = lines(shown.as_ref(), &view);
            let status = remote::status(&light, &network);
            let told = [
                Some(Event::Remote(Box::new(view.clone()))),
                status.map(|status| Event::Status(Box::new(status))),
                (!lines.is_empty()).then_some(Event::Log(lines)),
            ];
            for event in told.into_iter().flatten() {
                if events::send(&backend.events, event).await.is_err() {
                    return;
                }
            }
            shown = Some(view);
        }
        tokio::select! {
            changed = heads.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = tokio::time::sleep(if watcher.is_waiting() { LOOK_FIRST } else { LOOK }) => {}
            () = backend.events.closed() => return,
        }
    }
}

/// What is new between two looks, for the log.
fn lines(before: Option<&RemoteView>, now_view: &RemoteView) -> Vec<LogLine> {
    let time_ms = now().get();
    let line = |level, message: SafeText| LogLine { time_ms, level, target: "light".into(), message };
    let mut lines = Vec::new();
    if let Some(proof) =
        now_view.proof.as_ref().filter(|_| before.is_none_or(|before| before.proof.is_none()))
    {
        let from = match proof.resumed_from {
            Some(height) => ink!("after block {}, which was kept", count(height)),
            None => "from the genesis".into(),
        };
        let (received, took) = (bytes(proof.bytes), brief_millis(proof.took_ms));
        let words = ink!("proven up to block {} {from}: {received} in {took}", count(proof.height));
        lines.push(line(LogLevel::Info, words));
    }
    let tip = |view: &RemoteView| view.proven.as_ref().map(|tip| tip.id.clone());
    if let Some(proven) = now_view.proven.as_ref().filter(|_| before.and_then(tip) != tip(now_view)) {
        lines.push(line(LogLevel::Debug, ink!("block {} {}", count(proven.height), proven.id)));
    }
    for server in &now_view.servers {
        let known = before.and_then(|before| before.servers.iter().find(|known| known.url == server.url));
        // Which of those that answer is followed changes all the time, and does not matter.
        let known = known.map_or("", |known| standing(known.state));
        if known != standing(server.state) {
            lines.push(line(level_of(server.state), ink!("{}: {}", server.url, standing(server.state))));
        }
    }
    let noted = |view: &RemoteView| view.disagreements.first().cloned();
    let newest_known = before.and_then(noted);
    let new = now_view.disagreements.iter().take_while(|row| newest_known.as_ref() != Some(row));
    // What was noted in earlier starts is on the servers' tab, and not in this log.
    let new: Vec<_> = if before.is_some() { new.collect() } else { Vec::new() };
    for row in new.into_iter().rev() {
        let who = row.said.first().map(|(who, what)| ink!("{who}: {what}; ")).unwrap_or_default();
        let level = match row.verdict {
            Verdict::False | Verdict::Open => LogLevel::Warn,
            Verdict::Heavier => LogLevel::Info,
        };
        lines.push(line(level, ink!("{}: {who}{}", row.about, row.outcome)));
    }
    lines
}

const fn standing(state: ServerState) -> &'static str {
    match state {
        ServerState::Followed | ServerState::Ready => "answers",
        other => other.word(),
    }
}

const fn level_of(state: ServerState) -> LogLevel {
    match state {
        ServerState::Untried | ServerState::Followed | ServerState::Ready => LogLevel::Info,
        ServerState::OtherBranch { .. }
        | ServerState::Ahead { .. }
        | ServerState::Silent
        | ServerState::Refuted
        | ServerState::Distrusted => LogLevel::Warn,
    }
}
