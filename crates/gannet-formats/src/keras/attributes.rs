//! The attributes of one layer in `model_config`, read one by one with their types. What
//! Gannet does not have is noted as an obstacle and reading goes on, so that all obstacles
//! are found in one pass.

use gannet_graph::{Function, Padding, Regularizer, Window};
use serde_json::{Map, Value};

use crate::{Obstacle, Obstacles};

/// A larger extent is a mistake or an attack; products of three still fit 64 bits.
const LARGEST_EXTENT: u64 = 1 << 16;

/// The `config` of a layer.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    pub layer: &'a str,
    pub class: &'a str,
    config: &'a Map<String, Value>,
    obstacles: &'a mut Obstacles,
}

impl<'a> Attributes<'a> {
    pub fn new(
        layer: &'a str,
        class: &'a str,
        config: &'a Map<String, Value>,
        obstacles: &'a mut Obstacles,
    ) -> Self {
        Attributes {
            layer,
            class,
            config,
            obstacles,
        }
    }

    /// The value of an attribute; `None` if it is absent or `null`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.config.get(name).filter(|value| !value.is_null())
    }

    /// Notes that the value of `name` is not read.
    pub fn obstacle(&mut self, name: &str, supported: impl Into<String>) {
        let value = self.config.get(name).map_or_else(
            || "absent".to_owned(),
            |value| shortened(&value.to_string()),
        );
        self.obstacles.0.push(Obstacle {
            layer: self.layer.to_owned(),
            class: self.class.to_owned(),
            attribute: name.to_owned(),
            value,
            supported: supported.into(),
        });
    }

    /// Notes an obstacle unless the attribute is absent or one of `supported`.
    pub fn only(&mut self, name: &str, supported: &[Value]) {
        let found = self.get(name);
        if found.is_some_and(|value| !supported.iter().any(|other| same(value, other))) {
            let words: Vec<String> = supported.iter().map(Value::to_string).collect();
            let words = if words.is_empty() {
                "null".to_owned()
            } else {
                words.join(" or ")
            };
            self.obstacle(name, words);
        }
    }

    /// A whole number from 1 to 65,536; 1 beside an obstacle if it is something else.
    pub fn extent(&mut self, name: &str) -> usize {
        self.get(name).and_then(extent).unwrap_or_else(|| {
            self.obstacle(name, "a number from 1 to 65536");
            1
        })
    }

    /// Two extents, or one for both.
    pub fn pair(&mut self, name: &str) -> [usize; 2] {
        self.get(name).and_then(pair).unwrap_or_else(|| {
            self.obstacle(name, "one or two numbers from 1 to 65536");
            [1, 1]
        })
    }

    /// As [`Attributes::pair`], or `otherwise` if it is absent.
    pub fn pair_or(&mut self, name: &str, otherwise: [usize; 2]) -> [usize; 2] {
        match self.get(name) {
            None => otherwise,
            Some(_) => self.pair(name),
        }
    }

    /// The sliding window whose extents are called `extents`; its stride is `stride` if the
    /// config has none.
    pub fn window(&mut self, extents: &str, stride: impl Fn([usize; 2]) -> [usize; 2]) -> Window {
        let kernel = self.pair(extents);
        let strides = self.pair_or("strides", stride(kernel));
        let padding = match self.get("padding").and_then(Value::as_str) {
            Some("same") => Padding::Same,
            Some("valid") => Padding::Valid,
            None if self.get("padding").is_none() => Padding::Valid,
            _ => {
                self.obstacle("padding", "\"valid\" or \"same\"");
                Padding::Valid
            }
        };
        self.only("data_format", &["channels_last".into()]);
        Window::new(kernel, strides, padding).expect("extents are at least 1")
    }

    /// A yes or a no; `otherwise` if it is absent.
    pub fn flag(&mut self, name: &str, otherwise: bool) -> bool {
        match self.get(name) {
            None => otherwise,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.obstacle(name, "true or false");
                otherwise
            }
        }
    }

    /// The function called `activation`.
    pub fn activation(&mut self) -> Function {
        let Some(value) = self.get("activation") else {
            return Function::Linear;
        };
        value
            .as_str()
            .and_then(Function::from_name)
            .unwrap_or_else(|| {
                let names: Vec<String> = Function::ALL
                    .iter()
                    .map(|function| format!("\"{function}\""))
                    .collect();
                self.obstacle("activation", names.join(" or "));
                Function::Linear
            })
    }

    /// The penalty called `kernel_regularizer`: Keras has the classes `L1`, `L2` and `L1L2`.
    pub fn kernel_regularizer(&mut self) -> Regularizer {
        const NAME: &str = "kernel_regularizer";
        let Some(value) = self.get(NAME) else {
            return Regularizer::NONE;
        };
        regularizer(value).unwrap_or_else(|| {
            self.obstacle(NAME, "null or one of the classes L1, L2, L1L2");
            Regularizer::NONE
        })
    }

    /// Notes obstacles unless the layer computes with `float32`.
    pub fn check_numbers(&mut self) {
        self.only("quantization_config", &[]);
        let name = self.get("dtype").and_then(|dtype| match dtype {
            Value::String(name) => Some(name.as_str()),
            // A policy, of Keras 2 or 3.
            policy => policy.get("config")?.get("name")?.as_str(),
        });
        if self.get("dtype").is_some() && name != Some("float32") {
            self.obstacle("dtype", "\"float32\"");
        }
    }
}

/// A number that may be an extent of a tensor or a window.
pub(super) fn extent(value: &Value) -> Option<usize> {
    let extent = value.as_u64()?;
    (1..=LARGEST_EXTENT)
        .contains(&extent)
        .then_some(extent as usize)
}

fn pair(value: &Value) -> Option<[usize; 2]> {
    match value.as_array().map(Vec::as_slice) {
        Some([both]) => extent(both).map(|both| [both; 2]),
        Some([vertical, horizontal]) => Some([extent(vertical)?, extent(horizontal)?]),
        Some(_) => None,
        None => extent(value).map(|both| [both; 2]),
    }
}

fn regularizer(value: &Value) -> Option<Regularizer> {
    let class = value.get("class_name")?.as_str()?;
    let config = value.get("config")?;
    let weight = |name| match config.get(name) {
        None | Some(Value::Null) => Some(0.0),
        Some(weight) => weight.as_f64().map(|weight| weight as f32),
    };
    let (l1, l2) = (weight("l1")?, weight("l2")?);
    matches!(class, "L1" | "L2" | "L1L2").then_some(Regularizer { l1, l2 })
}

/// Equal, or equal numbers of different spelling (`0` and `0.0`).
fn same(a: &Value, b: &Value) -> bool {
    a == b || a.as_f64().is_some_and(|a| Some(a) == b.as_f64())
}

/// A value for an error message: whole configs are cut.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
