//! Project files to begin with.

use crate::error::ProjectError;
use crate::project::Project;

/// A commented project file, valid as it is.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// The name by which it is asked for.
    pub name: &'static str,
    /// What it is for, in a line.
    pub about: &'static str,
    /// The file, with `PROJECT` where the project's name goes.
    text: &'static str,
}

/// All of them; the first is the one for who names none.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "mnist-small",
        about: "the tutorial's network and recipe: 10,930 parameters, 30 epochs",
        text: include_str!("../templates/mnist-small.toml"),
    },
    Template {
        name: "mnist-best",
        about: "the tutorial's network with the best recipe that we know, 100 epochs",
        text: include_str!("../templates/mnist-best.toml"),
    },
    Template {
        name: "digits-small",
        about: "a more accurate network of 9,482 parameters, 45 epochs",
        text: include_str!("../templates/digits-small.toml"),
    },
];

impl Template {
    /// The template of that name.
    ///
    /// # Errors
    /// [`ProjectError::UnknownTemplate`] with the names that there are.
    pub fn find(name: &str) -> Result<&'static Template, ProjectError> {
        let known = || TEMPLATES.iter().map(|template| template.name);
        TEMPLATES
            .iter()
            .find(|template| template.name == name)
            .ok_or_else(|| ProjectError::UnknownTemplate {
                name: name.to_owned(),
                known: known().collect::<Vec<_>>().join(", "),
            })
    }

    /// The file of a project `name`.
    ///
    /// # Errors
    /// [`ProjectError::Name`] if a project cannot be called that.
    pub fn project_file(&self, name: &str) -> Result<String, ProjectError> {
        if !Project::admits_name(name) {
            return Err(ProjectError::Name {
                name: name.to_owned(),
            });
        }
        Ok(self.text.replacen("PROJECT", name, 1))
    }
}
