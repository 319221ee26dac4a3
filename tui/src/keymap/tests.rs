#![allow(clippy::unwrap_used)]
use super::*;

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

#[test]
fn every_context_has_its_keys() {
    let map = Keymap::default();
    for context in Context::ALL {
        assert!(!map.keys(*context).is_empty(), "{} has no keys", context.name());
    }
}

#[test]
fn a_screens_own_key_wins_over_the_global_one() {
    let map = Keymap::default();
    assert_eq!(map.resolve(Context::Home, key("h")), Some(Command::History));
    assert_eq!(map.resolve(Context::Explorer, key("h")), Some(Command::Left));
    assert_eq!(map.resolve(Context::Home, key("2")), Some(Command::Wallet));
}

#[test]
fn characters_are_text_where_text_is_typed() {
    let map = Keymap::default();
    for context in [Context::Send, Context::Unlock, Context::Palette, Context::Find] {
        for c in (' '..='~').map(|c| key(&c.to_string().replace(' ', "space"))) {
            assert_eq!(map.resolve(context, c), None, "{c} in {}", context.name());
        }
        assert_eq!(map.resolve(context, key("ctrl-c")), Some(Command::Leave));
        assert_eq!(map.resolve(context, key("f1")), Some(Command::Help));
        assert_eq!(map.resolve(context, key("home")), None, "moves the cursor");
    }
}

#[test]
fn leaving_works_everywhere_and_going_back_almost() {
    let map = Keymap::default();
    for context in Context::ALL {
        assert_eq!(map.resolve(*context, key("ctrl-c")), Some(Command::Leave), "{}", context.name());
        let back = map.resolve(*context, key("esc"));
        assert!(matches!(back, Some(Command::Back | Command::ShowWordsAgain)), "{}", context.name());
    }
}

#[test]
fn keys_read_back_as_they_are_shown_in_events() {
    let event = KeyEvent::new(KeyCode::Char('C'), KeyModifiers::CONTROL | KeyModifiers::SHIFT);
    assert_eq!(Key::of(event), key("ctrl-c"));
    assert_eq!(Key::of(KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT)), key("G"));
    assert_eq!(Key::of(KeyEvent::new(KeyCode::Tab, KeyModifiers::SHIFT)), key("backtab"));
    assert_eq!(key("ctrl-l").to_string(), "^L");
    assert_eq!(key("-").to_string(), "-");
}

#[test]
fn mistakes_in_a_table_are_named() {
    let of = |text: &str| text.parse::<Keymap>().unwrap_err().to_string();
    assert!(of("[[context]]\nname = \"hom\"\nkeys = []").contains("`hom`"));
    assert!(of("[[context]]\nname = \"home\"\nkeys = [[\"s\", \"sned\"]]").contains("`sned`"));
    assert!(of("[[context]]\nname = \"home\"\nkeys = [[\"hyper\", \"send\"]]").contains("`hyper`"));
    assert!(
        of("[[context]]\nname = \"home\"\nkeys = [[\"s\", \"send\"], [\"s\", \"help\"]]")
            .contains("two meanings")
    );
}
