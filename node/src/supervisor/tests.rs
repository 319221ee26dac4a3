#![allow(clippy::unwrap_used)]

use super::*;

const LIMIT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_part_that_ends_early_stops_the_others() {
    let supervisor = Supervisor::default();
    let stopping = supervisor.stopping().clone();
    supervisor.task("patient", async move {
        stopping.cancelled().await;
        Ok(())
    });
    supervisor.task("hasty", async { Ok(()) });
    supervisor.wait(LIMIT).await.unwrap();
    assert_eq!(supervisor.failure(), Some(Failure::Ended { part: "hasty" }));
}

#[tokio::test]
async fn panics_of_tasks_and_threads_are_told() {
    for threaded in [false, true] {
        let supervisor = Supervisor::default();
        if threaded {
            supervisor.thread("broken", || panic!("it {}", "broke")).unwrap();
        } else {
            supervisor.task("broken", async { panic!("it {}", "broke") });
        }
        supervisor.wait(LIMIT).await.unwrap();
        let expected = Failure::Panicked { part: "broken", message: "it broke".to_owned() };
        assert_eq!(supervisor.failure(), Some(expected));
        assert!(supervisor.stopping().is_cancelled());
    }
}

#[tokio::test]
async fn a_clean_stop_is_no_failure_and_the_first_failure_counts() {
    let supervisor = Supervisor::default();
    let stopping = supervisor.stopping().clone();
    supervisor
        .thread("loop", move || {
            while !stopping.is_cancelled() {
                thread::yield_now();
            }
            Ok(())
        })
        .unwrap();
    supervisor.stop();
    supervisor.wait(LIMIT).await.unwrap();
    assert_eq!(supervisor.failure(), None);
    supervisor.fail(Failure::Ended { part: "first" });
    supervisor.fail(Failure::Ended { part: "second" });
    assert_eq!(supervisor.failure(), Some(Failure::Ended { part: "first" }));
    // A reason that comes after its consequence is the one that counts.
    let reason = Failure::Panicked { part: "third", message: "here is why".to_owned() };
    supervisor.fail(reason.clone());
    supervisor.fail(Failure::Panicked { part: "fourth", message: "here too".to_owned() });
    supervisor.fail(Failure::Ended { part: "fifth" });
    assert_eq!(supervisor.failure(), Some(reason));
}

#[tokio::test]
async fn stragglers_are_named() {
    let supervisor = Supervisor::default();
    let (release, held) = std::sync::mpsc::channel::<()>();
    supervisor.task("quick", std::future::ready(Ok(())));
    supervisor
        .thread("stuck", move || {
            // Ends with the test.
            let _ = held.recv();
            Ok(())
        })
        .unwrap();
    supervisor.stop();
    let short = Duration::from_millis(100);
    let error = supervisor.wait(short).await.unwrap_err();
    assert_eq!(error, Failure::Stragglers { parts: vec!["stuck"], after: short });
    drop(release);
    supervisor.wait(LIMIT).await.unwrap();
}
