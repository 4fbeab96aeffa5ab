//! What a network's outputs say against the labels: top-1 accuracy, the share of right output
//! elements, the mean error, the confusion matrix, the worst images.
//! In go one output vector and one label after the other, out comes a [`Score`]. One definition
//! for training, evaluation and validation on a device.

use serde::{Deserialize, Serialize};

use crate::DataError;

/// An output above this counts as "yes" in the element accuracy.
pub const THRESHOLD: f32 = 0.5;

/// How many of the worst images a score keeps.
pub const WORST_KEPT: usize = 9;

/// How well outputs fit labels, over one or more images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// How many images were scored.
    pub images: usize,
    /// Share of images whose largest output (the first of equals) is the label's, 0 to 1.
    pub top1: f64,
    /// Share of output elements that agree with the one-hot label once each output is replaced by
    /// "above [`THRESHOLD`]", 0 to 1. Ten outputs an image count as ten: far milder than `top1`.
    pub element_accuracy: f64,
    /// Mean over the images of the sum over the outputs of |one-hot − output|.
    pub mean_abs_error: f64,
    /// `confusion[truth][decision]` counts images.
    pub confusion: Vec<Vec<usize>>,
    /// The images with the largest errors, the largest first, at most [`WORST_KEPT`].
    pub worst: Vec<ScoredImage>,
}

/// One image's part in a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ScoredImage {
    /// Which image, from 0 in the order in which they were scored.
    pub index: usize,
    /// What it shows.
    pub label: u8,
    /// What the network took it for.
    pub decision: usize,
    /// The sum over the outputs of |one-hot − output|.
    pub abs_error: f64,
}

impl Score {
    /// Scores output vectors of `classes` elements with their labels.
    ///
    /// # Errors
    /// As [`Scorer::add`] and [`Scorer::finish`].
    pub fn of<'a>(
        classes: usize,
        outputs: impl IntoIterator<Item = (&'a [f32], u8)>,
    ) -> Result<Self, DataError> {
        let mut scorer = Scorer::new(classes);
        for (outputs, label) in outputs {
            scorer.add(outputs, label)?;
        }
        scorer.finish()
    }
}

/// A score in the making, for outputs that arrive one by one.
#[derive(Debug, Clone)]
pub struct Scorer {
    classes: usize,
    images: usize,
    right_elements: usize,
    abs_error: f64,
    confusion: Vec<Vec<usize>>,
    worst: Vec<ScoredImage>,
}

impl Scorer {
    /// A scorer for output vectors of `classes` elements.
    pub fn new(classes: usize) -> Self {
        Self {
            classes,
            images: 0,
            right_elements: 0,
            abs_error: 0.0,
            confusion: vec![vec![0; classes]; classes],
            worst: Vec::new(),
        }
    }

    /// Scores the next image and says how it fared.
    ///
    /// # Errors
    /// [`DataError::OutputCount`], [`DataError::Label`] or [`DataError::OutputNotFinite`]; the
    /// score is then as before.
    pub fn add(&mut self, outputs: &[f32], label: u8) -> Result<ScoredImage, DataError> {
        let (index, classes) = (self.images, self.classes);
        let truth = usize::from(label);
        if outputs.len() != classes {
            return Err(DataError::OutputCount {
                index,
                found: outputs.len(),
                classes,
            });
        }
        if truth >= classes {
            return Err(DataError::Label {
                index,
                label,
                classes,
            });
        }
        if let Some(output) = outputs.iter().position(|value| !value.is_finite()) {
            return Err(DataError::OutputNotFinite {
                index,
                output,
                value: outputs[output],
            });
        }

        let mut abs_error = 0.0;
        for (class, &output) in outputs.iter().enumerate() {
            let is_truth = class == truth;
            self.right_elements += usize::from((output > THRESHOLD) == is_truth);
            abs_error += (f64::from(u8::from(is_truth)) - f64::from(output)).abs();
        }
        let scored = ScoredImage {
            index,
            label,
            decision: argmax(outputs),
            abs_error,
        };
        self.images += 1;
        self.abs_error += abs_error;
        self.confusion[truth][scored.decision] += 1;
        self.keep_if_bad(scored);
        Ok(scored)
    }

    /// The score of all images so far.
    ///
    /// # Errors
    /// [`DataError::NothingScored`] when there was none.
    pub fn finish(self) -> Result<Score, DataError> {
        if self.images == 0 {
            return Err(DataError::NothingScored);
        }
        let images = self.images as f64;
        let right: usize = (0..self.classes)
            .map(|class| self.confusion[class][class])
            .sum();
        Ok(Score {
            images: self.images,
            top1: right as f64 / images,
            element_accuracy: self.right_elements as f64 / (images * self.classes as f64),
            mean_abs_error: self.abs_error / images,
            confusion: self.confusion,
            worst: self.worst,
        })
    }

    fn keep_if_bad(&mut self, scored: ScoredImage) {
        let place = self
            .worst
            .partition_point(|kept| kept.abs_error >= scored.abs_error);
        if place < WORST_KEPT {
            self.worst.truncate(WORST_KEPT - 1);
            self.worst.insert(place, scored);
        }
    }
}

