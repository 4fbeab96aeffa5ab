//! `gannet analyze` of a network of integers: weights, activations and operations of each
//! layer, counted on the graph.

use gannet_board::Board;
use gannet_compile::compile_quantized;
use gannet_graph::QuantizedGraph;
use serde::Serialize;

use crate::budget::{self, Budget};
use crate::cmd::analyze::Analyze;
use crate::draw::number::{count, kib, percent};
use crate::draw::table::{Column, table};
use crate::failure::Failure;

/// The section `analysis` of the report.
#[derive(Debug, Serialize)]
struct Section {
    network: String,
    params: usize,
    macs: u64,
    weights_bytes: usize,
    /// Inputs and output of the layer that has most of them.
    activations_bytes: usize,
    layers: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    kind: &'static str,
    output_shape: Vec<usize>,
    output_element: String,
    params: usize,
    macs: u64,
    weights_bytes: usize,
    activations_bytes: usize,
}

impl Section {
    fn new(graph: &QuantizedGraph) -> Self {
        let layers: Vec<Row> = graph
            .ids()
            .map(|id| {
                let node = graph.node(id);
                let output = node.output();
                Row {
                    name: node.name().to_owned(),
                    kind: node.layer().kind(),
                    output_shape: output.shape.dims().to_vec(),
                    output_element: output.quantization.element().to_string(),
                    params: node.layer().params(),
                    macs: graph.node_macs(id),
                    weights_bytes: node.layer().weights_bytes(),
                    activations_bytes: output.len_bytes(),
                }
            })
            .collect();
        let around = graph.nodes().iter().zip(&layers).map(|(node, row)| {
            let inputs = node.inputs().iter();
            let inputs = inputs.map(|input| layers[input.index()].activations_bytes);
            row.activations_bytes + inputs.sum::<usize>()
        });
        Section {
            network: graph.name().to_owned(),
            params: graph.params(),
            macs: graph.macs(),
            weights_bytes: graph.weights_bytes(),
            activations_bytes: around.max().unwrap_or(0),
            layers,
        }
    }
}

/// Counts, draws, and fails if the network takes too much: as it is compiled, or where it cannot be,
/// by the weights and the activations of one layer.
pub fn run(
    graph: &QuantizedGraph,
    board: &Board,
    budget: Budget,
    args: &Analyze,
) -> Result<(), Failure> {
    let (json, limits) = (&args.json, budget.limits(board));
    let program = compile_quantized(graph, &args.optimize.options(args.input));
    if let (Err(error), Some(_)) = (&program, limits.cycles) {
        return Err(Failure::usage(format!(
            "cycles can only be limited of a network that can be compiled: {error}"
        )));
    }
    let section = Section::new(graph);
    let screen = json.screen()?;
    let mut layers = table(&[
        Column::Text("layer"),
        Column::Text("kind"),
        Column::Text("output"),
        Column::Number("params"),
        Column::Number("MACs"),
        Column::Number("weights B"),
        Column::Number("activations B"),
    ]);
    for row in &section.layers {
        let shape: Vec<String> = row.output_shape.iter().map(usize::to_string).collect();
        layers.add_row([
            row.name.clone(),
            row.kind.to_owned(),
            format!("{} {}", shape.join("×"), row.output_element),
            count(row.params as u64),
            count(row.macs),
            count(row.weights_bytes as u64),
            count(row.activations_bytes as u64),
        ]);
    }
    screen.line(format_args!("{} on {}", section.network, board.title));
    screen.line(layers);
    let (flash, ram) = (board.flash.len_bytes as usize, board.ram.len_bytes as usize);
    let share = |bytes: usize, of: usize| percent(bytes as f64 / of as f64);
    screen.line(format_args!(
        "weights: {} B, {} of {} flash\nactivations: {} B at the layer that has most, {} of {} \
         RAM\noperations: {} MACs\nparameters: {}",
        count(section.weights_bytes as u64),
        share(section.weights_bytes, flash),
        kib(flash),
        count(section.activations_bytes as u64),
        share(section.activations_bytes, ram),
        kib(ram),
        count(section.macs),
        count(section.params as u64),
    ));
    json.write(&[("analysis", &section)])?;
    if let Ok(program) = program {
        return budget::keep_program(&program, board, budget);
    }
    if section.weights_bytes > limits.flash_bytes || section.activations_bytes > limits.ram_bytes {
        return Err(Failure::limit(format!(
            "network '{}' does not fit: its weights take {} bytes of flash and a layer's \
             activations {} bytes of RAM, but {} {} and {}",
            section.network,
            section.weights_bytes,
            section.activations_bytes,
            limits.given_by,
            limits.flash_bytes,
            limits.ram_bytes
        )));
    }
    Ok(())
}
