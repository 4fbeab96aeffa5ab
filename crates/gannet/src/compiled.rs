//! A model file, compiled: what is generated, built, measured and validated, whether the network
//! is of real numbers or of integers.

use gannet_board::Board;
use gannet_board::validate::OutputFormat;
use gannet_compile::analysis::Analysis;
use gannet_compile::ir::{Element, Program};
use gannet_compile::{Options, compile, compile_quantized};
use gannet_formats::Model;

use crate::budget::{self, Budget};
use crate::compression::{self, Compressed, Wanted};
use crate::failure::Failure;
use crate::model;
use crate::screen::Screen;

/// A network and its Program.
pub struct Compiled {
    pub program: Program,
    /// What sharing its weights cost, where they are shared.
    pub compression: Option<compression::Section>,
    model: Model,
}

impl Compiled {
    /// The network in the model file `name`, compiled, with its weights shared as is wanted; what
    /// that costs is drawn.
    pub fn read(
        name: &str,
        options: &Options,
        wanted: Wanted<'_>,
        screen: Screen,
    ) -> Result<Self, Failure> {
        let model = model::trained_any(name)?;
        let program = match (&model, wanted.level) {
            (Model::Float(graph), Some(level)) => {
                let Compressed {
                    graph,
                    program,
                    section,
                } = Compressed::new(graph, (level, wanted.data), options, screen)?;
                return Ok(Compiled {
                    program,
                    compression: Some(section),
                    model: Model::Float(graph),
                });
            }
            (Model::Quantized(_), Some(_)) => return Err(compression::of_integers(name)),
            (Model::Float(graph), None) => compile(graph, options)?,
            (Model::Quantized(graph), None) => compile_quantized(graph, options)?,
        };
        Ok(Compiled {
            program,
            compression: None,
            model,
        })
    }

    /// The network's multiply-accumulates.
    pub fn macs(&self) -> u64 {
        match &self.model {
            Model::Float(graph) => graph.macs(),
            Model::Quantized(graph) => graph.macs(),
        }
    }

    /// What the bytes of an output mean.
    pub fn outputs(&self) -> Result<OutputFormat, Failure> {
        self.travels()?;
        Ok(match &self.model {
            Model::Float(_) => OutputFormat::F32,
            Model::Quantized(graph) => {
                let quantization = graph.output_type().quantization;
                OutputFormat::I8 {
                    scale: quantization.scale(),
                    zero_point: quantization.zero_point(),
                }
            }
        })
    }

    /// Whether the link has a name for what the network gives.
    fn travels(&self) -> Result<(), Failure> {
        if self.program.output().element != Element::I16 {
            return Ok(());
        }
        Err(Failure::new(format!(
            "network '{}' gives integers of 16 bits, for which firmware and validation have no form \
             yet: `gannet generate` writes its code",
            self.program.name()
        )))
    }

    /// Whether the network fits `board`, before anything is built for it.
    pub fn check(&self, board: &Board) -> Result<(), Failure> {
        self.travels()?;
        self.keep(Budget::default(), board)
    }

    /// Whether the network keeps to `budget` on `board`.
    pub fn keep(&self, budget: Budget, board: &Board) -> Result<(), Failure> {
        match &self.model {
            Model::Float(graph) => {
                let analysis = Analysis::new(graph, &self.program, board.core);
                budget::keep(&analysis.misfits(&budget.limits(board)))
            }
            Model::Quantized(_) => budget::keep_program(&self.program, board, budget),
        }
    }
}
