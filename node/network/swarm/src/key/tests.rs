use std::fs;

use super::*;

#[test]
fn a_key_is_written_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.key");
    let first = NodeKey::load_or_create(&path).unwrap();
    assert_eq!(NodeKey::load_or_create(&path).unwrap().node(), first.node());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    assert!(!format!("{first:?}").contains(&hex::encode(first.0.secret().as_ref())));
}

#[test]
fn many_that_start_at_once_get_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.key");
    let nodes: Vec<_> = std::thread::scope(|scope| {
        // Within one process they also share the draft's name, which is harder than what happens in life.
        let starts: Vec<_> =
            (0..2).map(|_| scope.spawn(|| NodeKey::load_or_create(&path).map(|key| key.node()))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let kept = NodeKey::load_or_create(&path).unwrap().node();
    assert!(nodes.iter().flatten().all(|node| *node == kept), "{nodes:?}");
}

#[test]
fn every_changed_byte_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.key");
    NodeKey::load_or_create(&path).unwrap();
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] = bad[at].wrapping_add(1);
        fs::write(&path, &bad).unwrap();
        let read = NodeKey::load_or_create(&path);
        assert!(matches!(read, Err(NodeKeyError::Damaged { .. })), "byte {at}: {read:?}");
    }
    for bytes in [&good[..good.len() - 1], b"", b"\xff\xfe", &[good.as_slice(), b"\n"].concat()] {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(NodeKey::load_or_create(&path), Err(NodeKeyError::Damaged { .. })));
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.key");
    NodeKey::load_or_create(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let read = NodeKey::load_or_create(&path);
    assert!(matches!(read, Err(NodeKeyError::Exposed { mode: 0o640, .. })), "{read:?}");
}
