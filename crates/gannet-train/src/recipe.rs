//! All that decides a training run besides the network and the data.

use gannet_graph::quantized::WeightBits;
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::augment::Augmentation;
use crate::loss::Loss;
use crate::optimizer::Optimizer;
use crate::schedule::Schedule;

/// A recipe. Two runs of one recipe on the same network and data give the same bits, on any
/// processor and with any number of threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Recipe {
    /// How often each training image is seen; at least 1.
    pub epochs: usize,
    /// Images a step; at least 1. The last batch of an epoch may be shorter.
    pub batch: usize,
    /// What is made small.
    pub loss: Loss,
    /// How much of each target is shared out evenly over all classes, from 0 to below 1.
    pub label_smoothing: f32,
    /// Another network, whose outputs are learned beside the labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<Teacher>,
    /// Weights and activations are computed as a quantized network has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantize: Option<Quantize>,
    /// How much an image's loss counts, by class; each at least 0. Empty: all count alike.
    pub class_weights: Vec<f32>,
    /// How images are changed each time they are seen.
    pub augmentation: Augmentation,
    /// How a gradient becomes a step.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Decay of a running average of the weights, from 0 to below 1, which is then what is
    /// validated and kept; none: the weights themselves are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f32>,
    /// Which epoch's weights are kept.
    pub keep: Keep,
    /// What tells a better epoch from a worse one.
    pub watch: Watch,
    /// Training ends early after that many epochs without a better one; at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Where the weights come from.
    pub start: Start,
    /// Decides all that is random: first weights, order of the images, augmentation, dropout.
    pub seed: u64,
}

/// Trained networks the mean of whose outputs for each image, as it is shown, is part of the target
/// (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015, at
/// temperature 1). A small network learns from them what is ambiguous.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Teacher {
    /// The model files, for whoever reads the recipe: [`Training::taught_by`] takes the networks.
    ///
    /// [`Training::taught_by`]: crate::Training::taught_by
    pub models: Vec<String>,
    /// How much of each target is the teachers' output and not the label; above 0, at most 1.
    pub share: f32,
}

/// Quantization-aware training: kernels and activations are moved to the steps of integers on
/// the way forward, and gradients pass as if they were not (Jacob and others, "Quantization and
/// Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018). It goes
/// on with a trained network, whose normalization is folded into its weights before and whose
/// dropout is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Quantize {
    /// Bits of the weights of dense layers: 2, 4 or 8. Those of 2 bits are −1, 0 and 1 times a
    /// scale.
    #[serde(default)]
    pub dense_bits: KernelBits,
    /// The same of convolutions; weights of depthwise ones have 8.
    #[serde(default)]
    pub conv_bits: KernelBits,
}

/// How many bits a weight of a kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum KernelBits {
    /// −1, 0 and 1.
    Two,
    /// −7 to 7.
    Four,
    /// −127 to 127.
    #[default]
    Eight,
}

impl TryFrom<u8> for KernelBits {
    type Error = String;

    fn try_from(bits: u8) -> Result<Self, String> {
        match bits {
            2 => Ok(KernelBits::Two),
            4 => Ok(KernelBits::Four),
            8 => Ok(KernelBits::Eight),
            _ => Err(format!(
                "a weight of {bits} bits, but it has to have 2, 4 or 8"
            )),
        }
    }
}

impl From<KernelBits> for u8 {
    fn from(bits: KernelBits) -> u8 {
        match bits {
            KernelBits::Two => 2,
            KernelBits::Four => 4,
            KernelBits::Eight => 8,
        }
    }
}

impl From<KernelBits> for WeightBits {
    fn from(bits: KernelBits) -> WeightBits {
        match bits {
            KernelBits::Two => WeightBits::Two,
            KernelBits::Four => WeightBits::Four,
            KernelBits::Eight => WeightBits::Eight,
        }
    }
}

/// Which epoch's weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The last one's.
    #[default]
    Last,
    /// The best one's; of equals the first.
    Best,
}

/// What tells a better epoch from a worse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Watch {
    /// A smaller validation loss.
    #[default]
    Loss,
    /// A larger validation accuracy.
    Accuracy,
}

/// The weights before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Kernels by Glorot's uniform rule, biases zero, as in Keras.
    #[default]
    Glorot,
    /// The weights that the network has.
    Given,
}

