//! A board's clock: where it begins and the ways up.

use serde::{Deserialize, Serialize};

use super::step::Step;

/// The clock tree in the few numbers that are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// What the core runs from after reset, and stays at when no way up succeeds, in Hz.
    pub reset_hz: u32,
    /// A wait that succeeds right after reset on every chip with a clock tree. An emulator that
    /// has none fails it, and its clock is then not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<Step>,
    /// Tried in order until all steps of one succeed. Whatever fails must leave the core running
    /// from what it ran from before: the switch comes last.
    #[serde(default, rename = "way", skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Way>,
}

/// One way to a faster clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// Core clock at its end in Hz.
    pub core_hz: u32,
    /// What leads there.
    pub steps: Vec<Step>,
}

impl Clock {
    /// Core clock when everything starts, in Hz.
    #[must_use]
    pub fn core_hz(&self) -> u32 {
        self.ways.first().map_or(self.reset_hz, |way| way.core_hz)
    }

    /// Every core clock that can be reached, each once.
    #[must_use]
    pub fn rates(&self) -> Vec<u32> {
        let mut rates: Vec<u32> = self.ways.iter().map(|way| way.core_hz).collect();
        rates.push(self.reset_hz);
        rates.dedup();
        rates
    }

    /// The same clock tree that goes up to `core_hz` and no further, if there is a way.
    pub(super) fn limited_to(&self, core_hz: u32) -> Option<Clock> {
        let ways = self.ways.iter().filter(|way| way.core_hz == core_hz);
        let limited = Clock {
            ways: ways.cloned().collect(),
            ..self.clone()
        };
        (limited.core_hz() == core_hz).then_some(limited)
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        let ways = self.ways.iter().flat_map(|way| &way.steps);
        self.answers.iter().chain(ways)
    }
}
