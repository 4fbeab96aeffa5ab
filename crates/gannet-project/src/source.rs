//! The texts that make up a project: the file, and settings on top of it.
//!
//! Each text has its own stretch of one line of bytes, so that a span says which text it
//! points into. A setting is put into the file's values under its key.

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::fault::Fault;

/// A value that goes on top of the file's, such as `recipe.epochs=5`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    name: String,
    assignment: String,
}

impl Setting {
    /// What a person wrote behind `--set`: a dotted key, `=`, and a value in TOML or a bare
    /// word. Elements of a list have their number, from 0, as key.
    pub fn written(assignment: impl Into<String>) -> Self {
        let assignment = assignment.into();
        Setting {
            name: format!("--set {assignment}"),
            assignment,
        }
    }

    /// What an argument means: `key` becomes `value`, in TOML or a bare word; `name` is what
    /// errors call it.
    pub fn value(name: impl Into<String>, key: &str, value: impl Display) -> Self {
        Setting {
            name: name.into(),
            assignment: format!("{key} = {value}"),
        }
    }

    /// As [`Setting::value`], of a text whatever it looks like.
    pub fn text(name: impl Into<String>, key: &str, text: &str) -> Self {
        Setting::value(name, key, toml::Value::from(text))
    }
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Setting,
}

/// A text and its stretch.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub kind: Kind,
    pub begin: usize,
    /// The text, behind as many spaces as its stretch is in front of it: whatever is parsed
    /// of it points into its stretch.
    padded: String,
}

impl Source {
    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.padded[self.begin..]
    }
}

/// All texts; the file is the first.
#[derive(Debug)]
pub struct Sources(Vec<Source>);

impl Sources {
    pub fn new(file: &str, text: &str, settings: &[Setting]) -> Self {
        let mut sources = vec![Source {
            name: file.to_owned(),
            kind: Kind::File,
            begin: 0,
            padded: text.to_owned(),
        }];
        let mut begin = text.len() + 1;
        for Setting { name, assignment } in settings {
            let text = worded(assignment);
            sources.push(Source {
                name: name.clone(),
                kind: Kind::Setting,
                begin,
                padded: format!("{:begin$}{text}", ""),
            });
            begin += text.len() + 1;
        }
        Sources(sources)
    }

    /// The text that position lies in.
    pub fn at(&self, position: usize) -> &Source {
        let behind = self.0.partition_point(|source| source.begin <= position);
        &self.0[behind - 1]
    }

    /// The file's values with the settings on top.
    pub fn parse(&self, faults: &mut Vec<Fault>) -> Spanned<DeValue<'_>> {
        let (file, settings) = self.0.split_first().expect("the file is always there");
        let (table, errors) = DeTable::parse_recoverable(&file.padded);
        faults.extend(errors.iter().map(|error| syntax(file, error)));
        let mut root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        for setting in settings {
            match path_and_value(setting) {
                Ok((path, value)) => faults.extend(put(&mut root, &path, value).err()),
                Err(fault) => faults.push(fault),
            }
        }
        root
    }
}

/// A bare word becomes a string.
fn worded(assignment: &str) -> String {
    let Some((key, value)) = assignment.split_once('=') else {
        return assignment.to_owned();
    };
    if DeValue::parse(value.trim()).is_ok() {
        return assignment.to_owned();
    }
    format!("{key}={}", toml::Value::from(value.trim()))
}

type Path<'a> = Vec<Spanned<DeString<'a>>>;

fn path_and_value(setting: &Source) -> Result<(Path<'_>, Spanned<DeValue<'_>>), Fault> {
    let whole = setting.begin..setting.padded.len();
    let Some((key, _)) = setting.text().split_once('=') else {
        let fault = Fault::new(whole, "this sets nothing");
        return Err(fault.hint("write a key and a value: recipe.epochs=5"));
    };
    // The key's parts are tables in tables; a table behind them is the value.
    let mut depth = 0;
    let alone = format!("{key}=0");
    if let Ok(table) = DeTable::parse(&alone) {
        let mut value = DeValue::Table(table.into_inner());
        while let DeValue::Table(table) = value {
            let Some((_, inner)) = table.into_iter().next() else {
                break;
            };
            (value, depth) = (inner.into_inner(), depth + 1);
        }
    }
    let table = DeTable::parse(&setting.padded).map_err(|error| syntax(setting, &error))?;
    let mut value = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let mut path = Vec::new();
    for _ in 0..depth {
        let entry = match value.into_inner() {
            DeValue::Table(table) => table.into_iter().next(),
            _ => None,
        };
        let Some((key, inner)) = entry else {
            return Err(Fault::new(whole, "this sets nothing"));
        };
        path.push(key);
        value = inner;
    }
    Ok((path, value))
}

/// Puts `new` into the place that `path` leads to.
fn put<'a>(
    place: &mut Spanned<DeValue<'a>>,
    path: &[Spanned<DeString<'a>>],
    new: Spanned<DeValue<'a>>,
) -> Result<(), Fault> {
    let [key, rest @ ..] = path else {
        *place = new;
        return Ok(());
    };
    let unknown = |message| Fault::new(key.span(), message);
    match place.get_mut() {
        DeValue::Table(table) => match table.get_mut(key.get_ref().as_ref()) {
            Some(inner) => put(inner, rest, new),
            None => {
                table.insert(key.clone(), nested(rest, new));
                Ok(())
            }
        },
        DeValue::Array(list) => {
            let count = list.len();
            let element = key
                .get_ref()
                .parse()
                .ok()
                .and_then(|i: usize| list.get_mut(i));
            let wrong = || {
                unknown(format!(
                    "`{}` is no element of a list of {count}",
                    key.get_ref()
                ))
            };
            put(element.ok_or_else(wrong)?, rest, new)
        }
        _ => Err(unknown(format!(
            "there is nothing below this for `{}`",
            key.get_ref()
        ))),
    }
}

/// `value` below the keys of `path`.
fn nested<'a>(path: &[Spanned<DeString<'a>>], value: Spanned<DeValue<'a>>) -> Spanned<DeValue<'a>> {
    path.iter().rev().fold(value, |value, key| {
        let table = DeTable::from_iter([(key.clone(), value)]);
        Spanned::new(key.span(), DeValue::Table(table))
    })
}

fn syntax(source: &Source, error: &toml::de::Error) -> Fault {
    let end = source.padded.len();
    let span: Range<usize> = error.span().unwrap_or(end..end);
    Fault::new(span, error.message().to_owned())
}
