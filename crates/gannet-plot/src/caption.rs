//! Names and numbers as they stand in pictures. Names come from outside.

/// The longest name that is shown, in characters.
const NAME_CHARS: usize = 20;

/// A class's name: what neither a terminal nor XML may be given is shown as `?`, and a long name
/// ends in `…`.
pub(crate) fn name(text: &str) -> String {
    let shown = |c: char| {
        let is_refused = c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
        if is_refused { '?' } else { c }
    };
    let mut name: String = text.chars().take(NAME_CHARS).map(shown).collect();
    if text.chars().count() > NAME_CHARS {
        name.pop();
        name.push('…');
    }
    name
}

/// `10930` as `10,930`.
pub(crate) fn count(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 epoch`, `2 epochs`.
pub(crate) fn counted(value: usize, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value))
}

/// A share as a percentage with two places.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_outside_cannot_steer_a_terminal() {
        assert_eq!(name("a\x1b[2J"), "a?[2J");
        assert_eq!(name(&"x".repeat(21)), "x".repeat(19) + "…");
        assert_eq!(name(&"x".repeat(20)), "x".repeat(20));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(
            (counted(1, "image"), counted(0, "image")),
            ("1 image".into(), "0 images".into())
        );
    }
}
