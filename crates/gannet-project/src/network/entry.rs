//! One layer as it is written in a file: keys and values in one line.

use std::fmt::Display;

/// The keys of a layer, in the order in which they are put in.
#[derive(Debug, Default)]
pub struct Entry(Vec<String>);

impl Entry {
    /// A number, a flag or a list.
    pub fn put(&mut self, key: &str, value: impl Display) {
        self.0.push(format!("{key} = {value}"));
    }

    /// A text.
    pub fn put_text(&mut self, key: &str, text: &str) {
        self.put(key, toml::Value::from(text));
    }

    /// A number in the fewest digits that give it back.
    pub fn put_number(&mut self, key: &str, number: f32) {
        self.0.push(format!("{key} = {number:?}"));
    }

    /// A pair, or one number where both are the same.
    pub fn put_pair(&mut self, key: &str, pair: [usize; 2]) {
        match pair {
            [a, b] if a == b => self.put(key, a),
            [a, b] => self.put(key, format_args!("[{a}, {b}]")),
        }
    }

    /// `{ kind = "Dense", units = 10 }`.
    pub fn into_text(self) -> String {
        format!("{{ {} }}", self.0.join(", "))
    }
}
