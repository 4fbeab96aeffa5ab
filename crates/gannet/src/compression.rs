//! `--compress`: a network of real numbers whose layers share few weights each, and what that
//! costs, told before anything is made of it.

use clap::{Args, ValueEnum};
use gannet_compile::ir::Program;
use gannet_compile::{Options, Sharing, compile};
use gannet_data::Dataset;
use gannet_graph::Graph;
use gannet_quantize::{Compression, SharedLayer, compress};
use serde::Serialize;

use crate::cmd::eval::top1;
use crate::draw::number::count;
use crate::draw::table::{Column, pairs, table};
use crate::failure::Failure;
use crate::report::erased;
use crate::screen::Screen;

/// Whether weights are shared.
#[derive(Debug, Clone, Copy, Args)]
pub struct CompressArg {
    /// Let the weights of layers of real numbers share values, which are looked up in a table. What accuracy that costs on the test pictures of --data is told first.
    #[arg(long, value_enum, default_value = "none", value_name = "LEVEL")]
    compress: Level,
}

/// How far weights are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    /// Every weight has a value of its own.
    None,
    /// 256 values for each dense layer, a byte a weight.
    Low,
    /// 16 values for each dense layer, half a byte a weight.
    Medium,
    /// 16 values for each dense layer and each convolution.
    High,
}

impl CompressArg {
    /// What is wanted, and the data set whose test pictures tell what it costs.
    pub fn told_by(self, data: &str) -> Wanted<'_> {
        let level = match self.compress {
            Level::None => None,
            Level::Low => Some(Compression::Low),
            Level::Medium => Some(Compression::Medium),
            Level::High => Some(Compression::High),
        };
        Wanted { level, data }
    }
}

/// How far weights are to be shared, if at all, and by which data that is judged.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub level: Option<Compression>,
    pub data: &'a str,
}

/// The section `compress` of the report.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    level: Compression,
    weights_bytes_before: usize,
    weights_bytes: usize,
    data: String,
    images: usize,
    float_top1: f64,
    top1: f64,
    layers: Vec<SharedLayer>,
}

/// A network whose weights are shared.
pub struct Compressed {
    pub graph: Graph,
    pub program: Program,
    pub section: Section,
}

impl Compressed {
    /// `graph` compressed to `level` and compiled. What that costs on the test pictures of `data`
    /// is drawn.
    pub fn new(
        graph: &Graph,
        (level, data): (Compression, &str),
        options: &Options,
        screen: Screen,
    ) -> Result<Self, Failure> {
        let dataset = Dataset::open(data)?;
        let float_top1 = top1(graph, dataset.test())?;
        let compressed = compress(graph, level);
        let shared = Options {
            sharing: Sharing::WhereFew,
            ..*options
        };
        let program = compile(&compressed.graph, &shared)?;
        let section = Section {
            level,
            weights_bytes_before: compile(graph, options)?.constant_bytes(),
            weights_bytes: program.constant_bytes(),
            data: data.to_owned(),
            images: dataset.test().len(),
            float_top1,
            top1: top1(&compressed.graph, dataset.test())?,
            layers: compressed.layers,
        };
        section.show(screen);
        Ok(Compressed {
            graph: compressed.graph,
            program,
            section,
        })
    }
}

/// The section under its name, where there is one.
pub fn section(section: Option<&Section>) -> Option<(&'static str, &dyn erased::Section)> {
    section.map(|section| ("compress", section as &dyn erased::Section))
}

/// Why the network in the file `name` cannot be compressed.
pub fn of_integers(name: &str) -> Failure {
    Failure::usage(format!(
        "'{name}' is a network of integers, whose weights are small already: --compress is for \
         networks of real numbers"
    ))
}

impl Section {
    fn show(&self, screen: Screen) {
        let mut layers = table(&[
            Column::Text("shared weights of"),
            Column::Number("weights"),
            Column::Number("values"),
            Column::Number("moved by, root of mean square"),
        ]);
        for layer in &self.layers {
            layers.add_row([
                format!("{} ({})", layer.name, layer.kind),
                count(layer.weights as u64),
                count(layer.values as u64),
                format!("{:.5}", layer.moved),
            ]);
        }
        screen.line(layers);
        let bytes = |bytes: usize| format!("{} bytes", count(bytes as u64));
        screen.line(pairs([
            (
                "weights, single".to_owned(),
                bytes(self.weights_bytes_before),
            ),
            ("weights, shared".to_owned(), bytes(self.weights_bytes)),
            (
                "top-1 accuracy, single".to_owned(),
                format!("{:.4}", self.float_top1),
            ),
            (
                "top-1 accuracy, shared".to_owned(),
                format!("{:.4}", self.top1),
            ),
            ("test pictures".to_owned(), count(self.images as u64)),
        ]));
    }
}
