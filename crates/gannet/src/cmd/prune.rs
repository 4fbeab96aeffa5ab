//! `gannet prune`: a trained network with fewer filters and units.

use std::path::PathBuf;

use clap::Args;
use gannet_data::Dataset;
use gannet_graph::Graph;
use gannet_quantize::{PrunedLayer, prune};
use serde::Serialize;

use crate::cmd::eval;
use crate::draw::number::count;
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::model;
use crate::report::JsonArg;
use crate::screen::Screen;

/// Leave out the filters and units of a trained network whose weights are smallest, and all that
/// is multiplied with them.
///
/// Train what is written a little more: a gannet.toml whose network is `model = "FILE"` and whose
/// recipe has `start = "given"` does that.
#[derive(Debug, Args)]
pub struct Prune {
    /// A model file.
    model: String,
    /// How many of each layer's filters or units are left out, from 0 to below 1.
    #[arg(long, default_value = "0.25", value_name = "SHARE")]
    share: f32,
    /// `mnist`, or a folder with IDX files: its test pictures tell the accuracy.
    #[arg(long, default_value = "mnist")]
    data: String,
    /// The file to write; its extension names the format.
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    json: JsonArg,
}

/// The section `prune` of the report.
#[derive(Debug, Serialize)]
struct Section {
    out: PathBuf,
    share: f32,
    images: usize,
    before: Cost,
    after: Cost,
    layers: Vec<PrunedLayer>,
}

/// What a network takes and is worth.
#[derive(Debug, Serialize)]
struct Cost {
    params: usize,
    macs: u64,
    top1: f64,
}

pub fn run(args: &Prune) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let graph = model::trained(&args.model)?;
    let dataset = Dataset::open(&args.data)?;
    let cost = |graph: &Graph| {
        let top1 = eval::top1(graph, dataset.test())?;
        Ok::<Cost, Failure>(Cost {
            params: graph.params(),
            macs: graph.macs(),
            top1,
        })
    };
    let before = cost(&graph)?;
    let pruned = prune(&graph, args.share)?;
    let section = Section {
        out: args.out.clone(),
        share: args.share,
        images: dataset.test().len(),
        before,
        after: cost(&pruned.graph)?,
        layers: pruned.layers,
    };
    section.show(screen);
    args.json.write(&[("prune", &section)])?;
    gannet_formats::write(&pruned.graph, &args.out)?;
    screen.note(format_args!(
        "written to {}; train it a little more to win accuracy back",
        args.out.display()
    ));
    Ok(())
}

impl Section {
    fn show(&self, screen: Screen) {
        let mut layers = table(&[
            Column::Text("layer"),
            Column::Number("before"),
            Column::Number("channels"),
            Column::Text("why none is left out"),
        ]);
        for layer in &self.layers {
            layers.add_row([
                format!("{} ({})", layer.name, layer.kind),
                count(layer.before as u64),
                count(layer.channels as u64),
                layer.reason.clone().unwrap_or_default(),
            ]);
        }
        screen.line(layers);
        let mut costs = table(&[
            Column::Text(""),
            Column::Number("parameters"),
            Column::Number("MACs"),
            Column::Number("top-1 accuracy"),
        ]);
        for (name, cost) in [("before", &self.before), ("pruned", &self.after)] {
            costs.add_row([
                name.to_owned(),
                count(cost.params as u64),
                count(cost.macs),
                format!("{:.4}", cost.top1),
            ]);
        }
        screen.line(costs);
    }
}
