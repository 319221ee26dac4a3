//! The program in a pseudo-terminal: keys go in, and the screen is read back cell by cell.

use std::{
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::support::{Home, PATIENCE, PROGRAM};

/// Keys that are no character.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the whole keyboard, used as tests need it")]
pub enum Key {
    Enter,
    Escape,
    Tab,
    BackTab,
    Backspace,
    Up,
    Down,
    Left,
    Right,
    Control(char),
}

impl Key {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Enter => b"\r".to_vec(),
            Self::Escape => b"\x1b".to_vec(),
            Self::Tab => b"\t".to_vec(),
            Self::BackTab => b"\x1b[Z".to_vec(),
            Self::Backspace => b"\x7f".to_vec(),
            Self::Up => b"\x1b[A".to_vec(),
            Self::Down => b"\x1b[B".to_vec(),
            Self::Right => b"\x1b[C".to_vec(),
            Self::Left => b"\x1b[D".to_vec(),
            Self::Control(letter) => vec![letter as u8 & 0x1f],
        }
    }
}

/// The terminal as its user sees it.
struct Shown {
    parser: Mutex<vt100::Parser>,
    bell: Condvar,
    /// Every text that the screen has shown, for what passes too quickly to be waited for.
    past: Mutex<Vec<String>>,
}

/// A running program with a screen. Dropping it kills it.
pub struct Terminal {
    shown: Arc<Shown>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
    master: Box<dyn MasterPty + Send>,
    child: Mutex<Box<dyn Child + Send + Sync>>,
}

impl Terminal {
    /// Starts the program with `args` in a terminal of this size.
    pub fn start(home: &Home, (columns, rows): (u16, u16), args: &[&str]) -> Self {
        Self::start_with(home, (columns, rows), args, &[("COLORTERM", "truecolor")])
    }

    /// The same with more environment variables, such as `NO_COLOR`.
    pub fn start_with(home: &Home, (columns, rows): (u16, u16), args: &[&str], env: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(PROGRAM);
        command.env_clear();
        for (name, value) in home.environment() {
            command.env(name, value);
        }
        for (name, value) in env {
            command.env(name, value);
        }
        command.cwd(home.path());
        command.args(home.arguments(args));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);

