//! Accesses to registers that a board's description lists: what starts its clock and its port.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The registers that a board's steps name: address of each.
pub type Registers = BTreeMap<String, u32>;

/// One access to a register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub enum Step {
    /// Clears some bits, then sets some.
    Modify {
        /// The register's name in the board's list.
        register: String,
        /// Bits that become 0.
        clear: u32,
        /// Bits that become 1.
        set: u32,
    },
    /// Writes the whole register.
    Write {
        /// The register's name in the board's list.
        register: String,
        /// What it becomes.
        value: u32,
    },
    /// Waits until some bits read as they should.
    Wait {
        /// The register's name in the board's list.
        register: String,
        /// The bits that count.
        mask: u32,
        /// What they should read as.
        value: u32,
    },
}

/// A step as a board's file has it: `{ register = "RCC_CR", set = 1 }`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    register: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    clear: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    write: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<u32>,
}

impl Step {
    /// The name of its register.
    #[must_use]
    pub fn register(&self) -> &str {
        match self {
            Step::Modify { register, .. }
            | Step::Write { register, .. }
            | Step::Wait { register, .. } => register,
        }
    }
}

impl TryFrom<Fields> for Step {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Step, String> {
        let register = fields.register;
        match (
            fields.clear,
            fields.set,
            fields.write,
            fields.wait,
            fields.mask,
        ) {
            (None, None, Some(value), None, None) => Ok(Step::Write { register, value }),
            // Without a mask all bits that should be 1 are waited for.
            (None, None, None, Some(value), mask) => Ok(Step::Wait {
                register,
                mask: mask.unwrap_or(value),
                value,
            }),
            (clear, set, None, None, None) if clear.is_some() || set.is_some() => {
                Ok(Step::Modify {
                    register,
                    clear: clear.unwrap_or(0),
                    set: set.unwrap_or(0),
                })
            }
            _ => Err(format!(
                "the step of {register} has to be one of: `clear` and `set`, `write`, or `wait` \
                 with a `mask`"
            )),
        }
    }
}

impl From<Step> for Fields {
    fn from(step: Step) -> Fields {
        match step {
            Step::Modify {
                register,
                clear,
                set,
            } => Fields {
                register,
                clear: Some(clear),
                set: Some(set),
                ..Fields::default()
            },
            Step::Write { register, value } => Fields {
                register,
                write: Some(value),
                ..Fields::default()
            },
            Step::Wait {
                register,
                mask,
                value,
            } => Fields {
                register,
                wait: Some(value),
                mask: Some(mask),
                ..Fields::default()
            },
        }
    }
}
