#![allow(clippy::unwrap_used)]

use super::*;

fn file(text: &str) -> (tempfile::TempDir, PasswordArgs) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    std::fs::write(&path, text).unwrap();
    (folder, PasswordArgs { password_file: Some(path), password_fd: None })
}

#[test]
fn a_password_is_the_first_line_of_its_file() {
    for (content, expected) in
        [("one two \nthree\n", "one two "), ("x\r\n", "x"), ("no end", "no end"), ("", "")]
    {
        let (_folder, args) = file(content);
        let text = given(args.password_file.as_deref(), None).unwrap().unwrap();
        assert_eq!(*text, expected);
    }
}

#[test]
fn a_file_that_is_no_secret_is_refused() {
    let (_folder, args) = file(&"x".repeat(5000));
    assert!(matches!(password(&args), Err(Failure::Usage(_))));
    let nowhere = PasswordArgs { password_file: Some("/nowhere/at/all".into()), password_fd: None };
    assert!(matches!(password(&nowhere), Err(Failure::Io { .. })));
}

#[test]
fn a_new_wallet_gets_no_empty_password() {
    let out = Output::new(false, false, 0);
    for (content, taken) in [("", false), ("\n", false), ("x\n", true)] {
        let (_folder, args) = file(content);
        let new = new_password(args.password_file.as_deref(), None, "--password-file", &out);
        assert_eq!(new.is_ok(), taken, "{content:?}");
        assert!(password(&args).is_ok(), "one that is asked for may be anything");
    }
}

#[test]
fn nothing_secret_is_printed_by_mistake() {
    let (_folder, args) = file("hunter2\n");
    let shown = format!("{args:?} {:?}", password(&args).unwrap());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_dangerous_step_needs_a_yes() {
    assert!(confirm(true, "really?").is_ok());
}
