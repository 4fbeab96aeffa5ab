//! What is wrong in a project file, where, and what may have been meant.
//!
//! While a file is read, a [`Fault`] points into all texts at once by a span; in the end
//! [`Sources`] finds its file, line and column, and draws it as Rust's compiler would.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::source::{Kind, Sources};

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Fault {
    message: String,
    span: Range<usize>,
    hint: Option<String>,
}

impl Fault {
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            span,
            hint: None,
        }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Fault {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// With the known word that is most like `found`, or with all of them.
    pub fn hint_nearest(self, found: &str, known: &[&str]) -> Self {
        match nearest(found, known) {
            Some(word) => self.hint(format!("did you mean `{word}`?")),
            None if known.is_empty() => self,
            None => self.hint(format!("there are: {}", known.join(", "))),
        }
    }
}

/// The word that is most like `found`, if one is like it at all.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let wanted = plain(found);
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&plain(word), &wanted), *word))
        .filter(|(distance, _)| *distance <= wanted.len().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Where a fault lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, or the setting such as `--set recipe.epochs=5`.
    pub source: String,
    /// Line and column from 1, in a file.
    pub line_column: Option<(usize, usize)>,
}

/// Everything that was found wrong, in the order of the file; at least one thing. Shown, each
/// has its message, its place with the line, and a hint.
#[derive(Debug, Clone)]
pub struct Faults(Vec<(Place, String)>);

impl Faults {
    pub(crate) fn locate(mut faults: Vec<Fault>, sources: &Sources) -> Self {
        faults.sort_by_key(|fault| fault.span.start);
        faults.iter().map(|fault| locate(fault, sources)).collect()
    }

    /// Where each lies.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().map(|(place, _)| place)
    }
}

impl FromIterator<(Place, String)> for Faults {
    fn from_iter<I: IntoIterator<Item = (Place, String)>>(faults: I) -> Self {
        Faults(faults.into_iter().collect())
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.0.iter().map(|(_, text)| text.as_str()).collect();
        f.write_str(&texts.join("\n\nerror: "))
    }
}

fn locate(fault: &Fault, sources: &Sources) -> (Place, String) {
    let Fault {
        message,
        span,
        hint,
    } = fault;
    let source = sources.at(span.start);
    if source.kind == Kind::Setting {
        let hint = hint
            .as_ref()
            .map_or(String::new(), |hint| format!(" ({hint})"));
        let place = Place {
            source: source.name.clone(),
            line_column: None,
        };
        return (place, format!("{}: {message}{hint}", source.name));
    }
    let text = source.text();
    let clamp = |at: usize| at.saturating_sub(source.begin).min(text.len());
    let (start, end) = (clamp(span.start), clamp(span.end));
    // A table's span may be many lines long; its first line says enough.
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let before = &text[..start];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let place = Place {
        source: source.name.clone(),
        line_column: Some((line, column)),
    };
    let snippet = Snippet::source(text)
        .path(&source.name)
        .annotation(AnnotationKind::Primary.span(start..end.clamp(start, line_end.max(start))));
    let mut group = Level::ERROR.primary_title(message).element(snippet);
    if let Some(hint) = hint {
        group = group.element(Level::HELP.message(hint));
    }
    let drawn = Renderer::plain().render(&[group]);
    let drawn = drawn.strip_prefix("error: ").unwrap_or(&drawn).to_owned();
    (place, drawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_meant_when_it_is_like_it() {
        let known = ["epochs", "batch", "Conv2D", "MaxPooling2D"];
        assert_eq!(nearest("epoch", &known), Some("epochs"));
        assert_eq!(nearest("batches", &known), Some("batch"));
        assert_eq!(nearest("conv_2d", &known), Some("Conv2D"));
        assert_eq!(nearest("MaxPool2D", &known), Some("MaxPooling2D"));
        assert_eq!(nearest("lr", &known), None);
    }
}
