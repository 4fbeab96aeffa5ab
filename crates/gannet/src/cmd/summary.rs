//! `gannet summary`: a network's layers as Keras prints them, with their cost.

use clap::Args;
use gannet_formats::Model;
use gannet_graph::{Graph, QuantizedGraph, Shape};

use crate::draw::number::{count, kib};
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::model;
use crate::screen::Screen;

/// A network's layers, shapes, parameters and multiply-accumulates.
#[derive(Debug, Args)]
pub struct Summary {
    /// A model file, a gannet.toml, or a built-in network such as mnist-small.
    model: String,
}

pub fn run(args: &Summary) -> Result<(), Failure> {
    match model::structure_any(&args.model)? {
        Model::Float(graph) => show(&graph, Screen::LIT),
        Model::Quantized(graph) => show_integers(&graph, Screen::LIT),
    }
    Ok(())
}

/// Draws the table.
pub fn show(graph: &Graph, screen: Screen) {
    let mut layers = table(&[
        Column::Text("Layer (type)"),
        Column::Text("Output Shape"),
        Column::Number("Param #"),
        Column::Number("MACs"),
    ]);
    for id in graph.ids() {
        let node = graph.node(id);
        layers.add_row([
            format!("{} ({})", node.name(), node.layer().kind()),
            with_batch(node.output_shape()),
            count(node.layer().params() as u64),
            count(graph.node_macs(id)),
        ]);
    }
    screen.line(format_args!("Model: \"{}\"", graph.name()));
    screen.line(layers);
    screen.line(format_args!(
        "Total params: {} ({})",
        count(graph.params() as u64),
        kib(graph.params() * 4)
    ));
    screen.line(format_args!("Total MACs:   {}", count(graph.macs())));
}

/// Draws the table of a network of integers.
pub fn show_integers(graph: &QuantizedGraph, screen: Screen) {
    let mut layers = table(&[
        Column::Text("Layer (type)"),
        Column::Text("Output Shape"),
        Column::Text("Output Type"),
        Column::Number("Param #"),
        Column::Number("Bytes"),
        Column::Number("MACs"),
    ]);
    for id in graph.ids() {
        let node = graph.node(id);
        layers.add_row([
            format!("{} ({})", node.name(), node.layer().kind()),
            with_batch(&node.output().shape),
            node.output().quantization.to_string(),
            count(node.layer().params() as u64),
            count(node.layer().weights_bytes() as u64),
            count(graph.node_macs(id)),
        ]);
    }
    screen.line(format_args!("Model: \"{}\", of integers", graph.name()));
    screen.line(layers);
    screen.line(format_args!(
        "Total params: {} ({})",
        count(graph.params() as u64),
        kib(graph.weights_bytes())
    ));
    screen.line(format_args!("Total MACs:   {}", count(graph.macs())));
}

/// A shape as Keras prints it.
fn with_batch(shape: &Shape) -> String {
    let dims: Vec<String> = shape.dims().iter().map(usize::to_string).collect();
    format!("(None, {})", dims.join(", "))
}