/// The index of the largest value, the first of equals; 0 for no values. Finite values only.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_images_of_three_classes_by_hand() {
        // Truth 0, one-hot 1 0 0, outputs 0.75 0.625 0.25: thresholded 1 1 0, two of three right;
        // error 0.25 + 0.625 + 0.25 = 1.125; decision 0, right.
        // Truth 2, one-hot 0 0 1, outputs 0.5 0.0 0.25: thresholded 0 0 0, two of three right;
        // error 0.5 + 0 + 0.75 = 1.25; decision 0, wrong.
        let outputs = [[0.75, 0.625, 0.25], [0.5, 0.0, 0.25]];
        let score = Score::of(3, outputs.iter().map(|o| &o[..]).zip([0, 2])).unwrap();
        assert_eq!(score.images, 2);
        assert_eq!(score.top1, 0.5);
        assert_eq!(score.element_accuracy, 4.0 / 6.0);
        assert_eq!(score.mean_abs_error, (1.125 + 1.25) / 2.0);
        assert_eq!(score.confusion, [[1, 0, 0], [0, 0, 0], [1, 0, 0]]);
        let worst = ScoredImage {
            index: 1,
            label: 2,
            decision: 0,
            abs_error: 1.25,
        };
        assert_eq!(score.worst[0], worst);
    }

    #[test]
    fn a_network_that_never_says_yes_gets_nine_elements_of_ten() {
        let score = Score::of(10, (0..10).map(|label| (&[0.0f32; 10][..], label))).unwrap();
        assert_eq!(score.element_accuracy, 0.9);
        assert_eq!(score.top1, 0.1);
        assert_eq!(score.mean_abs_error, 1.0);
    }

    #[test]
    fn a_hard_wrong_decision_costs_two_elements() {
        // Outputs of exactly 0 and 1: a wrong image has its own class and one other wrong, so
        // 985 right of 1,000 make 1 − 15 · 2 / 10,000 of the elements right, and an error of 2
        // an image: 0.03 in the mean.
        let one_hot = |class| {
            let mut outputs = [0.0f32; 10];
            outputs[class] = 1.0;
            outputs
        };
        let decisions: Vec<[f32; 10]> = (0..1000)
            .map(|i| one_hot(if i < 985 { 3 } else { 5 }))
            .collect();
        let score = Score::of(10, decisions.iter().map(|outputs| (&outputs[..], 3))).unwrap();
        assert_eq!(score.top1, 0.985);
        assert_eq!(score.element_accuracy, 0.997);
        assert_eq!(score.mean_abs_error, 0.03);
        assert_eq!((score.confusion[3][3], score.confusion[3][5]), (985, 15));
    }

    #[test]
    fn the_first_of_equal_outputs_decides() {
        assert_eq!(argmax(&[0.25, 0.5, 0.5, 0.0]), 1);
        assert_eq!(argmax(&[-2.0, -1.0]), 1);
        assert_eq!(argmax(&[0.0, -0.0]), 0);
    }

    #[test]
    fn the_worst_images_are_kept_worst_first() {
        // Image i errs by (i * 7 % 20) / 32, a permutation of 0..20 over 32.
        let outputs: Vec<[f32; 1]> = (0..20u8)
            .map(|i| [1.0 + f32::from(i * 7 % 20) / 32.0])
            .collect();
        let score = Score::of(1, outputs.iter().map(|o| (&o[..], 0))).unwrap();
        let errors: Vec<f64> = score
            .worst
            .iter()
            .map(|image| image.abs_error * 32.0)
            .collect();
        assert_eq!(
            errors,
            [19.0, 18.0, 17.0, 16.0, 15.0, 14.0, 13.0, 12.0, 11.0]
        );
        assert!(
            score
                .worst
                .iter()
                .all(|image| (image.index * 7 % 20) as f64 == image.abs_error * 32.0)
        );
    }

    #[test]
    fn what_cannot_be_scored_is_refused_and_changes_nothing() {
        let mut scorer = Scorer::new(2);
        scorer.add(&[1.0, 0.0], 0).unwrap();
        assert!(matches!(
            scorer.add(&[1.0], 0),
            Err(DataError::OutputCount { index: 1, .. })
        ));
        assert!(matches!(
            scorer.add(&[1.0, 0.0], 2),
            Err(DataError::Label { label: 2, .. })
        ));
        let nan = scorer.add(&[1.0, f32::NAN], 0);
        assert!(matches!(
            nan,
            Err(DataError::OutputNotFinite { output: 1, .. })
        ));
        let score = scorer.finish().unwrap();
        assert_eq!(
            (score.images, score.top1, score.mean_abs_error),
            (1, 1.0, 0.0)
        );
        assert!(matches!(
            Scorer::new(2).finish(),
            Err(DataError::NothingScored)
        ));
    }

    #[test]
    fn a_score_goes_through_json_unchanged() {
        let score = Score::of(2, [(&[0.1f32, 0.7][..], 1), (&[0.3, 0.2], 1)]).unwrap();
        let json = serde_json::to_string(&score).unwrap();
        assert_eq!(serde_json::from_str::<Score>(&json).unwrap(), score);
    }
}
