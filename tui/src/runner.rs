//! The loop: terminal, clock, backend and signals become actions, effects go out, and a frame is drawn when the
//! state says that something visible has changed.
//!
//! Deliberately absent: decisions. Those are `update`'s.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::action::{Action, Effect};
use crate::backend::{Backend, ask};
use crate::keymap::Keymap;
use crate::state::{Settings, State};
use crate::theme::Theme;
use crate::update::update;
use crate::view::view;

mod clipboard;
mod terminal;

use terminal::Screen;

/// Answers waiting to be taken in; more than there are places to ask from.
const ANSWERS_MAX: usize = 256;
/// The least time between two frames.
const FRAME: Duration = Duration::from_millis(25);

/// How the screens are to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the screens have to know of the network.
    pub settings: Settings,
    /// Colours.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Whether clicks and the wheel are taken notice of. Most terminals then select text with shift held.
    pub mouse: bool,
}

/// Why the screens ended against their will.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// Standard input or output is not a terminal.
    #[error("this needs a terminal")]
    NoTerminal,
    /// The terminal cannot be read or written.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// Something in this process panicked; the message is above.
    #[error("a part of the program has failed")]
    Panicked,
}

/// Shows the screens until they are left. The terminal is as it was before afterwards, whatever happens.
///
/// # Errors
/// See [`TuiError`].
pub async fn run(backend: Arc<dyn Backend>, options: Options) -> Result<(), TuiError> {
    let mut screen = Screen::open(options.mouse)?;
    let result = run_in(&mut screen, backend, options).await;
    screen.close();
    result
}

async fn run_in(screen: &mut Screen, backend: Arc<dyn Backend>, options: Options) -> Result<(), TuiError> {
    let Options { settings, theme, keymap, .. } = options;
    let (answers, mut answered) = mpsc::channel::<Action>(ANSWERS_MAX);
    let (mut state, mut effects) = State::new(settings, keymap, screen.size()?, unix_ms());
    // The first frame waits for nobody.
    screen.draw(|frame| view(&state, &theme, frame))?;
    let (mut drawn, mut drawn_at) = (state.revision, Instant::now());

    let mut typed = EventStream::new();
    let mut happened = backend.events();
    let mut backend_lives = true;
    let mut signals = terminal::Signals::listen()?;
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Ask { slot, generation, request } => {
                    let (backend, answers) = (Arc::clone(&backend), answers.clone());
                    tokio::spawn(async move {
                        let result = ask(backend.as_ref(), request).await;
                        // Nobody listens any more only when the screens are being left.
                        let _ = answers.send(Action::Answer { slot, generation, result }).await;
                    });
                }
                Effect::Copy(text) => screen.write(&clipboard::osc52(&text))?,
                Effect::Leave => return Ok(()),
            }
        }
        if state.revision != drawn && drawn_at.elapsed() >= FRAME {
            screen.draw(|frame| view(&state, &theme, frame))?;
            (drawn, drawn_at) = (state.revision, Instant::now());
        }
        let frame_due = state.revision != drawn;
        let ticking = state.needs_ticks();
        let action = tokio::select! {
            event = typed.next() => match event {
                Some(Ok(event)) => from_terminal(event),
                Some(Err(error)) => return Err(error.into()),
                None => Some(Action::Terminate),
            },
            Some(action) = answered.recv() => Some(action),
            event = happened.next(), if backend_lives => {
                backend_lives = event.is_some();
                event.map(Action::Event)
            }
            () = tokio::time::sleep(to_next_second()), if ticking => None,
            () = tokio::time::sleep_until(drawn_at + FRAME), if frame_due => continue,
            () = signals.terminated() => Some(Action::Terminate),
            () = terminal::panicked() => return Err(TuiError::Panicked),
        };
        effects = update(&mut state, Action::Tick(unix_ms()));
        if let Some(action) = action {
            effects.extend(update(&mut state, action));
        }
    }
}

fn from_terminal(event: TerminalEvent) -> Option<Action> {
    match event {
        TerminalEvent::Key(key) => Some(Action::Key(key)),
        TerminalEvent::Mouse(mouse) => Some(Action::Mouse(mouse)),
        TerminalEvent::Paste(text) => Some(Action::Paste(text)),
        TerminalEvent::Resize(columns, rows) => Some(Action::Resize(columns, rows)),
        TerminalEvent::FocusGained | TerminalEvent::FocusLost => None,
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn to_next_second() -> Duration {
    Duration::from_millis(1_000 - unix_ms() % 1_000)
}
