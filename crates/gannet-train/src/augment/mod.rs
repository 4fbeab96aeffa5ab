//! Images that are changed a little each time they are seen.

mod motion;
mod recipe;
mod source;

pub use recipe::Augmentation;
pub(crate) use source::Source;
