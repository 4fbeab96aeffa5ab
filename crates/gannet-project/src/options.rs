//! Reads the values of one table, and knows in the end which keys nobody asked for.
//!
//! A reader takes a value apart; what it cannot take is a fault at that value. Ask for every
//! key before giving up: a key that was not asked for counts as unknown.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::Fault;

/// What a value has to be, for the fault when it is not.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// In words: "a whole number".
    words: String,
    /// The names that it may be, if it is a name.
    names: Vec<&'static str>,
}

impl From<&str> for Expected {
    fn from(words: &str) -> Self {
        Expected {
            words: words.to_owned(),
            names: Vec::new(),
        }
    }
}

impl Expected {
    pub fn one_of(names: &[&'static str]) -> Self {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        Expected {
            words: format!("one of {}", quoted.join(", ")),
            names: names.to_vec(),
        }
    }
}

pub type Reader<T> = fn(&DeValue<'_>) -> Result<T, Expected>;

/// One table.
pub struct Options<'a> {
    /// What the table is called: "the recipe", "layer 2 (Dense)".
    name: String,
    span: Range<usize>,
    table: &'a DeTable<'a>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
    forgiving: bool,
}

impl<'a> Options<'a> {
    /// The table, if `value` is one.
    pub fn new(name: impl Into<String>, value: &'a Spanned<DeValue<'a>>) -> Result<Self, Fault> {
        let name = name.into();
        match value.get_ref() {
            DeValue::Table(table) => Ok(Options {
                name,
                span: value.span(),
                table,
                known: Vec::new(),
                faults: Vec::new(),
                forgiving: false,
            }),
            _ => Err(Fault::new(value.span(), format!("{name} is no table"))),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn rename(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value as it stands there.
    pub fn get(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.get(key)
    }

    /// The value of a key that may be left out.
    pub fn optional<T>(&mut self, key: &'static str, reader: Reader<T>) -> Option<T> {
        let value = self.get(key)?;
        match reader(value.get_ref()) {
            Ok(value) => Some(value),
            Err(Expected { words, names }) => {
                let mut fault = Fault::new(value.span(), format!("`{key}` has to be {words}"));
                if let Some(found) = value.get_ref().as_str() {
                    fault = fault.hint_nearest(found, &names);
                }
                self.faults.push(fault);
                None
            }
        }
    }

    /// The value of a key that may be left out, or what it is then.
    pub fn or<T>(&mut self, key: &'static str, reader: Reader<T>, default: T) -> T {
        self.optional(key, reader).unwrap_or(default)
    }

    /// The value of a key that has to be there.
    pub fn required<T>(&mut self, key: &'static str, reader: Reader<T>) -> Option<T> {
        if !self.table.contains_key(key) {
            self.known.push(key);
            let message = format!("{} needs `{key}`", self.name);
            self.faults.push(Fault::new(self.span(), message));
        }
        self.optional(key, reader)
    }

    /// The value, or a fault of the whole table.
    pub fn check<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| self.fault(Fault::new(self.span(), error.to_string())))
            .ok()
    }

    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Takes every key as known: of a table that is of no known kind.
    pub fn forgive(&mut self) {
        self.forgiving = true;
    }

    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// All faults, those of unknown keys too.
    pub fn finish(mut self) -> Vec<Fault> {
        let unknown = self
            .table
            .keys()
            .filter(|_| !self.forgiving)
            .filter(|key| !self.known.contains(&key.get_ref().as_ref()));
        for key in unknown {
            let message = format!("{} has no key `{}`", self.name, key.get_ref());
            let fault = Fault::new(key.span(), message);
            self.faults
                .push(fault.hint_nearest(key.get_ref(), &self.known));
        }
        self.faults
    }
}

/// Extents and counts above this are mistakes, and would ask for more memory than there is.
const COUNT_LIMIT: usize = 1 << 16;

fn integer(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// A whole number of at least 1.
pub fn count(value: &DeValue<'_>) -> Result<usize, Expected> {
    size(value)
        .filter(|&count| count > 0)
        .ok_or_else(|| "a whole number from 1 to 65,536".into())
}

/// A whole number of at least 0.
pub fn size(value: &DeValue<'_>) -> Option<usize> {
    integer(value)
        .and_then(|count| usize::try_from(count).ok())
        .filter(|&count| count <= COUNT_LIMIT)
}

/// A number of pictures.
pub fn pictures(value: &DeValue<'_>) -> Option<usize> {
    integer(value).and_then(|count| usize::try_from(count).ok())
}

/// A seed.
pub fn seed(value: &DeValue<'_>) -> Result<u64, Expected> {
    integer(value).ok_or_else(|| "a whole number of at least 0".into())
}

/// A number, whole or not.
pub fn number(value: &DeValue<'_>) -> Result<f32, Expected> {
    let text = match value {
        DeValue::Float(float) => float.as_str(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        _ => return Err("a number".into()),
    };
    let number: f32 = text.parse().map_err(|_| Expected::from("a number"))?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err("a finite number".into())
    }
}

/// `true` or `false`.
pub fn flag(value: &DeValue<'_>) -> Result<bool, Expected> {
    value.as_bool().ok_or_else(|| "true or false".into())
}

/// Any text.
pub fn text(value: &DeValue<'_>) -> Result<String, Expected> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| "a text in quotes".into())
}

/// The elements of a list, each read by `element`.
pub fn list<T>(value: &DeValue<'_>, element: impl Fn(&DeValue<'_>) -> Option<T>) -> Option<Vec<T>> {
    let list = value.as_array()?;
    list.iter().map(|value| element(value.get_ref())).collect()
}
