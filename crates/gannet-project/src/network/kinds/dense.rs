//! Fully connected layers, and what all layers with a kernel share.

use gannet_graph::{Dense, Regularizer, Shape};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::{Described, function};
use crate::fault::Fault;
use crate::options::{Expected, Options, count, flag, number};

/// More weights than a network for a microcontroller has, and fewer than memory holds.
const WEIGHTS_LIMIT: usize = 1 << 24;

/// Whether a kernel of that shape can be had.
pub fn affordable(options: &mut Options<'_>, shape: &[usize]) -> Option<()> {
    let weights = shape
        .iter()
        .try_fold(1_usize, |all, &extent| all.checked_mul(extent));
    if weights.is_some_and(|weights| weights <= WEIGHTS_LIMIT) {
        return Some(());
    }
    let message = format!(
        "{} has a kernel of {}: a layer may have {WEIGHTS_LIMIT} weights",
        options.name(),
        Shape::from(shape.to_vec())
    );
    options.fault(Fault::new(options.span(), message));
    None
}

/// `l1` and `l2`: the penalty on the kernel.
pub fn read_regularizer(options: &mut Options<'_>) -> Regularizer {
    Regularizer {
        l1: options.or("l1", penalty, 0.0),
        l2: options.or("l2", penalty, 0.0),
    }
}

/// The keys that give the penalty back.
pub fn write_regularizer(entry: &mut Entry, regularizer: Regularizer) {
    let Regularizer { l1, l2 } = regularizer;
    for (key, weight) in [("l1", l1), ("l2", l2)] {
        if weight != 0.0 {
            entry.put_number(key, weight);
        }
    }
}

fn penalty(value: &DeValue<'_>) -> Result<f32, Expected> {
    match number(value) {
        Ok(weight) if weight >= 0.0 => Ok(weight),
        _ => Err("a number of at least 0".into()),
    }
}

impl Described for Dense {
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        let units = options.required("units", count);
        let activation = function::read(options);
        let bias = options.or("bias", flag, true);
        let kernel_regularizer = read_regularizer(options);
        let (units, features) = (units?, shape.channels());
        affordable(options, &[features, units])?;
        let mut layer = Dense::zeros(features, units);
        if !bias {
            layer = options.check(Dense::new(layer.kernel().clone(), None))?;
        }
        layer.activation = activation;
        layer.kernel_regularizer = kernel_regularizer;
        Some(layer)
    }

    fn write(&self, entry: &mut Entry) {
        entry.put("units", self.units());
        function::write(entry, self.activation);
        if self.bias().is_none() {
            entry.put("bias", false);
        }
        write_regularizer(entry, self.kernel_regularizer);
    }
}
