//! A project: what is trained, on which data, by which recipe, for which board.

use std::fs;
use std::path::{Path, PathBuf};

use gannet_graph::{Graph, networks};
use gannet_train::{Recipe, Start};
use toml::de::DeValue;

use crate::error::ProjectError;
use crate::fault::{Fault, Faults};
use crate::network;
use crate::options::{Expected, Options, pictures, seed, text};
use crate::recipe;
use crate::source::{Kind, Setting, Sources};

/// A project, checked as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Project {
    /// Its name, and the network's: the files that are written are named after it.
    pub name: String,
    /// The network. Its weights are zero, or those of the model file that the project names.
    pub graph: Graph,
    /// The pictures.
    pub data: Data,
    /// How it is trained.
    pub recipe: Recipe,
    /// The networks that the recipe's teachers are.
    pub teachers: Vec<Graph>,
    /// The board that it is meant for.
    pub board: Option<String>,
}

/// Which pictures a network is trained and validated on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// `mnist`, or a folder with IDX files; a path from the file is relative to its folder.
    pub set: String,
    /// What the network is validated on after each epoch.
    pub validation: Validation,
    /// Decides which pictures are taken out for validation.
    pub seed: u64,
}

/// What a network is validated on after each epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    /// The test set.
    Test,
    /// That many training pictures, which then do not train; the test set is for the end.
    TakenOut(usize),
}

/// What a name may be.
pub(crate) const NAME_RULE: &str =
    "it has to be of letters, digits, '-', '_' and '.', and begin with a letter or digit";

impl Project {
    /// Reads a file, and puts `settings` on top in order. `boards` are the boards that exist.
    ///
    /// # Errors
    /// [`ProjectError::Read`], and [`ProjectError::Faulty`] with all that is wrong.
    pub fn read(path: &Path, settings: &[Setting], boards: &[&str]) -> Result<Self, ProjectError> {
        let text = fs::read_to_string(path).map_err(|source| ProjectError::Read {
            path: path.to_owned(),
            source,
        })?;
        Project::parse(path, &text, settings, boards)
    }

    /// As [`Project::read`], of a text; `path` is what errors call it, and paths in it are
    /// relative to the folder of `path`.
    ///
    /// # Errors
    /// [`ProjectError::Faulty`] with all that is wrong.
    pub fn parse(
        path: &Path,
        text: &str,
        settings: &[Setting],
        boards: &[&str],
    ) -> Result<Self, ProjectError> {
        let sources = Sources::new(&path.display().to_string(), text, settings);
        let folder = path.parent().unwrap_or(Path::new(""));
        read(&sources, folder, boards)
            .map_err(|faults| ProjectError::Faulty(Faults::locate(faults, &sources)))
    }

    /// Whether `name` can be a project's.
    pub fn admits_name(name: &str) -> bool {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    }
}

