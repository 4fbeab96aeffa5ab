//! Layers that scale and shift values, and dropout.

use gannet_graph::{BatchNormalization, Dropout, Rescaling, Shape, Tensor};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::Described;
use super::dense::affordable;
use crate::options::{Expected, Options, flag, list, number};

/// Keras' own.
const EPSILON: f32 = 1e-3;
const MOMENTUM: f32 = 0.99;

impl Described for BatchNormalization {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        let epsilon = options.or("epsilon", number, EPSILON);
        let momentum = options.or("momentum", share, MOMENTUM);
        let scale = options.or("scale", flag, true);
        let center = options.or("center", flag, true);
        let channels = shape.channels();
        affordable(options, &[channels])?;
        let ones = || Tensor::from_fn([channels], |_| 1.0);
        let zeros = || Tensor::zeros([channels]);
        let layer = BatchNormalization::new(
            scale.then(ones),
            center.then(zeros),
            zeros(),
            ones(),
            epsilon,
        );
        let mut layer = options.check(layer)?;
        layer.momentum = momentum;
        Some(layer)
    }

    fn write(&self, entry: &mut Entry) {
        if self.epsilon() != EPSILON {
            entry.put_number("epsilon", self.epsilon());
        }
        if self.momentum != MOMENTUM {
            entry.put_number("momentum", self.momentum);
        }
        if self.gamma().is_none() {
            entry.put("scale", false);
        }
        if self.beta().is_none() {
            entry.put("center", false);
        }
    }
}

impl Described for Rescaling {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let scale = options.or("scale", numbers, vec![1.0]);
        let offset = options.or("offset", numbers, vec![0.0]);
        options.check(Rescaling::new(scale, offset))
    }

    fn write(&self, entry: &mut Entry) {
        for (key, values) in [("scale", self.scale()), ("offset", self.offset())] {
            match values {
                &[all] => entry.put_number(key, all),
                each => entry.put(key, format_args!("{each:?}")),
            }
        }
    }
}

/// A number for all channels, or one for each.
fn numbers(value: &DeValue<'_>) -> Result<Vec<f32>, Expected> {
    let each = |value: &DeValue<'_>| number(value).ok();
    match (each(value), list(value, each)) {
        (Some(all), _) => Ok(vec![all]),
        (_, Some(each)) if !each.is_empty() => Ok(each),
        _ => Err("a number, or a list with one for each channel".into()),
    }
}

impl Described for Dropout {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let rate = options.required("rate", number)?;
        options.check(Dropout::new(rate))
    }

    fn write(&self, entry: &mut Entry) {
        entry.put_number("rate", self.rate());
    }
}

fn share(value: &DeValue<'_>) -> Result<f32, Expected> {
    match number(value) {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 1".into()),
    }
}
