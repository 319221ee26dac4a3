#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn a_cookie_matches_only_itself() {
    let cookie = Cookie::generate().unwrap();
    assert!(cookie.matches(cookie.reveal()));
    assert!(!cookie.matches(""));
    assert!(!cookie.matches(&cookie.reveal()[..63]));
    assert!(!cookie.matches(&format!("{}0", cookie.reveal())));
    for place in 0..64 {
        let mut other = cookie.reveal().to_owned().into_bytes();
        other[place] ^= 1;
        assert!(!cookie.matches(std::str::from_utf8(&other).unwrap()), "byte {place}");
    }
    assert!(!format!("{cookie:?}").contains(cookie.reveal()));
}

#[test]
fn files_are_private_and_replaced_whole() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Endpoint::read(directory.path()).unwrap().is_none());
    for port in [1, 2] {
        let endpoint =
            Endpoint { url: format!("http://127.0.0.1:{port}"), cookie: Cookie::generate().unwrap() };
        endpoint.write(directory.path()).unwrap();
        let read = Endpoint::read(directory.path()).unwrap().unwrap();
        assert_eq!(
            (read.url.as_str(), read.cookie.reveal()),
            (endpoint.url.as_str(), endpoint.cookie.reveal())
        );
    }
    #[cfg(unix)]
    for name in [COOKIE_FILE, URL_FILE] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left beside");
    fs::write(directory.path().join(COOKIE_FILE), "no").unwrap();
    assert!(matches!(Endpoint::read(directory.path()), Err(EndpointError::NoCookie { .. })));
    Endpoint::remove(directory.path());
    assert!(Endpoint::read(directory.path()).unwrap().is_none());
}
