//! Secrets come from a prompt, a file or a file descriptor, and never from an argument.
//!
//! They are wiped when they are dropped, and nothing here prints them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::Path;

use vibecoin_client::password::Password;
use zeroize::{Zeroize, Zeroizing};

use crate::cli::wallet::{PassphraseArgs, PasswordArgs};
use crate::failure::{Failure, Outcome};
use crate::output::Output;

#[cfg(test)]
mod tests;

/// More than this is no password and no phrase.
const BYTES_MAX: u64 = 4096;

/// A secret text, wiped when dropped.
pub type Text = Zeroizing<String>;

/// The password of a wallet that there is.
///
/// # Errors
/// [`Failure::NoTerminal`] if there is nobody to ask; what the system answers about the file.
pub fn password(args: &PasswordArgs) -> Outcome<Password> {
    match given(args.password_file.as_deref(), args.password_fd)? {
        Some(text) => Ok(Password::new(text)),
        None => prompt("Password", "the wallet's password", "--password-file").map(Password::new),
    }
}

/// A password for a new wallet: asked for twice, with an honest word about it.
///
/// # Errors
/// As [`password`]; [`Failure::Usage`] if the two differ, or there is nothing in it.
pub fn new_password(
    file: Option<&Path>,
    fd: Option<u32>,
    flag: &'static str,
    out: &Output,
) -> Outcome<Password> {
    let password = match given(file, fd)? {
        Some(text) => Password::new(text),
        None => {
            let first = prompt("New password", "a password for the wallet", flag)?;
            let second = prompt("The same again", "a password for the wallet", flag)?;
            if *first != *second {
                return Err(Failure::Usage("the two passwords differ".to_owned()));
            }
            let password = Password::new(first);
            out.say(&format!("This password is {}.", password.strength()));
            password
        }
    };
    if password.is_empty() {
        return Err(Failure::Usage("a wallet needs a password, and this one is empty".to_owned()));
    }
    if password.strength().bits() < 28 {
        out.warn("this password is easily guessed by whoever gets the wallet's file");
    }
    Ok(password)
}

/// The passphrase beside the words: empty unless somebody wants one.
///
/// # Errors
/// As [`password`].
pub fn passphrase(args: &PassphraseArgs) -> Outcome<Text> {
    match (given(args.passphrase_file.as_deref(), None)?, args.passphrase) {
        (Some(text), _) => Ok(text),
        (None, true) => prompt("Passphrase", "the passphrase", "--passphrase-file"),
        (None, false) => Ok(Text::default()),
    }
}

/// Recovery words, from a file (`-` is standard input) or a prompt.
///
/// # Errors
/// As [`password`].
pub fn words(file: Option<&Path>) -> Outcome<Text> {
    match file {
        Some(path) if path == Path::new("-") => {
            read(io::stdin().lock(), Path::new("standard input"), usize::MAX)
        }
        Some(path) => read(open(path)?, path, usize::MAX),
        None => prompt("Words", "the recovery words", "--words-file"),
    }
}

/// The secret that a file or a descriptor gives, if one is named.
fn given(file: Option<&Path>, fd: Option<u32>) -> Outcome<Option<Text>> {
    match (file, fd) {
        (Some(path), _) => read(open(path)?, path, 1).map(Some),
        (None, Some(0)) => read(io::stdin().lock(), Path::new("standard input"), 1).map(Some),
        (None, Some(fd)) => {
            let path = Path::new("/dev/fd").join(fd.to_string());
            read(open(&path)?, &path, 1).map(Some)
        }
        (None, None) => Ok(None),
    }
}

fn open(path: &Path) -> Outcome<File> {
    File::open(path).map_err(Failure::io(path))
}

/// The first lines of a source, without the end of the last one.
fn read(source: impl Read, path: &Path, lines: usize) -> Outcome<Text> {
    let mut reader = BufReader::new(source.take(BYTES_MAX + 1));
    let mut text = Text::default();
    text.reserve(usize::try_from(BYTES_MAX).unwrap_or_default());
    for _ in 0..lines {
        if reader.read_line(&mut text).map_err(Failure::io(path))? == 0 {
            break;
        }
    }
    if text.len() as u64 > BYTES_MAX {
        return Err(Failure::Usage(format!("{}: more than {BYTES_MAX} bytes are no secret", path.display())));
    }
    let end = text.trim_end_matches(['\n', '\r']).len();
    text.truncate(end);
    Ok(text)
}

/// Asks on the terminal, without showing what is typed.
fn prompt(question: &str, what: &'static str, flag: &'static str) -> Outcome<Text> {
    if !io::stdin().is_terminal() {
        return Err(Failure::NoTerminal { what, flag });
    }
    let mut typed =
        rpassword::prompt_password(format!("{question}: ")).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => Failure::Interrupted,
            _ => Failure::NoTerminal { what, flag },
        })?;
    let text = Text::new(typed.clone());
    typed.zeroize();
    Ok(text)
}

/// A question that has to be answered with yes before something is done that cannot be undone.
///
/// # Errors
/// [`Failure::Unconfirmed`] unless the answer is yes.
pub fn confirm(yes: bool, question: &str) -> Outcome {
    if yes {
        return Ok(());
    }
    let unconfirmed = || Failure::Unconfirmed { question: question.to_owned() };
    if !io::stdin().is_terminal() {
        return Err(unconfirmed());
    }
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::io("the terminal"))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) { Ok(()) } else { Err(unconfirmed()) }
}
