//! One question, several servers, one after the other or, when the first is late, side by side.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::judge::{Judged, Verdict};
use super::{Answered, NoAnswer, ServerId, Servers};
use crate::light::server::HttpServer;

/// Runs a question along `order`. With `hedge_after`, a second server is asked too when there is no answer by then;
/// never more than two at a time.
pub(super) async fn run<T, E, F, Fut>(
    servers: &Servers,
    order: Vec<ServerId>,
    hedge_after: Option<Duration>,
    question: F,
) -> Result<Answered<T>, NoAnswer<E>>
where
    E: Judged,
    F: Fn(ServerId, Arc<HttpServer>) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut waiting = order.into_iter();
    let mut running = FuturesUnordered::new();
    // Who is being asked, and since when.
    let mut asked: Vec<(ServerId, Instant)> = Vec::with_capacity(2);
    let mut failures = Vec::new();
    let put = |id: ServerId| {
        let question = question(id, Arc::clone(servers.server(id)));
        async move { (id, servers.judged(id, question).await) }
    };
    let mut hedge_at = hedge_after.map(|after| Instant::now() + after);
    loop {
        if running.is_empty() {
            let Some(next) = waiting.next() else { return Err(NoAnswer { failures }) };
            asked.push((next, Instant::now()));
            running.push(put(next));
        }
        let hedge = async {
            match hedge_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let finished = tokio::select! {
            finished = running.next() => finished,
            () = hedge => None,
        };
        let Some((id, result)) = finished else {
            hedge_at = None;
            if let Some(next) = waiting.next() {
                asked.push((next, Instant::now()));
                running.push(put(next));
            }
            continue;
        };
        asked.retain(|(other, _)| *other != id);
        match result {
            Ok(value) => {
                for (slower, since) in asked {
                    servers.overtaken(slower, since.elapsed());
                }
                return Ok(Answered { value, by: id });
            }
            Err(error) => {
                let is_ours = error.verdict() == Verdict::Ours;
                failures.push((id, error));
                if is_ours {
                    return Err(NoAnswer { failures });
                }
            }
        }
    }
}
