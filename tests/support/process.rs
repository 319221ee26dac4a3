//! A process of the real program whose output is collected while it runs.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use super::{Answer, PATIENCE};

/// Both output streams as text, and a bell that rings whenever one grows.
#[derive(Default)]
struct Heard {
    text: Mutex<(String, String)>,
    bell: Condvar,
}

/// A started command. Dropping it kills it, so that a failed test leaves nothing behind.
pub struct Running {
    child: Child,
    heard: Arc<Heard>,
    readers: Vec<std::thread::JoinHandle<()>>,
    /// The command line, for messages.
    line: String,
}

impl Running {
    pub fn spawn(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        let heard = Arc::new(Heard::default());
        let stdout = child.stdout.take().unwrap();
        let stderr = child.stderr.take().unwrap();
        let readers = vec![
            collect(stdout, Arc::clone(&heard), |text| &mut text.0),
            collect(stderr, Arc::clone(&heard), |text| &mut text.1),
        ];
        Self { child, heard, readers, line }
    }

    /// Waits until something in the output, whichever stream it is on, gives a value.
    pub fn wait_for<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut text = self.heard.text.lock().unwrap();
        loop {
            if let Some(found) = text.0.lines().chain(text.1.lines()).find_map(&find) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "no {what} within {PATIENCE:?} from {}\n{}\n{}",
                self.line,
                text.0,
                text.1
            );
            text = self.heard.bell.wait_timeout(text, left.min(Duration::from_millis(200))).unwrap().0;
        }
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that was printed so far, standard output first.
    pub fn output(&self) -> String {
        let text = self.heard.text.lock().unwrap();
        format!("{}{}", text.0, text.1)
    }

    /// Sends the signal that nothing can catch, and gives what was heard until the process was gone.
    pub fn kill_9(mut self) -> Answer {
        self.child.kill().unwrap();
        self.finish()
    }

    /// Asks the process to end as a service manager would, and waits for its exit.
    pub fn terminate(self) -> Answer {
        self.signal("TERM");
        self.finish()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("/bin/sh")
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status()
            .expect("a shell that knows kill");
        assert!(status.success(), "signal {name} to {}", self.line);
    }

    /// Waits for the end of the process.
    pub fn finish(mut self) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "still running after {PATIENCE:?}: {}\n{}",
                self.line,
                self.output()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let (stdout, stderr) = self.heard.text.lock().unwrap().clone();
        Answer { code: status.code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(
    stream: impl Read + Send + 'static,
    heard: Arc<Heard>,
    which: fn(&mut (String, String)) -> &mut String,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            which(&mut heard.text.lock().unwrap()).push_str(&String::from_utf8_lossy(&line));
            heard.bell.notify_all();
            line.clear();
        }
    })
}
