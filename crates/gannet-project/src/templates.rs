//! Project files to begin with.

use gannet_graph::networks;

use crate::error::ProjectError;
use crate::project::Project;

/// A commented project file, valid as it is.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    /// The name by which it is asked for.
    pub name: &'static str,
    /// The file, with `PROJECT` where the project's name goes.
    text: &'static str,
}

/// All of them; the first is the one for who names none.
pub const TEMPLATES: &[Template] = &[Template {
    name: "mnist-small",
    text: include_str!("../templates/mnist-small.toml"),
}];

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

    /// What it is for, in a line.
    pub fn about(&self) -> &'static str {
        networks::BUILT_IN
            .iter()
            .find(|network| network.name == self.name)
            .map_or("", |network| network.about)
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
