//! The configuration file: TOML, one key a setting.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::key::BETWEEN;
use super::{Key, Origin, Setting};

/// A larger file is none of ours.
const BYTES_MAX: u64 = 1 << 20;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system does not give it.
    #[error("cannot read the configuration file {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// In the words of the system.
        error: io::Error,
    },
    /// Not TOML.
    #[error("{}, line {line}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A key that is none of ours.
    #[error(
        "{}, line {line}: {key:?} is not a setting{}",
        path.display(),
        suggestion.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
    )]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What stands there.
        key: String,
        /// What was probably meant.
        suggestion: Option<&'static str>,
    },
    /// A list, a table or a date in the place of a value.
    #[error("{}, line {line}: {key}: a text, a number, true or false is expected, not {found}", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Which setting.
        key: &'static str,
        /// What stands there.
        found: &'static str,
    },
}

/// Reads the file; `None` if it is not there and need not be.
///
/// # Errors
/// [`FileError`] names the line of the first thing that is wrong.
pub(super) fn read(path: &Path, must_exist: bool) -> Result<Option<BTreeMap<Key, Setting>>, FileError> {
    let unreadable = |error| FileError::Unreadable { path: path.to_owned(), error };
    let text = match std::fs::metadata(path).and_then(|about| {
        if about.len() > BYTES_MAX {
            return Err(io::Error::other(format!("it has more than {BYTES_MAX} bytes")));
        }
        std::fs::read_to_string(path)
    }) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return Ok(None),
        read => read.map_err(unreadable)?,
    };
    parse(path, &text).map(Some)
}

/// The settings in a file's text.
pub(super) fn parse(path: &Path, text: &str) -> Result<BTreeMap<Key, Setting>, FileError> {
    let table = DeTable::parse(text).map_err(|error| FileError::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_at(text, span.start)),
        reason: error.message().to_owned(),
    })?;
    // In the order of the file, so that the first fault is the one that is told.
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    let mut settings = BTreeMap::new();
    for (name, value) in entries {
        let line = line_at(text, name.span().start);
        let key = Key::named(name.get_ref()).ok_or_else(|| FileError::UnknownKey {
            path: path.to_owned(),
            line,
            key: name.get_ref().to_string(),
            suggestion: Key::suggestion(name.get_ref()),
        })?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Boolean(switch) => switch.to_string(),
            DeValue::Array(parts) if key.is_list() => {
                let texts: Option<Vec<&str>> = parts.iter().map(|part| part.get_ref().as_str()).collect();
                let found = "a list with something else in it than texts";
                let texts = texts.ok_or_else(|| FileError::Kind {
                    path: path.to_owned(),
                    line,
                    key: key.name(),
                    found,
                })?;
                texts.join(BETWEEN)
            }
            other @ (DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_)) => {
                let (path, key, found) = (path.to_owned(), key.name(), other.type_str());
                return Err(FileError::Kind { path, line, key, found });
            }
        };
        settings.insert(key, Setting { text, origin: Origin::File { path: path.to_owned(), line } });
    }
    Ok(settings)
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
