#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;

#[test]
fn hostile_characters_become_visible() {
    for (raw, shown) in [
        ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
        ("one\ntwo\tthree\r", "one\\ntwo\\tthree\\r"),
        ("pay \u{202e}evil", "pay \\u{202e}evil"),
        ("zero\u{200b}width", "zero\\u{200b}width"),
        ("\u{feff}bom", "\\u{feff}bom"),
        ("tag\u{e0041}", "tag\\u{e0041}"),
        ("c:\\dir", "c:\\\\dir"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("wide 漢字 ok", "wide 漢字 ok"),
        ("é e\u{301}", "é e\u{301}"),
        ("\u{301}alone", "\\u{301}alone"),
    ] {
        assert_eq!(SafeText::new(raw).as_str(), shown);
    }
}

#[test]
fn a_pile_of_marks_is_cut_after_two() {
    let piled = format!("a{}", "\u{300}".repeat(40));
    let safe = SafeText::new(&piled);
    assert!(safe.as_str().starts_with("a\u{300}\u{300}\\u{300}"));
    assert_eq!(safe.as_str().matches("\\u{300}").count(), 38);
}

#[test]
fn cut_middle_and_wrap_keep_to_their_width() {
    let text = SafeText::new("dvibe1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqxyz");
    assert_eq!(text.middle(12).as_str(), "dvibe1qq…xyz");
    assert_eq!(text.cut(6).as_str(), "dvibe…");
    let lines = SafeText::new("not enough coins: 3 are spendable").wrap(12);
    assert_eq!(
        lines.iter().map(SafeText::as_str).collect::<Vec<_>>(),
        ["not enough", "coins: 3 are", "spendable"]
    );
}

proptest! {
    #[test]
    fn nothing_hostile_survives(raw in any::<String>(), marks in "[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{e0020}-\u{e007f}\u{0300}-\u{0310}\u{1b}\n]{0,40}") {
        for text in [raw.clone(), format!("{raw}{marks}"), format!("{marks}{raw}")] {
            let safe = SafeText::new(&text);
            let mut run = 0;
            for c in safe.as_str().chars() {
                prop_assert!(c == '\\' || !is_hostile(c), "{:?} survived", c);
                let width = c.width();
                prop_assert!(width.is_some());
                run = if width == Some(0) { run + 1 } else { 0 };
                prop_assert!(run <= MARKS_MAX);
            }
        }
    }

    #[test]
    fn different_texts_look_different(a in any::<String>(), b in any::<String>()) {
        prop_assume!(a != b);
        prop_assert_ne!(SafeText::new(&a), SafeText::new(&b));
    }

    #[test]
    fn cutting_never_exceeds(raw in any::<String>(), cells in 0usize..40) {
        prop_assert!(SafeText::new(&raw).cut(cells).width() <= cells);
    }

    #[test]
    fn wrapping_loses_nothing_but_spaces(raw in "[a-z ]{0,80}", cells in 2usize..30) {
        let safe = SafeText::new(&raw);
        let joined: String = safe.wrap(cells).iter().map(|l| l.as_str().replace(' ', "")).collect();
        prop_assert_eq!(joined, raw.replace(' ', ""));
        for line in safe.wrap(cells) {
            prop_assert!(line.width() <= cells);
        }
    }
}
