//! Finds the network that an argument names: a model file, a project, or a built-in network.

use std::path::Path;

use gannet_board::Board;
use gannet_compile::ir::Program;
use gannet_data::Split;
use gannet_formats::Model;
use gannet_graph::{Graph, networks};
use gannet_project::{Project, Setting};

use crate::failure::Failure;

/// What a project's file is called.
pub const PROJECT_FILE: &str = "gannet.toml";

/// The network's structure; one that is built in or described by a project has no weights yet.
pub fn structure(name: &str) -> Result<Graph, Failure> {
    match described(name)? {
        Some(graph) => Ok(graph),
        None => Ok(gannet_formats::read_float(name)?),
    }
}

/// As [`structure`], of real numbers or of integers.
pub fn structure_any(name: &str) -> Result<Model, Failure> {
    match described(name)? {
        Some(graph) => Ok(Model::Float(graph)),
        None => Ok(gannet_formats::read(name)?),
    }
}

/// The network that is built in or described by a project.
fn described(name: &str) -> Result<Option<Graph>, Failure> {
    if is_built_in(name) {
        return Ok(Some(networks::by_name(name)?));
    }
    let path = Path::new(name);
    if is_project(path) {
        return Ok(Some(project(path, &[])?.graph));
    }
    Ok(None)
}

/// A network of real numbers with trained weights.
pub fn trained(name: &str) -> Result<Graph, Failure> {
    has_weights(name)?;
    structure(name)
}

/// As [`trained`], of real numbers or of integers.
pub fn trained_any(name: &str) -> Result<Model, Failure> {
    has_weights(name)?;
    structure_any(name)
}

/// Whether `name` is a model file; any other network has no weights yet.
pub fn has_weights(name: &str) -> Result<(), Failure> {
    if is_project(Path::new(name)) {
        return Err(Failure::usage(format!(
            "'{name}' describes a network without weights: train it first with \
             `gannet train {name}` and name the model file that it writes"
        )));
    }
    if is_built_in(name) {
        return Err(Failure::usage(format!(
            "'{name}' is a built-in network without weights: train it first with \
             `gannet train --network {name} -o {name}.h5` and name that file"
        )));
    }
    Ok(())
}

/// The board that a project is meant for, if `name` is a project and says so.
pub fn board(name: &str) -> Result<Option<String>, Failure> {
    let path = Path::new(name);
    if !is_project(path) {
        return Ok(None);
    }
    Ok(project(path, &[])?.board)
}

/// The project in the file, or in the folder's file, with `settings` on top.
pub fn project(path: &Path, settings: &[Setting]) -> Result<Project, Failure> {
    let file = if path.is_dir() {
        path.join(PROJECT_FILE)
    } else {
        path.to_owned()
    };
    Ok(Project::read(&file, settings, &boards())?)
}

/// The names of all boards.
pub fn boards() -> Vec<&'static str> {
    Board::all().iter().map(|board| &*board.name).collect()
}

fn is_project(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "toml")
        || path.join(PROJECT_FILE).is_file()
}

fn is_built_in(name: &str) -> bool {
    networks::by_name(name).is_ok() && !Path::new(name).exists()
}

/// Whether `program` takes the pictures of `split` and gives as many outputs as it has classes.
pub fn suits(program: &Program, split: &Split) -> Result<(), Failure> {
    let (shape, classes) = (split.images().shape(), split.class_count());
    let (taken, given) = (program.image_len(), program.output().len());
    if taken == shape.elements() && given == classes {
        return Ok(());
    }
    Err(Failure::new(format!(
        "network '{}' takes {taken} values and gives {given}, but the pictures are {shape} in \
         {classes} classes: use the data that it was trained on",
        program.name()
    )))
}
