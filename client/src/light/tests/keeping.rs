//! What is kept over a restart.

use std::fs;
use std::path::Path;

use super::*;

fn at(directory: &Path, remote: &Remote) -> Bench {
    Bench::with(&[remote], |options| options.directory = Some(directory.to_owned()))
}

#[tokio::test]
async fn a_restart_goes_on_from_what_was_proven() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::new().grow(40, 1);
    let remote = Remote::of(&chain).await;
    let bench = at(directory.path(), &remote);
    bench.client.sync().await.unwrap();
    bench.client.close();
    drop(bench);

    let grown = chain.clone().grow(3, 1);
    remote.set(&grown);
    let again = at(directory.path(), &remote);
    assert_eq!(again.head_id(), Some(chain.tip().id), "before anybody was asked");
    assert_eq!(again.client.sync().await.unwrap().id, grown.tip().id);
    assert_eq!(remote.asked("light_prove"), 1);
    again.client.close();

    // A version that knows of more work than was kept begins anew.
    let floor = Work::new(grown.work().get() + 1);
    let newer = Bench::with(&[&remote], |options| {
        options.directory = Some(directory.path().to_owned());
        options.min_chain_work = floor;
    });
    assert_eq!(newer.head_id(), None);
    assert!(!newer.client.standing().warnings.contains(&Warning::Damaged));
}

#[tokio::test]
async fn damage_is_told_and_the_chain_is_proven_anew() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tail");
    let chain = Chain::new().grow(40, 1);
    let remote = Remote::of(&chain).await;
    let bench = at(directory.path(), &remote);
    bench.client.sync().await.unwrap();
    bench.client.close();
    drop(bench);
    let good = fs::read(&file).unwrap();
    assert!(good.len() < 2_000, "{} bytes for 17 headers", good.len());
    let damaged: [Vec<u8>; 4] = [
        Vec::new(),
        good[..good.len() - 1].to_vec(),
        good.iter().enumerate().map(|(at, byte)| if at == 500 { byte ^ 1 } else { *byte }).collect(),
        vec![0; 200 * 1024],
    ];
    for (case, bytes) in damaged.iter().enumerate() {
        fs::write(&file, bytes).unwrap();
        let again = at(directory.path(), &remote);
        assert_eq!(again.head_id(), None, "case {case}");
        assert!(again.client.standing().warnings.contains(&Warning::Damaged), "case {case}");
        assert_eq!(again.client.sync().await.unwrap().id, chain.tip().id);
    }
    assert_eq!(fs::read(&file).unwrap(), good);
}

#[tokio::test]
async fn disagreements_are_kept_bounded_and_without_the_servers_words() {
    let directory = tempfile::tempdir().unwrap();
    let trunk = Chain::new().grow(20, 1);
    let (one, two) = (Remote::of(&trunk.clone().grow(1, 2)).await, Remote::of(&trunk.grow(1, 3)).await);
    let open = || Bench::with(&[&one, &two], |options| options.directory = Some(directory.path().to_owned()));
    let bench = open();
    bench.client.sync().await.unwrap();
    let noted = bench.client.disagreements(10);
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(noted[0].server.as_deref(), Some(two.url().as_str()));
    bench.client.follow_all().await;
    assert_eq!(bench.client.disagreements(10).len(), 1, "the same is noted once");
    drop(bench);

    assert_eq!(open().client.disagreements(10), noted);
    let file = directory.path().join("disagreements.json");
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("own words"));
    fs::write(&file, text.replace("fork_height", "fork_heights")).unwrap();
    let again = open();
    assert_eq!(again.client.disagreements(10), []);
    assert!(again.client.standing().warnings.contains(&Warning::Damaged));
}

#[test]
fn the_journal_forgets_the_oldest() {
    let mut journal = Journal::default();
    for n in 0..journal::ENTRIES_MAX as u64 + 50 {
        let evidence = Evidence::FalseValue { height: Height::new(n), error: String::new() };
        journal.note(Entry { time: Timestamp::new(n), server: None, evidence });
    }
    assert_eq!(journal.newest().count(), journal::ENTRIES_MAX);
    assert_eq!(journal.newest().last().unwrap().time, Timestamp::new(50));
}

#[tokio::test]
async fn a_second_program_reads_what_is_kept_and_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chain::new().grow(40, 1);
    let remote = Remote::of(&chain).await;
    let first = at(directory.path(), &remote);
    first.client.sync().await.unwrap();
    first.client.close();
    let kept = fs::read(directory.path().join("tail")).unwrap();

    let grown = chain.clone().grow(3, 1);
    remote.set(&grown);
    let second = at(directory.path(), &remote);
    assert_eq!(second.head_id(), Some(chain.tip().id), "it begins with what the first has proven");
    second.client.sync().await.unwrap();
    second.client.close();
    assert_eq!(fs::read(directory.path().join("tail")).unwrap(), kept);
    drop(first);

    let third = at(directory.path(), &remote);
    third.client.sync().await.unwrap();
    third.client.close();
    assert_ne!(fs::read(directory.path().join("tail")).unwrap(), kept, "the lock goes with its holder");
}
