//! From the list `layers` to a graph.
//!
//! All keys of all layers are checked; shapes and wiring up to the first layer that does not
//! fit, as what follows it would only repeat the fault.

use gannet_graph::{Graph, NodeId, Shape};
use toml::Spanned;
use toml::de::DeValue;

use super::kinds;
use super::names::Names;
use crate::fault::Fault;
use crate::options::{Expected, Options, text};

/// The network `name`; what is wrong with it becomes a fault of `network`.
pub fn read(network: &mut Options<'_>, layers: &Spanned<DeValue<'_>>, name: &str) -> Option<Graph> {
    let Some(list) = layers.get_ref().as_array() else {
        network.fault(Fault::new(
            layers.span(),
            "`layers` has to be a list of tables",
        ));
        return None;
    };
    let mut builder = Builder {
        name,
        graph: None,
        names: Names::default(),
        broken: false,
        faults: Vec::new(),
    };
    for (i, layer) in list.iter().enumerate() {
        match Options::new(format!("layer {}", i + 1), layer) {
            Ok(mut options) => {
                let added = builder.add(&mut options);
                builder.broken |= added.is_none();
                builder.faults.append(&mut options.finish());
            }
            Err(fault) => {
                builder.broken = true;
                builder.faults.push(fault);
            }
        }
    }
    if list.is_empty() {
        network.fault(Fault::new(layers.span(), "the network has no layers"));
    }
    builder
        .faults
        .into_iter()
        .for_each(|fault| network.fault(fault));
    builder.graph.filter(|_| !builder.broken)
}

struct Builder<'n> {
    name: &'n str,
    graph: Option<Graph>,
    names: Names,
    /// Whether a layer before was not what it has to be.
    broken: bool,
    faults: Vec<Fault>,
}

impl Builder<'_> {
    /// Adds a layer, if it can be added.
    fn add(&mut self, options: &mut Options<'_>) -> Option<()> {
        let kind = options.required("kind", text);
        let name = options.optional("name", text);
        let sources = options.optional("from", names);
        let kind = kind?;
        options.rename(format!("{} ({kind})", options.name()));
        let name = name.unwrap_or_else(|| self.names.free(&kind));
        self.names.take(&name);

        let inputs = self.inputs(options, sources);
        let shape = match (&self.graph, &inputs) {
            (Some(graph), Some(ids)) => {
                ids.first().map(|&id| graph.node(id).output_shape().clone())
            }
            _ => None,
        };
        // Where the shape is not known any more, any will do to check the keys.
        let layer = kinds::read(&kind, options, &shape.unwrap_or(Shape::from([1, 1, 1])))?;
        if self.broken || !options.is_sound() {
            return None;
        }
        match &mut self.graph {
            None if kind == "InputLayer" => {
                let shape = layer.output_shape(&name, &[]);
                let shape = options.check(shape)?;
                let graph = options.check(Graph::with_input(self.name, name, shape))?;
                self.graph = Some(graph);
            }
            None => {
                let fault = Fault::new(options.span(), "a network begins with its input");
                options.fault(fault.hint(
                    "put { kind = \"InputLayer\", shape = [28, 28, 1] } first: height, width, channels",
                ));
                return None;
            }
            Some(graph) => {
                options.check(graph.add(name, layer, &inputs?))?;
            }
        }
        Some(())
    }

    /// The layers that it is wired to: those that it names, or the one before.
    fn inputs(
        &self,
        options: &mut Options<'_>,
        sources: Option<Vec<String>>,
    ) -> Option<Vec<NodeId>> {
        let graph = self.graph.as_ref()?;
        let Some(sources) = sources else {
            return Some(vec![graph.output()]);
        };
        if self.broken {
            return None;
        }
        let ids: Option<Vec<NodeId>> = sources.iter().map(|name| graph.find(name)).collect();
        match sources.iter().find(|name| graph.find(name).is_none()) {
            None => ids,
            Some(missing) => {
                let span = options
                    .get("from")
                    .map_or(options.span(), |value| value.span());
                let message = format!("no layer before this one is named `{missing}`");
                let fault = Fault::new(span, message);
                options.fault(fault.hint_nearest(missing, &self.names.all()));
                None
            }
        }
    }
}

fn names(value: &DeValue<'_>) -> Result<Vec<String>, Expected> {
    let name = |value: &DeValue<'_>| value.as_str().map(str::to_owned);
    name(value)
        .map(|name| vec![name])
        .or_else(|| crate::options::list(value, name))
        .filter(|names| !names.is_empty())
        .ok_or_else(|| "a layer's name, or a list of names".into())
}
