//! How training went: loss and accuracy, epoch by epoch, of training and of validation.
//! In goes a history, out comes a [`Picture`](crate::Picture) of two panels.

mod chart;
mod text;

use crate::caption::percent;

/// What one epoch measured. A figure that is no finite number leaves a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochPoint {
    /// Mean loss of the training images.
    pub loss: f64,
    /// Share of the training images that were right, 0 to 1.
    pub accuracy: f64,
    /// Mean loss of the validation images; NaN where there are none.
    pub val_loss: f64,
    /// Share of the validation images that are right, 0 to 1; NaN where there are none.
    pub val_accuracy: f64,
}

/// Loss (left) and accuracy (right) over the epochs. In each panel the epoch is marked whose
/// validation figure is the best, the first of equals; without validation, whose training figure
/// is.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    loss: Panel,
    accuracy: Panel,
}

/// The largest value that is drawn: differences of such values are finite, too.
const LARGEST: f64 = 1e300;

/// One quantity: its values, epoch 1 first.
#[derive(Debug, Clone, PartialEq)]
struct Panel {
    quantity: Quantity,
    train: Vec<f64>,
    validation: Vec<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantity {
    Loss,
    Accuracy,
}

/// The best epoch of a panel.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Best {
    /// From 1.
    epoch: usize,
    value: f64,
}

impl Curves {
    /// Curves of a training, its epochs in order.
    pub fn new(history: &[EpochPoint]) -> Self {
        let series = |value: fn(&EpochPoint) -> f64| history.iter().map(value).map(held).collect();
        Self {
            loss: Panel {
                quantity: Quantity::Loss,
                train: series(|epoch| epoch.loss),
                validation: series(|epoch| epoch.val_loss),
            },
            accuracy: Panel {
                quantity: Quantity::Accuracy,
                train: series(|epoch| epoch.accuracy),
                validation: series(|epoch| epoch.val_accuracy),
            },
        }
    }

    fn epochs(&self) -> usize {
        self.loss.train.len()
    }

    fn panels(&self) -> [&Panel; 2] {
        [&self.loss, &self.accuracy]
    }
}

/// A finite value within what can be drawn; others as they are.
fn held(value: f64) -> f64 {
    if value.is_finite() {
        value.clamp(-LARGEST, LARGEST)
    } else {
        value
    }
}

impl Panel {
    /// Whether there are validation figures.
    fn is_validated(&self) -> bool {
        self.validation.iter().any(|value| value.is_finite())
    }

    fn best(&self) -> Option<Best> {
        let series = if self.is_validated() {
            &self.validation
        } else {
            &self.train
        };
        let finite = (1..)
            .zip(series)
            .filter(|(_, value)| value.is_finite())
            .map(|(epoch, &value)| Best { epoch, value });
        finite.reduce(|best, next| {
            let is_better = match self.quantity {
                Quantity::Loss => next.value < best.value,
                Quantity::Accuracy => next.value > best.value,
            };
            if is_better { next } else { best }
        })
    }

    /// Lowest and highest value to show: for losses from 0 if none is below, for accuracies up to
    /// 1 if none is above.
    fn range(&self) -> [f64; 2] {
        let finite = self
            .train
            .iter()
            .chain(&self.validation)
            .filter(|value| value.is_finite());
        let bounds = finite.fold(None, |bounds: Option<[f64; 2]>, &value| match bounds {
            Some([low, high]) => Some([low.min(value), high.max(value)]),
            None => Some([value, value]),
        });
        let [low, high] = bounds.unwrap_or([0.0, 1.0]);
        let room = ((high - low) * 0.06).max(high.abs() * 1e-3).max(1e-9);
        match self.quantity {
            Quantity::Loss => [if low < 0.0 { low - room } else { 0.0 }, high + room],
            Quantity::Accuracy if high <= 1.0 => {
                [(low - room).max(low.min(0.0)), 1.0_f64.max(low + 1e-9)]
            }
            Quantity::Accuracy => [low - room, high + room],
        }
    }
}

impl Quantity {
    fn title(self) -> &'static str {
        match self {
            Quantity::Loss => "Loss",
            Quantity::Accuracy => "Accuracy",
        }
    }

    /// A value as it stands beside an axis whose values span so much.
    fn label(self, value: f64, span: f64) -> String {
        let (value, span, unit) = match self {
            Quantity::Loss => (value, span, ""),
            Quantity::Accuracy => (value * 100.0, span * 100.0, " %"),
        };
        if value != 0.0 && (value.abs() >= 1e5 || span < 1e-5) {
            return format!("{value:.1e}{unit}");
        }
        // Enough places to tell a tenth of the span.
        let places = (1.0 - span.log10()).ceil().clamp(0.0, 7.0) as usize;
        format!("{value:.places$}{unit}")
    }

    /// `lowest 0.0021 in epoch 27`.
    fn sentence(self, best: Best) -> String {
        let (extreme, value) = match self {
            Quantity::Loss if best.value != 0.0 && !(1e-3..1e5).contains(&best.value.abs()) => {
                ("lowest", format!("{:.3e}", best.value))
            }
            Quantity::Loss => ("lowest", format!("{:.4}", best.value)),
            Quantity::Accuracy => ("highest", percent(best.value)),
        };
        format!("{extreme} {value} in epoch {}", best.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curves(values: &[[f64; 4]]) -> Curves {
        let points: Vec<EpochPoint> = values
            .iter()
            .map(|&[loss, accuracy, val_loss, val_accuracy]| EpochPoint {
                loss,
                accuracy,
                val_loss,
                val_accuracy,
            })
            .collect();
        Curves::new(&points)
    }

    #[test]
    fn each_panel_has_its_own_best_epoch_the_first_of_equals() {
        let nan = f64::NAN;
        let history = curves(&[
            [0.4, 0.8, nan, 0.9],
            [0.2, 0.9, 0.3, 0.9],
            [0.1, 1.0, 0.5, 0.7],
        ]);
        let best = |epoch, value| Some(Best { epoch, value });
        assert_eq!(history.loss.best(), best(2, 0.3));
        assert_eq!(history.accuracy.best(), best(1, 0.9));
        // Without validation the training's figures decide.
        let alone = curves(&[[0.4, 0.8, nan, nan], [0.2, 0.9, nan, nan]]);
        assert_eq!(alone.loss.best(), best(2, 0.2));
        assert_eq!(curves(&[[nan; 4]]).loss.best(), None);
    }

    #[test]
    fn ranges_hold_every_finite_value_and_are_never_empty() {
        let cases: [&[[f64; 4]]; 6] = [
            &[],
            &[[0.5, 1.0, 0.5, 1.0]],
            &[[0.0, 0.0, 0.0, 0.0]],
            &[[f64::NAN, f64::INFINITY, -3.0, 0.2]],
            &[[-f64::MAX, 2.0, 1e300, -1.0]],
            &[[1e-12, 0.98, 2e-12, 0.99]],
        ];
        for case in cases {
            for panel in curves(case).panels() {
                let [low, high] = panel.range();
                assert!(
                    low < high && (high - low).is_finite(),
                    "{case:?}: {low} {high}"
                );
                let values = panel.train.iter().chain(&panel.validation);
                for value in values.filter(|value| value.is_finite()) {
                    assert!((low..=high).contains(value), "{value} in {low}..{high}");
                }
            }
        }
    }
}
