//! A home of its own: an empty data directory, and none of the user's environment.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{PROGRAM, Running};

/// A user's home in a temporary folder, gone at the end of the test.
pub struct Home {
    folder: TempDir,
    /// Flags in front of every command line, such as `--network FILE`.
    global: Vec<String>,
}

/// How one command ended.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// The one JSON value on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON value ({error}): {self:?}"))
    }

    /// The JSON values on standard output, one a line.
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }
}

impl Home {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("vibecoin-test-").tempdir().unwrap();
        Self { folder, global: Vec::new() }
    }

    /// The same home on the network that `spec` describes.
    pub fn on_network(mut self, spec: &Path) -> Self {
        self.global.extend(["--network".to_owned(), spec.display().to_string()]);
        self
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file into the home and gives its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program's environment: nothing of ours but what a terminal session always has.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let home = self.path().display().to_string();
        vec![
            ("HOME", home.clone()),
            ("XDG_CONFIG_HOME", format!("{home}/.config")),
            ("XDG_DATA_HOME", format!("{home}/.local/share")),
            ("XDG_CACHE_HOME", format!("{home}/.cache")),
            ("XDG_STATE_HOME", format!("{home}/.local/state")),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("VIBECOIN_DATA_DIR", self.data_dir().display().to_string()),
            // Nodes of tests run side by side, and must not want the same port. Who needs peers says so by a flag.
            ("VIBECOIN_P2P", "off".to_owned()),
        ]
    }

    /// The global flags of this home, then `args`.
    pub fn arguments(&self, args: &[&str]) -> Vec<String> {
        self.global.iter().cloned().chain(args.iter().map(|arg| (*arg).to_owned())).collect()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(self.environment()).current_dir(self.path()).args(self.arguments(args));
        command
    }

    /// Starts a command that stays, such as a node.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::spawn(&mut self.command(args))
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Answer {
        self.start(args).finish()
    }

    /// Runs a command that must succeed.
    pub fn ok(&self, args: &[&str]) -> Answer {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(0), "vibecoin {}: {answer:#?}", args.join(" "));
        answer
    }

    /// Runs a command that must succeed, with `--json`, and gives its value.
    pub fn json(&self, args: &[&str]) -> Value {
        let mut with_json = vec!["--json"];
        with_json.extend(args);
        self.ok(&with_json).json()
    }

    /// Runs a command that must fail with this exit code, and gives what it said.
    pub fn fails(&self, code: i32, args: &[&str]) -> String {
        let answer = self.run(args);
        assert_eq!(answer.code, Some(code), "vibecoin {}: {answer:#?}", args.join(" "));
        assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
        answer.stderr
    }
}
