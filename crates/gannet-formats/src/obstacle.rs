//! What stands in the way of reading a network: one entry for each attribute that Gannet
//! does not have, so that all of them are told at once.

use std::fmt;

use crate::advice;

/// One thing in a model file that Gannet does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The layer's name, or the network's.
    pub layer: String,
    /// Its class in the framework.
    pub class: String,
    /// The attribute, or `class_name` if it is the class itself.
    pub attribute: String,
    /// The attribute's value.
    pub value: String,
    /// What would be read.
    pub supported: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Obstacle {
            layer,
            class,
            attribute,
            value,
            supported,
        } = self;
        write!(
            f,
            "'{layer}' ({class}): {attribute} is {value}, supported: {supported}"
        )?;
        match advice::on(self) {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// All that stands in the way, one line each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Obstacles(pub Vec<Obstacle>);

impl fmt::Display for Obstacles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|obstacle| write!(f, "\n  {obstacle}"))
    }
}
