//! What somebody may have meant who typed a word that is in no list.

use bip39::Language;

use super::normalise;

/// More suggestions than this help nobody.
const SUGGESTIONS_MAX: usize = 3;

/// Words further away than this many edits are not suggested.
const EDITS_MAX: usize = 2;

/// Anything longer is not a mistyped word; it is answered without looking.
const WORD_CHARS_MAX: usize = 32;

/// The words of the list that are nearest to `word`, the nearest first; at most three.
///
/// An edit is a character too many, too few, another one, or two neighbours exchanged. The beginning of a word
/// (three characters or more) counts as one edit away from it, however much is missing: four letters tell all
/// words of a list apart, and many people note only those.
#[must_use]
pub fn nearest(language: Language, word: &str) -> Vec<&'static str> {
    let typed: Vec<char> = word.chars().take(WORD_CHARS_MAX.saturating_add(1)).collect();
    if typed.len() > WORD_CHARS_MAX || typed.len() < 2 {
        return Vec::new();
    }
    let mut found: Vec<(usize, bool, &'static str)> = language
        .word_list()
        .iter()
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().collect();
            let begins = typed.len() >= 3 && letters.starts_with(&typed);
            let edits = if begins { 1 } else { edits(&typed, &letters) };
            // With two edits in a word of three letters, everything is near.
            (edits <= EDITS_MAX && edits < typed.len().min(letters.len()))
                .then(|| (edits, letters.first() != typed.first(), *candidate))
        })
        .collect();
    found.sort_by_key(|(edits, other_initial, _)| (*edits, *other_initial));
    found.into_iter().map(|(_, _, candidate)| candidate).take(SUGGESTIONS_MAX).collect()
}

/// The words of a list that begin like this, in its order; for completion while a word is typed.
#[must_use]
pub fn completions(language: Language, start: &str, max: usize) -> Vec<&'static str> {
    let start = normalise(&start.to_lowercase());
    language.words_by_prefix_iter(&start).take(max).collect()
}

/// The least number of edits between two words (optimal string alignment).
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(a: &str, b: &str) -> usize {
        edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn edits_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "", 3),
            ("abandn", "abandon", 1),
            ("abadnon", "abandon", 1),
            ("zooo", "zoo", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(count(a, b), expected, "{a} {b}");
            assert_eq!(count(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn typing_errors_find_the_word() {
        for (typed, meant) in [
            ("abandn", "abandon"),
            ("elephent", "elephant"),
            ("vogage", "voyage"),
            ("voya", "voyage"),
            ("chesee", "cheese"),
            ("nroth", "north"),
            ("zoom", "zoo"),
        ] {
            assert_eq!(nearest(Language::English, typed).first(), Some(&meant), "{typed}");
        }
        assert!(nearest(Language::English, "vibecoin").is_empty());
        assert!(nearest(Language::English, &"a".repeat(10_000)).is_empty());
        assert!(nearest(Language::English, "").is_empty());
        assert!(nearest(Language::English, "ab").len() <= SUGGESTIONS_MAX);
    }

    #[test]
    fn completions_follow_the_list() {
        assert_eq!(completions(Language::English, "Zo", 5), ["zone", "zoo"]);
        assert_eq!(completions(Language::English, "a", 2), ["abandon", "ability"]);
        assert!(completions(Language::English, "qq", 5).is_empty());
    }
}
