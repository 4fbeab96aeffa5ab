//! Every layer kind beside what each format has for it, from the one registration of each.

use gannet_formats::{FORMATS, Supported};
use gannet_graph::{Function, Layer, quantized};

/// What is known of layers.
pub struct Overview {
    /// The formats; those that have the same for all layers are one.
    pub formats: Vec<Format>,
    /// The kinds, in the graph's order.
    pub kinds: Vec<Kind>,
    /// The names of the activation functions.
    pub functions: Vec<&'static str>,
}

/// A format, or several that differ in how a file is packed only.
pub struct Format {
    /// Their names and extensions.
    pub name: String,
    /// What is to be known of the attributes of its layers.
    pub notes: &'static str,
    /// What it has for layers.
    pub layers: Vec<Supported>,
}

/// A layer kind.
pub struct Kind {
    /// Keras' class name.
    pub name: &'static str,
    /// For each format, its classes that become layers of this kind.
    pub classes: Vec<Vec<Supported>>,
    /// Whether networks of integers have it too.
    pub is_quantized: bool,
}

impl Overview {
    /// What the libraries say now.
    pub fn new() -> Self {
        let formats = formats();
        let kinds = Layer::KINDS.iter().map(|&name| Kind {
            name,
            classes: formats.iter().map(|format| classes(format, name)).collect(),
            is_quantized: quantized::Layer::KINDS.contains(&name),
        });
        Overview {
            kinds: kinds.collect(),
            functions: Function::ALL.iter().map(|f| f.name()).collect(),
            formats,
        }
    }
}

fn formats() -> Vec<Format> {
    let mut formats: Vec<Format> = Vec::new();
    for format in FORMATS {
        let layers = (format.layers)();
        let extensions: Vec<String> = format.extensions.iter().map(|e| format!(".{e}")).collect();
        let name = format!("{} ({})", format.name, extensions.join(", "));
        match formats.iter_mut().find(|other| other.layers == layers) {
            Some(same) => same.name = format!("{}, {name}", same.name),
            None => formats.push(Format {
                name,
                notes: format.notes,
                layers,
            }),
        }
    }
    formats
}

fn classes(format: &Format, kind: &str) -> Vec<Supported> {
    let classes = format
        .layers
        .iter()
        .filter(|class| class.kinds.contains(&kind));
    classes.cloned().collect()
}
