//! Numbers for people.

/// `10930` as `10,930`.
pub fn count(value: impl TryInto<u64>) -> String {
    let digits = value.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in KiB with two places, as ST's tools show them.
pub fn kib(bytes: usize) -> String {
    format!("{:.2} KiB", bytes as f64 / 1024.0)
}

/// A share as a percentage with two places.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// Seconds, in the unit that reads best.
pub fn seconds(value: f64) -> String {
    match value {
        v if v >= 10.0 => format!("{v:.0} s"),
        v if v >= 1.0 => format!("{v:.1} s"),
        v if v >= 0.001 => format!("{:.1} ms", v * 1e3),
        v => format!("{:.0} µs", v * 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_they_are_printed_elsewhere() {
        assert_eq!(count(301_856_u64), "301,856");
        assert_eq!(count(999_u64), "999");
        assert_eq!(kib(43_768), "42.74 KiB");
        assert_eq!(seconds(0.0103), "10.3 ms");
    }
}