        let shown = Arc::new(Shown {
            parser: Mutex::new(vt100::Parser::new(rows, columns, 0)),
            bell: Condvar::new(),
            past: Mutex::default(),
        });
        let keyboard = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let reader = pair.master.try_clone_reader().unwrap();
        std::thread::spawn({
            let (shown, keyboard) = (Arc::clone(&shown), Arc::clone(&keyboard));
            move || watch(reader, &shown, &keyboard)
        });
        Self { shown, keyboard, master: pair.master, child: Mutex::new(child) }
    }

    /// Types text, character by character as far as the program can tell.
    pub fn write(&self, text: &str) -> &Self {
        self.send(text.as_bytes())
    }

    pub fn press(&self, key: Key) -> &Self {
        self.send(&key.bytes())
    }

    fn send(&self, bytes: &[u8]) -> &Self {
        let mut keyboard = self.keyboard.lock().unwrap();
        keyboard.write_all(bytes).unwrap();
        keyboard.flush().unwrap();
        self
    }

    /// What is on the screen, a line for each row.
    pub fn text(&self) -> String {
        text_of(self.shown.parser.lock().unwrap().screen())
    }

    /// A copy of the whole screen, colours included.
    pub fn screen(&self) -> vt100::Screen {
        self.shown.parser.lock().unwrap().screen().clone()
    }

    /// Waits until the screen shows `text` somewhere on one row.
    pub fn wait_for(&self, text: &str) -> &Self {
        self.wait_until(text, |screen| screen.contains(text).then_some(()));
        self
    }

    /// Waits until `find` makes something of the screen.
    pub fn wait_until<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let mut deadline = Instant::now() + PATIENCE;
        let mut running = true;
        let mut parser = self.shown.parser.lock().unwrap();
        loop {
            let text = text_of(parser.screen());
            if let Some(found) = find(&text) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let state = if running { "running" } else { "ended" };
            assert!(
                !left.is_zero(),
                "waited for: {what}\nthe program is {state}; the screen shows:\n{}",
                framed(&text)
            );
            if running && self.ended().is_some() {
                // Nothing will come any more but what is on its way already.
                running = false;
                deadline = Instant::now() + Duration::from_millis(500);
            }
            parser = self.shown.bell.wait_timeout(parser, left.min(Duration::from_millis(200))).unwrap().0;
        }
    }

    /// Forgets what the screen has shown until now.
    pub fn forget(&self) -> &Self {
        self.shown.past.lock().unwrap().clear();
        self
    }

    /// Waits until the screen has shown these texts one after the other, since [`Terminal::forget`].
    pub fn wait_for_each(&self, texts: &[&str]) -> &Self {
        self.wait_until(&format!("one after the other {texts:?}"), |now| {
            let past = self.shown.past.lock().unwrap();
            let mut screens = past.iter().map(String::as_str).chain([now]);
            texts.iter().all(|text| screens.any(|screen| screen.contains(text))).then_some(())
        });
        self
    }

    /// Waits until the screen shows every one of these texts at once: a frame arrives in pieces.
    pub fn must_show(&self, texts: &[&str]) -> &Self {
        self.wait_until(&format!("together {texts:?}"), |screen| {
            texts.iter().all(|text| screen.contains(text)).then_some(())
        });
        self
    }

    /// Changes the size of the terminal, as a user who drags its corner.
    pub fn resize(&self, columns: u16, rows: u16) -> &Self {
        self.shown.parser.lock().unwrap().screen_mut().set_size(rows, columns);
        self.master.resize(size(columns, rows)).unwrap();
        self
    }

    /// Waits for the end of the program and gives its exit code.
    pub fn exit_code(&self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(code) = self.ended() {
                return code;
            }
            assert!(Instant::now() < deadline, "still running; the screen shows:\n{}", framed(&self.text()));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The exit code, if the program has ended.
    fn ended(&self) -> Option<u32> {
        self.child.lock().unwrap().try_wait().unwrap().map(|status| status.exit_code())
    }

    /// The modes that a program must leave as it found them: alternate screen, hidden cursor, mouse.
    pub fn is_restored(&self) -> bool {
        let parser = self.shown.parser.lock().unwrap();
        let screen = parser.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    pub fn process_id(&self) -> u32 {
        self.child.lock().unwrap().process_id().expect("a started program has an id")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what is wanted.
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

const fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn text_of(screen: &vt100::Screen) -> String {
    let (_, columns) = screen.size();
    screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// The screen with its edges, for messages.
fn framed(text: &str) -> String {
    text.lines().map(|line| format!("│{line}\n")).collect()
}

/// Feeds the terminal with what the program writes, and answers the one question that programs ask: where is
/// the cursor?
fn watch(mut reader: Box<dyn Read + Send>, shown: &Shown, keyboard: &Mutex<Box<dyn Write + Send>>) {
    let mut buffer = [0; 8192];
    while let Ok(count) = reader.read(&mut buffer) {
        if count == 0 {
            break;
        }
        let position = {
            // A test that has failed in the middle of a look leaves the lock poisoned.
            let Ok(mut parser) = shown.parser.lock() else { break };
            parser.process(&buffer[..count]);
            let Ok(mut past) = shown.past.lock() else { break };
            past.push(text_of(parser.screen()));
            parser.screen().cursor_position()
        };
        if buffer[..count].windows(4).any(|bytes| bytes == b"\x1b[6n") {
            let answer = format!("\x1b[{};{}R", position.0 + 1, position.1 + 1);
            // The program may be gone by now.
            let _ = keyboard.lock().unwrap().write_all(answer.as_bytes());
        }
        shown.bell.notify_all();
    }
    shown.bell.notify_all();
}