impl Default for Recipe {
    /// 30 epochs of Adam on the mean squared error, in batches of 128.
    fn default() -> Self {
        Recipe {
            epochs: 30,
            batch: 128,
            loss: Loss::MeanSquaredError,
            label_smoothing: 0.0,
            teacher: None,
            quantize: None,
            class_weights: Vec::new(),
            augmentation: Augmentation::default(),
            optimizer: Optimizer::default(),
            schedule: Schedule::default(),
            average: None,
            keep: Keep::Last,
            watch: Watch::Loss,
            patience: None,
            start: Start::Glorot,
            seed: 0,
        }
    }
}

impl Recipe {
    /// Checks every number's range, for data of that many classes.
    ///
    /// # Errors
    /// [`TrainError::Recipe`] for the first that is outside.
    pub fn check(&self, classes: usize) -> Result<(), TrainError> {
        let wrong = |key, found: String, expected| {
            Err(TrainError::Recipe {
                key,
                found,
                expected,
            })
        };
        let counts = [
            ("epochs", Some(self.epochs)),
            ("batch", Some(self.batch)),
            ("patience", self.patience),
        ];
        if let Some((key, _)) = counts.into_iter().find(|&(_, count)| count == Some(0)) {
            return wrong(key, "0".to_owned(), "at least 1");
        }
        let shares = [
            ("label-smoothing", self.label_smoothing),
            ("average", self.average.unwrap_or(0.0)),
        ];
        if let Some((key, share)) = shares.into_iter().find(|(_, x)| !(0.0..1.0).contains(x)) {
            return wrong(key, share.to_string(), "from 0 to below 1");
        }
        let possible = |share: f32| share > 0.0 && share <= 1.0;
        if self.teacher.as_ref().is_some_and(|t| t.models.is_empty()) {
            return wrong("models", "[]".to_owned(), "at least one model file");
        }
        if let Some(teacher) = self.teacher.as_ref().filter(|t| !possible(t.share)) {
            return wrong("share", teacher.share.to_string(), "above 0 and at most 1");
        }
        if self.quantize.is_some() && self.start != Start::Given {
            let rule = "\"given\" where it quantizes: name a trained network's file";
            return wrong("start", "\"glorot\"".to_owned(), rule);
        }
        if !self.class_weights.is_empty() && self.class_weights.len() != classes {
            let found = format!("a list of {}", self.class_weights.len());
            return wrong(
                "class-weights",
                found,
                "empty, or one number for each class of the data",
            );
        }
        let valid = |weight: &f32| weight.is_finite() && *weight >= 0.0;
        if let Some(weight) = self.class_weights.iter().find(|weight| !valid(weight)) {
            return wrong("class-weights", weight.to_string(), "numbers of at least 0");
        }
        self.augmentation.check()?;
        self.schedule.check(self.epochs)?;
        self.optimizer.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_says_only_what_it_changes() {
        let text = r#"{ "epochs": 5, "loss": "categorical-cross-entropy", "average": 0.999,
            "optimizer": { "kind": "sgd", "rate": 0.1, "momentum": 0.9 },
            "schedule": { "warm-up": 0.5, "course": { "kind": "cosine", "floor": 0.01 } } }"#;
        let recipe: Recipe = serde_json::from_str(text).unwrap();
        assert_eq!((recipe.epochs, recipe.batch), (5, 128));
        assert_eq!(
            recipe.optimizer,
            Optimizer::Sgd {
                rate: 0.1,
                momentum: 0.9
            }
        );
        let again = serde_json::to_string(&recipe).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&again).unwrap(), recipe);
        assert!(serde_json::from_str::<Recipe>(r#"{ "epoch": 5 }"#).is_err());
    }

    #[test]
    fn ranges_are_checked() {
        let error = |recipe: Recipe| recipe.check(10).unwrap_err().to_string();
        let text = error(Recipe {
            epochs: 0,
            ..Recipe::default()
        });
        assert_eq!(text, "the recipe's epochs is 0, but has to be at least 1");
        let text = error(Recipe {
            class_weights: vec![1.0; 3],
            ..Recipe::default()
        });
        assert!(text.contains("class-weights is a list of 3"), "{text}");
        let quantize: Quantize = serde_json::from_str(r#"{ "dense-bits": 4 }"#).unwrap();
        assert_eq!(quantize.dense_bits, KernelBits::Four);
        assert_eq!(quantize.conv_bits, KernelBits::Eight);
        assert!(serde_json::from_str::<Quantize>(r#"{ "dense-bits": 5 }"#).is_err());
        let text = error(Recipe {
            quantize: Some(quantize),
            ..Recipe::default()
        });
        assert!(text.contains("trained network"), "{text}");
        assert!(Recipe::default().check(10).is_ok());
    }
}
