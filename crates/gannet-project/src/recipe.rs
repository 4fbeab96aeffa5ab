//! The `[recipe]` part: gannet-train's own [`Recipe`], whose errors get a place and a hint.

use std::ops::Range;

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

/// Serde's sentence has the word that is wrong and those that were expected in backquotes.
fn described(error: &toml::de::Error, value: &Spanned<DeValue<'_>>) -> Fault {
    let message = error.message();
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (found, known) = words.split_first().map_or(("", &[][..]), |(f, k)| (*f, k));
    // An enum's values are read through a buffer that knows no places.
    let span = find(found, value).map(|found| found.word).or(error.span());
    let span = span.unwrap_or(value.span());
    if let Some(key) = message.strip_prefix("unknown field") {
        let key = key.split('`').nth(1).unwrap_or_default();
        return Fault::new(span, format!("the recipe has no key `{key}` here"))
            .hint_nearest(found, known);
    }
    if message.starts_with("unknown variant") {
        return Fault::new(span, format!("the recipe knows no `{found}` here"))
            .hint_nearest(found, known);
    }
    Fault::new(
        span,
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
