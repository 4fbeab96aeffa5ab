//! The `[recipe]` part: gannet-train's own [`Recipe`], whose errors get a place and a hint.

use std::ops::Range;
use std::path::PathBuf;

use gannet_graph::Graph;
use gannet_train::{Recipe, TrainError};
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use crate::fault::Fault;

/// The recipe, or gannet-train's default where the file has none.
pub fn read(value: Option<&Spanned<DeValue<'_>>>) -> Result<Recipe, Fault> {
    let Some(value) = value else {
        return Ok(Recipe::default());
    };
    Recipe::deserialize(ValueDeserializer::from(value.clone()))
        .map_err(|error| described(&error, value))
}

/// Whether all numbers are in their ranges, for that many classes.
pub fn check(
    recipe: &Recipe,
    classes: usize,
    value: Option<&Spanned<DeValue<'_>>>,
) -> Result<(), Fault> {
    recipe.check(classes).map_err(|error| {
        let place = value.and_then(|value| match &error {
            TrainError::Recipe { key, .. } => find(key, value).map(|found| found.value),
            _ => None,
        });
        let whole = || value.map_or(0..0, Spanned::span);
        Fault::new(place.unwrap_or_else(whole), error.to_string())
    })
}

/// The networks in the teachers' model files, where the recipe names such.
pub fn teachers(
    value: Option<&Spanned<DeValue<'_>>>,
    resolve: &dyn Fn(&str, usize) -> PathBuf,
) -> Result<Vec<Graph>, Fault> {
    let teacher = value.and_then(|value| value.get_ref().get("teacher"));
    let models = teacher.and_then(|value| value.get_ref().get("models"));
    let models = models.and_then(|value| value.get_ref().as_array());
    let read = |model: &Spanned<DeValue<'_>>| {
        let name = model.get_ref().as_str().unwrap_or_default();
        gannet_formats::read_float(resolve(name, model.span().start))
            .map_err(|error| Fault::new(model.span(), error.to_string()))
    };
    models.into_iter().flatten().map(read).collect()
}

/// Serde says what it does not know, and what it does, in backquotes, and a wrong text in quotes.
/// An enum's values come through a buffer that knows no places: the word itself is looked for.
fn described(error: &toml::de::Error, value: &Spanned<DeValue<'_>>) -> Fault {
    let message = error.message();
    let quoted = |mark| message.split(mark).skip(1).step_by(2);
    let words: Vec<&str> = quoted('`').collect();
    let (found, known) = words.split_first().map_or(("", &[][..]), |(f, k)| (*f, k));
    let at = |word: &str| {
        let place = find(word, value).map(|found| found.word);
        place.or(error.span()).unwrap_or(value.span())
    };
    if message.starts_with("unknown field") {
        let message = format!("the recipe has no key `{found}` here");
        return Fault::new(at(found), message).hint_nearest(found, known);
    }
    if message.starts_with("unknown variant") {
        let message = format!("the recipe knows no `{found}` here");
        return Fault::new(at(found), message).hint_nearest(found, known);
    }
    if message.starts_with("missing field") {
        let place = error.span().unwrap_or(value.span());
        return Fault::new(place, format!("the recipe needs `{found}` here"));
    }
    let text = quoted('"').next().unwrap_or_default();
    Fault::new(
        at(text),
        format!("the recipe has a value that cannot be: {message}"),
    )
}

/// A word of the recipe.
struct Found {
    /// Where it stands.
    word: Range<usize>,
    /// Its value, if it is a key.
    value: Range<usize>,
}

/// The first place of `word` as a key or a text.
fn find(word: &str, value: &Spanned<DeValue<'_>>) -> Option<Found> {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().find_map(|(key, value)| {
            let own = (key.get_ref() == word).then(|| Found {
                word: key.span(),
                value: value.span(),
            });
            own.or_else(|| find(word, value))
        }),
        DeValue::Array(list) => list.iter().find_map(|value| find(word, value)),
        DeValue::String(text) if text == word => Some(Found {
            word: value.span(),
            value: value.span(),
        }),
        _ => None,
    }
}
