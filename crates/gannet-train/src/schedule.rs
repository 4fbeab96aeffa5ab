//! How the learning rate changes while training goes on: a factor for each step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::elementary::cos;

/// The course of the learning rate, as a factor of the optimizer's own.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Schedule {
    /// Epochs in which the factor rises evenly from 0 before the course begins; at least 0,
    /// parts of an epoch too.
    pub warm_up: f32,
    /// What comes then.
    pub course: Course,
}

/// The course of the factor after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    tag = "kind",
    deny_unknown_fields
)]
pub enum Course {
    /// 1 throughout.
    #[default]
    Constant,
    /// From 1, times `factor` after every `every` epochs.
    Step {
        /// Epochs between changes, at least 1.
        every: usize,
        /// Above 0.
        factor: f32,
    },
    /// From 1 down to `floor` along half a cosine wave (Loshchilov and Hutter, "SGDR", 2017,
    /// without restarts).
    Cosine {
        /// The factor at the end, from 0 to 1.
        floor: f32,
    },
    /// From `start` up to 1 at `peak` of the way, and down to `floor`, both along half a
    /// cosine wave (Smith, "Super-Convergence", 2018).
    OneCycle {
        /// The factor at the begin, from 0 to 1.
        start: f32,
        /// The share of the steps before the top, from 0 to 1.
        peak: f32,
        /// The factor at the end, from 0 to 1.
        floor: f32,
    },
}

impl Schedule {
    /// The factor of step `step`, counted from 0, of `epochs` epochs of `steps` steps each.
    pub fn factor(&self, step: u64, steps: usize, epochs: usize) -> f64 {
        let (step, steps) = (step as f64, steps as f64);
        let warm_up = f64::from(self.warm_up) * steps;
        if step < warm_up {
            return (step + 1.0) / (warm_up + 1.0);
        }
        let done = (step - warm_up) / (epochs as f64 * steps - warm_up);
        match self.course {
            Course::Constant => 1.0,
            Course::Step { every, factor } => {
                let changes = (step - warm_up) / (every as f64 * steps);
                (0..changes as u64).fold(1.0, |product, _| product * f64::from(factor))
            }
            Course::Cosine { floor } => wave(1.0, floor, done),
            Course::OneCycle { start, peak, floor } => {
                let peak_at = f64::from(peak);
                if done < peak_at {
                    wave(start, 1.0, done / peak_at)
                } else {
                    wave(1.0, floor, (done - peak_at) / (1.0 - peak_at))
                }
            }
        }
    }

    /// Checks every number's range.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first that is outside.
    pub fn check(&self, epochs: usize) -> Result<(), TrainError> {
        let share = |x: f32| (0.0..=1.0).contains(&x);
        let warm_up = (0.0..epochs as f32).contains(&self.warm_up);
        let mut checks = vec![(
            "warm-up",
            self.warm_up,
            warm_up,
            "at least 0 and below the number of epochs",
        )];
        match self.course {
            Course::Constant => {}
            Course::Step { every, factor } => checks.extend([
                ("every", every as f32, every > 0, "at least 1"),
                (
                    "factor",
                    factor,
                    factor.is_finite() && factor > 0.0,
                    "a number above 0",
                ),
            ]),
            Course::Cosine { floor } => {
                checks.push(("floor", floor, share(floor), "from 0 to 1"));
            }
            Course::OneCycle { start, peak, floor } => checks.extend([
                ("start", start, share(start), "from 0 to 1"),
                ("peak", peak, share(peak), "from 0 to 1"),
                ("floor", floor, share(floor), "from 0 to 1"),
            ]),
        }
        match checks.into_iter().find(|&(_, _, right, _)| !right) {
            Some((key, found, _, expected)) => Err(TrainError::Recipe {
                key,
                found: found.to_string(),
                expected,
            }),
            None => Ok(()),
        }
    }
}

/// From one value to another along half a cosine wave, `done` from 0 to 1.
fn wave(from: f32, to: f32, done: f64) -> f64 {
    let (from, to) = (f64::from(from), f64::from(to));
    to + (from - to) * (1.0 + cos(PI * done.min(1.0))) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(warm_up: f32, course: Course, at: &[u64]) -> Vec<f64> {
        let schedule = Schedule { warm_up, course };
        at.iter()
            .map(|&step| schedule.factor(step, 10, 4))
            .collect()
    }

    fn close(found: &[f64], expected: &[f64]) {
        let pairs = found.iter().zip(expected);
        assert!(
            pairs.clone().all(|(a, b)| (a - b).abs() < 1e-7),
            "{found:?} {expected:?}"
        );
    }

    /// Forty steps in all. Half-way and a quarter of the way of a wave from 1 to 0 are ½ and
    /// (1 + √½) / 2.
    #[test]
    fn courses_pass_through_known_points() {
        let quarter = (1.0 + 0.5_f64.sqrt()) / 2.0;
        close(&factors(0.0, Course::Constant, &[0, 39]), &[1.0, 1.0]);
        let step = Course::Step {
            every: 2,
            factor: 0.5,
        };
        close(&factors(0.0, step, &[0, 19, 20, 39]), &[1.0, 1.0, 0.5, 0.5]);
        let cosine = Course::Cosine { floor: 0.0 };
        close(
            &factors(0.0, cosine, &[0, 10, 20, 40]),
            &[1.0, quarter, 0.5, 0.0],
        );
        let cycle = Course::OneCycle {
            start: 0.2,
            peak: 0.5,
            floor: 0.0,
        };
        close(
            &factors(0.0, cycle, &[0, 10, 20, 30]),
            &[0.2, 0.6, 1.0, 0.5],
        );
    }

    /// Ten steps of warm-up rise by an eleventh each; thirty are left for the course.
    #[test]
    fn the_course_follows_the_warm_up() {
        let cosine = Course::Cosine { floor: 0.0 };
        close(
            &factors(1.0, cosine, &[0, 9, 10, 25]),
            &[1.0 / 11.0, 10.0 / 11.0, 1.0, 0.5],
        );
    }
}
