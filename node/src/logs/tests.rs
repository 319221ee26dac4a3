#![allow(clippy::unwrap_used)]

use tracing_subscriber::layer::SubscriberExt;

use super::*;

#[tokio::test]
async fn lines_are_remembered_followed_and_bounded() {
    let ring = LogRing::default();
    let subscriber = tracing_subscriber::registry().with(ring.layer());
    let mut following = tracing::subscriber::with_default(subscriber, || {
        tracing::warn!(target: "here", height = 7, who = "me", "a {}", "message");
        let following = ring.follow();
        for count in 0..LINES_MAX {
            tracing::info!(count, "{}", "ü".repeat(if count == 5 { LINE_BYTES_MAX } else { 1 }));
        }
        following
    });
    let first = following.next().await.unwrap();
    assert_eq!((first.sequence, first.level, first.target.as_str()), (0, LogLevel::Warn, "here"));
    assert_eq!(first.message, "a message height=7 who=me");
    for sequence in 1..=LINES_MAX as u64 {
        let line = following.next().await.unwrap();
        assert_eq!(line.sequence, sequence);
        assert!(line.message.len() <= LINE_BYTES_MAX + 3);
    }
    let last = ring.last();
    assert_eq!((last.len(), last[0].sequence), (LINES_MAX, 1));
}
