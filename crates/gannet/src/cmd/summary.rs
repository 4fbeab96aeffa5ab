//! `gannet summary`: a network's layers as Keras prints them, with their cost.

use clap::Args;
use gannet_graph::Graph;

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
    show(&model::structure(&args.model)?, Screen::LIT);
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
        let dims: Vec<String> = node
            .output_shape()
            .dims()
            .iter()
            .map(usize::to_string)
            .collect();
        layers.add_row([
            format!("{} ({})", node.name(), node.layer().kind()),
            format!("(None, {})", dims.join(", ")),
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
