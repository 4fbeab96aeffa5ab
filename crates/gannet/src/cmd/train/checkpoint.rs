//! The checkpoint beside the model file: where it lies, and whether a run goes on from it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use gannet_train::{Checkpoint, Recipe};
use serde_json::Value;

use super::run::Task;
use crate::failure::Failure;

/// `NAME.checkpoint.safetensors` for `NAME.h5`.
pub fn path(out: &Path) -> PathBuf {
    out.with_extension("checkpoint.safetensors")
}

/// The checkpoint to go on from, if that is wanted and there is one.
pub fn begin(out: &Path, resume: bool, task: &Task<'_>) -> Result<Option<Checkpoint>, Failure> {
    let path = path(out);
    match (resume, path.exists()) {
        (true, true) => {
            let checkpoint = Checkpoint::read(&path)?;
            if let Some(difference) = difference(checkpoint.recipe(), &task.recipe)? {
                return Err(Failure::new(format!(
                    "{} is of another recipe: {difference}. Go on with the arguments that it was \
                     begun with, or begin anew without --resume",
                    path.display()
                )));
            }
            let epochs = checkpoint.history().len();
            task.screen.note(format_args!(
                "goes on from {}, behind epoch {epochs}",
                path.display()
            ));
            Ok(Some(checkpoint))
        }
        (true, false) => {
            let path = path.display();
            task.screen
                .note(format_args!("no {path} to go on from: begins anew"));
            Ok(None)
        }
        (false, true) => {
            let path = path.display();
            task.screen.note(format_args!(
                "begins anew; --resume would have gone on from {path}"
            ));
            Ok(None)
        }
        (false, false) => Ok(None),
    }
}

/// The run is over: nobody will go on from its checkpoint.
pub fn remove(out: &Path) -> Result<(), Failure> {
    let path = path(out);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::new(format!(
            "{} cannot be removed: {error}",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// The first key in which two recipes differ.
fn difference(then: &Recipe, now: &Recipe) -> Result<Option<String>, Failure> {
    let (then, now) = (serde_json::to_value(then)?, serde_json::to_value(now)?);
    let nothing = Value::Null;
    let keys = then.as_object().into_iter().chain(now.as_object());
    Ok(keys
        .flat_map(|recipe| recipe.keys())
        .map(|key| {
            (
                key,
                then.get(key).unwrap_or(&nothing),
                now.get(key).unwrap_or(&nothing),
            )
        })
        .find(|(_, then, now)| then != now)
        .map(|(key, then, now)| format!("its {key} was {then} and is {now} now")))
}
