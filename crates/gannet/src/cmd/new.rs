//! `gannet new`: a folder to begin with.

use std::fs;
use std::path::Path;

use clap::Args;
use gannet_project::{TEMPLATES, Template};

use crate::failure::Failure;
use crate::model::PROJECT_FILE;
use crate::screen::Screen;

/// What a version control system need not keep: what can be had again.
const IGNORED: &str = "*.checkpoint.safetensors\n*.checkpoint.safetensors.new\ntarget/\n";

/// Begin a project: a folder with a commented gannet.toml.
#[derive(Debug, Args)]
pub struct New {
    /// The project's name, and the folder's.
    name: String,
    /// What it begins as.
    #[arg(long, default_value = TEMPLATES[0].name, value_parser = names())]
    template: String,
}

fn names() -> clap::builder::PossibleValuesParser {
    let names = TEMPLATES
        .iter()
        .map(|template| clap::builder::PossibleValue::new(template.name).help(template.about));
    clap::builder::PossibleValuesParser::new(names)
}

pub fn run(args: &New) -> Result<(), Failure> {
    let text = Template::find(&args.template)?.project_file(&args.name)?;
    let folder = Path::new(&args.name);
    let failed = |error| Failure::new(format!("{} cannot be made: {error}", folder.display()));
    fs::create_dir(folder).map_err(failed)?;
    fs::write(folder.join(PROJECT_FILE), text).map_err(failed)?;
    fs::write(folder.join(".gitignore"), IGNORED).map_err(failed)?;
    Screen::LIT.line(format_args!(
        "{0}: a project. Change {0}/{PROJECT_FILE} to your liking, then: cd {0} && gannet train",
        folder.display()
    ));
    Ok(())
}