fn read(sources: &Sources, folder: &Path, boards: &[&str]) -> Result<Project, Vec<Fault>> {
    let mut faults = Vec::new();
    let root = sources.parse(&mut faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut options = Options::new("a project file", &root).map_err(|fault| vec![fault])?;
    let name = options.optional("name", project_name);
    let board = options.get("board");
    let parts = ["data", "network", "recipe"].map(|key| options.get(key));
    if parts[1].is_none() {
        options.fault(Fault::new(0..0, "the project has no [network]"));
    }
    faults.append(&mut options.finish());

    // A path means what it means to who wrote it: relative to the file, or to where the
    // command is run.
    let resolve = |path: &str, at: usize| match sources.at(at).kind {
        Kind::File => folder.join(path),
        Kind::Setting => PathBuf::from(path),
    };
    let board = board.and_then(|value| match value.get_ref().as_str() {
        Some(board) if boards.contains(&board) => Some(board.to_owned()),
        Some(board) => {
            let fault = Fault::new(value.span(), format!("no board is named `{board}`"));
            faults.push(fault.hint_nearest(board, boards));
            None
        }
        None => {
            faults.push(Fault::new(
                value.span(),
                "`board` has to be a text in quotes",
            ));
            None
        }
    });
    let mut part = |name: &str, value| match Options::new(name, value) {
        Ok(options) => Some(options),
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let [data, network, recipe_value] = parts;
    let data = data.and_then(|value| part("[data]", value));
    let network = network.and_then(|value| part("[network]", value));

    let data = match data {
        Some(mut options) => {
            let data = read_data(&mut options, &resolve);
            faults.append(&mut options.finish());
            data
        }
        None => Data::default(),
    };
    let recipe = recipe::read(recipe_value);
    let graph = network.and_then(|mut options| {
        let graph = read_network(&mut options, name.as_deref(), &resolve);
        if let (Some(Network::Layers(_)), Ok(recipe)) = (&graph, &recipe)
            && recipe.start == Start::Given
        {
            let fault = Fault::new(
                options.span(),
                "the recipe starts from given weights, but layers have none",
            );
            options.fault(fault.hint("name a model file instead: model = \"trained.h5\""));
        }
        faults.append(&mut options.finish());
        graph
    });
    let recipe = recipe.and_then(|recipe| {
        let classes = graph
            .as_ref()
            .map(|network| network.graph().output_shape().elements())
            .or((!recipe.class_weights.is_empty()).then_some(recipe.class_weights.len()));
        recipe::check(&recipe, classes.unwrap_or(1), recipe_value)?;
        let teachers = recipe::teachers(recipe_value, &resolve)?;
        Ok((recipe, teachers))
    });
    match (graph, recipe) {
        (Some(network), Ok((recipe, teachers))) if faults.is_empty() => {
            let graph = network.into_graph();
            Ok(Project {
                name: graph.name().to_owned(),
                graph,
                data,
                recipe,
                teachers,
                board,
            })
        }
        (_, recipe) => {
            faults.extend(recipe.err());
            Err(faults)
        }
    }
}

fn project_name(value: &DeValue<'_>) -> Result<String, Expected> {
    match value.as_str() {
        Some(name) if Project::admits_name(name) => Ok(name.to_owned()),
        _ => Err("of letters, digits, '-', '_' and '.', and begin with a letter or digit".into()),
    }
}

impl Default for Data {
    /// The bundled MNIST, validated on its test set.
    fn default() -> Self {
        Data {
            set: "mnist".to_owned(),
            validation: Validation::Test,
            seed: 0,
        }
    }
}

fn read_data(options: &mut Options<'_>, resolve: &dyn Fn(&str, usize) -> PathBuf) -> Data {
    let default = Data::default();
    let at = options.get("set").map_or(0, |value| value.span().start);
    let set = match options.optional("set", text) {
        Some(set) if set != default.set => resolve(&set, at).display().to_string(),
        _ => default.set,
    };
    Data {
        set,
        validation: options.or("validation", validation, default.validation),
        seed: options.or("seed", seed, default.seed),
    }
}

fn validation(value: &DeValue<'_>) -> Result<Validation, Expected> {
    match (value.as_str(), pictures(value)) {
        (Some("test"), _) => Ok(Validation::Test),
        (_, Some(count)) if count > 0 => Ok(Validation::TakenOut(count)),
        _ => Err("\"test\", or how many training pictures are taken out for it".into()),
    }
}

/// Where a network came from decides whether it has weights.
enum Network {
    Layers(Graph),
    Model(Graph),
}

impl Network {
    fn graph(&self) -> &Graph {
        match self {
            Network::Layers(graph) | Network::Model(graph) => graph,
        }
    }

    fn into_graph(self) -> Graph {
        match self {
            Network::Layers(graph) | Network::Model(graph) => graph,
        }
    }
}

fn read_network(
    options: &mut Options<'_>,
    name: Option<&str>,
    resolve: &dyn Fn(&str, usize) -> PathBuf,
) -> Option<Network> {
    let layers = options.get("layers");
    let Some(value) = options.get("model") else {
        let Some(layers) = layers else {
            let fault = Fault::new(options.span(), "[network] needs `layers`, or `model`");
            options.fault(fault);
            return None;
        };
        let graph = network::read(options, layers, name.unwrap_or("network"))?;
        return Some(Network::Layers(graph));
    };
    if let Some(layers) = layers {
        let fault = Fault::new(layers.span(), "[network] has `layers` and a `model`");
        options.fault(fault.hint("leave one of them out"));
    }
    let model = options.optional("model", text)?;
    let path = resolve(&model, value.span().start);
    let graph = match networks::by_name(&model) {
        Ok(graph) if !path.exists() => Some(Network::Layers(graph)),
        _ => match gannet_formats::read_float(&path) {
            Ok(graph) => Some(Network::Model(graph)),
            Err(error) => {
                options.fault(Fault::new(value.span(), error.to_string()));
                None
            }
        },
    }?;
    Some(match (graph, name) {
        (Network::Layers(graph), Some(name)) => Network::Layers(graph.renamed(name)),
        (Network::Model(graph), Some(name)) => Network::Model(graph.renamed(name)),
        (network, None) => network,
    })
}
