//! The attributes of one layer in `model_config`, read one by one with their types. What
//! Gannet does not have is noted as an obstacle and reading goes on, so that all obstacles
//! are found in one pass.

use std::cell::RefCell;

use gannet_graph::{Function, Padding, Regularizer, Window};
use serde_json::{Map, Value};

use super::{data_format::DataFormat, functions, layers, spatial::Spatial, version::Version};
use crate::{Obstacle, Obstacles};

/// A larger extent is a mistake or an attack; products of three still fit 64 bits.
const LARGEST_EXTENT: u64 = 1 << 16;

/// The policies whose weights are `float32`.
const DTYPES: [&str; 3] = ["float32", "mixed_float16", "mixed_bfloat16"];

/// The `config` of a layer.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    pub layer: &'a str,
    pub class: &'a str,
    /// How many extents its input has in Keras, without the batch; `None` if that is not
    /// known.
    rank: Option<usize>,
    /// Which extent of images is their channels, in all layers of the network.
    pub format: DataFormat,
    /// Whose meaning the names have.
    version: Version,
    config: &'a Map<String, Value>,
    obstacles: &'a mut Obstacles,
    /// The names of the attributes that were looked for.
    asked: RefCell<Vec<String>>,
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
            rank: None,
            format: DataFormat::ChannelsLast,
            version: Version::Three,
            config,
            obstacles,
            asked: RefCell::default(),
        }
    }

    /// The same of a layer whose input has `rank` extents in Keras, in a network of `format`.
    pub fn behind(self, rank: Option<usize>, format: DataFormat) -> Self {
        Attributes {
            rank,
            format,
            ..self
        }
    }

    /// The same of a network that `version` wrote.
    pub fn written_by(self, version: Version) -> Self {
        Attributes { version, ..self }
    }

    /// Whether Keras 1 wrote the network.
    pub fn is_of_keras_1(&self) -> bool {
        self.version == Version::One
    }

    /// The value of an attribute; `None` if it is absent or `null`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.asked.borrow_mut().push(name.to_owned());
        self.config.get(name).filter(|value| !value.is_null())
    }

    /// The names of all attributes that were looked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().clone()
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

    /// Notes that the class is not read.
    pub fn obstacle_of_class(&mut self, supported: String) {
        self.obstacles.0.push(Obstacle {
            layer: self.layer.to_owned(),
            class: self.class.to_owned(),
            attribute: "class_name".to_owned(),
            value: format!("\"{}\"", self.class),
            supported,
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

    /// As [`Attributes::extent`]; `otherwise` if it is absent.
    pub fn extent_or(&mut self, name: &str, otherwise: usize) -> usize {
        match self.get(name) {
            None => otherwise,
            Some(_) => self.extent(name),
        }
    }

    /// A number for all channels, or one for each; one of `otherwise` if it is absent.
    pub fn numbers(&mut self, name: &str, otherwise: f32) -> Vec<f32> {
        let Some(list) = self.get(name).and_then(Value::as_array) else {
            return vec![self.number(name, otherwise)];
        };
        let numbers = list.iter().map(|value| value.as_f64().map(|x| x as f32));
        let numbers: Option<Vec<f32>> = numbers.collect();
        let finite = |numbers: &Vec<f32>| numbers.iter().all(|number| number.is_finite());
        numbers.filter(finite).unwrap_or_else(|| {
            self.obstacle(name, "a number or a list of numbers");
            vec![otherwise]
        })
    }

    /// The extents that a tensor is to have, of which one may be left open: `None` for -1.
    /// Nothing beside an obstacle if it is something else.
    pub fn target_shape(&mut self, name: &str) -> Option<Vec<Option<usize>>> {
        let dim = |value: &Value| match value.as_i64() {
            Some(-1) => Some(None),
            _ => extent(value).map(Some),
        };
        let list = self.get(name).and_then(Value::as_array);
        let dims: Option<Vec<_>> = list.and_then(|list| list.iter().map(dim).collect());
        let dims = dims.filter(|dims| {
            (1..=3).contains(&dims.len()) && dims.iter().filter(|dim| dim.is_none()).count() < 2
        });
        if dims.is_none() {
            self.obstacle(
                name,
                "one to three numbers from 1 to 65536, one of them -1 perhaps",
            );
        }
        dims
    }

    /// A list of extents that are counted from 1, counted from 0.
    pub fn order(&self, name: &str) -> Option<Vec<usize>> {
        let list = self.get(name)?.as_array()?;
        list.iter()
            .map(|value| extent(value).map(|i| i - 1))
            .collect()
    }

    /// `output_padding`, as far as it is one or two numbers from 0 to 65,536.
    pub fn output_padding(&mut self) -> [usize; 2] {
        let name = "output_padding";
        let spatial = self.spatial();
        let borders = self.get(name).and_then(|value| spatial.borders(value));
        match borders {
            Some([[vertical, _], [horizontal, _]]) => [vertical, horizontal],
            None => {
                self.obstacle(name, "null, or one or two numbers from 0 to 65536");
                [0; 2]
            }
        }
    }

    /// The widths of a border, `[[above, below], [left, right]]`; 1 on all sides if absent.
    pub fn borders(&mut self, name: &str) -> [[usize; 2]; 2] {
        self.check_spatial();
        let spatial = self.spatial();
        let one = Value::from(1);
        let borders = spatial.borders(self.get(name).unwrap_or(&one));
        borders.unwrap_or_else(|| {
            self.obstacle(name, "numbers from 0 to 65536, or pairs of them");
            [[0; 2]; 2]
        })
    }

    /// How many extents its input has in Keras, without the batch; `None` if that is not known.
    pub fn rank(&self) -> Option<usize> {
        self.rank
    }

    /// A number; `otherwise` if it is absent.
    pub fn number(&mut self, name: &str, otherwise: f32) -> f32 {
        let Some(value) = self.get(name) else {
            return otherwise;
        };
        let number = value.as_f64().map(|number| number as f32);
        number
            .filter(|number| number.is_finite())
            .unwrap_or_else(|| {
                self.obstacle(name, "a number");
                otherwise
            })
    }

    /// What the layer's windows slide over.
    pub fn spatial(&self) -> Spatial {
        Spatial::of_class(self.class)
    }

    /// The sliding window whose extents are called `extents`; its stride is `stride` if the
    /// config has none.
    pub fn window(&mut self, extents: &str, stride: impl Fn([usize; 2]) -> [usize; 2]) -> Window {
        self.check_spatial();
        let kernel = self.extents(extents);
        let strides = match self.get("strides") {
            None => stride(kernel),
            Some(_) => self.extents("strides"),
        };
        let padding = match self.get("padding").and_then(Value::as_str) {
            Some("same") => Padding::Same,
            Some("valid") => Padding::Valid,
            None if self.get("padding").is_none() => Padding::Valid,
            _ => {
                self.obstacle("padding", "\"valid\" or \"same\"");
                Padding::Valid
            }
        };
        let dilation = self.extents_or("dilation_rate", [1, 1]);
        Window::new(kernel, strides, padding)
            .and_then(|window| window.with_dilation(dilation))
            .expect("extents are at least 1")
    }

    /// Notes obstacles unless the layer's input is what its class slides over.
    pub fn check_spatial(&mut self) {
        let format = self.get("data_format").unwrap_or(&Value::Null);
        if !format.is_null() && *format != self.format.name() {
            self.obstacle(
                "data_format",
                "\"channels_last\" or \"channels_first\", the same in all layers",
            );
        }
        let spatial = self.spatial();
        let Some(found) = self.rank.filter(|&rank| rank != spatial.rank()) else {
            return;
        };
        self.obstacles.0.push(Obstacle {
            layer: self.layer.to_owned(),
            class: self.class.to_owned(),
            attribute: "its input's rank".to_owned(),
            value: found.to_string(),
            supported: match spatial {
                Spatial::Image => "3, an image [height, width, channels]".to_owned(),
                Spatial::Sequence => "2, a sequence [length, channels]".to_owned(),
            },
        });
    }

    /// Notes an obstacle unless `axis` is that of the channels.
    pub fn check_axis(&mut self) {
        let axis = self.get("axis").and_then(|axis| match axis.as_array() {
            Some(list) if list.len() == 1 => list[0].as_i64(),
            Some(_) => None,
            None => axis.as_i64(),
        });
        if !axis.is_some_and(|axis| self.format.is_channels(axis, self.rank)) {
            let channels = match self.format {
                DataFormat::ChannelsLast => -1,
                DataFormat::ChannelsFirst => 1,
            };
            self.obstacle("axis", format!("{channels}, that of the channels"));
        }
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

    /// The function called `activation`: its name, or a layer that is one.
    pub fn activation(&mut self) -> Function {
        let Some(value) = self.get("activation") else {
            return Function::Linear;
        };
        let name = value.as_str();
        let named = name.and_then(|name| functions::by_name(name, self.version));
        let function = named
            .or_else(|| self.layer_as_function(value))
            .unwrap_or_else(|| {
                self.obstacle("activation", functions::names());
                Function::Linear
            });
        self.check_function("activation", function);
        function
    }

    /// Notes an obstacle at `name` if the function is not one of the channels.
    pub fn check_function(&mut self, name: &str, function: Function) {
        if !self.format.allows(function, self.rank) {
            self.obstacle(
                name,
                "such a function of a vector, where channels are first",
            );
        }
    }

    /// As the extents of a window; `otherwise` if they are absent.
    pub fn extents_or(&mut self, name: &str, otherwise: [usize; 2]) -> [usize; 2] {
        match (self.get(name), self.spatial()) {
            (None, Spatial::Image) => otherwise,
            (None, Spatial::Sequence) => [1, otherwise[1]],
            (Some(_), _) => self.extents(name),
        }
    }

    /// The extents of a window, `[vertical, horizontal]`.
    fn extents(&mut self, name: &str) -> [usize; 2] {
        let spatial = self.spatial();
        let extents = self.get(name).and_then(|value| spatial.extents(value));
        extents.unwrap_or_else(|| {
            let supported = match spatial {
                Spatial::Image => "one or two numbers from 1 to 65536",
                Spatial::Sequence => "one number from 1 to 65536",
            };
            self.obstacle(name, supported);
            [1, 1]
        })
    }

    fn layer_as_function(&mut self, value: &Value) -> Option<Function> {
        layers::function(&mut Attributes {
            layer: self.layer,
            class: value.get("class_name")?.as_str()?,
            rank: self.rank,
            format: self.format,
            version: self.version,
            config: value.get("config")?.as_object()?,
            obstacles: self.obstacles,
            asked: RefCell::default(),
        })
    }

    /// The penalty of that name: Keras has the classes `L1`, `L2` and `L1L2`.
    pub fn regularizer(&mut self, name: &str) -> Regularizer {
        let Some(value) = self.get(name) else {
            return Regularizer::NONE;
        };
        regularizer(value).unwrap_or_else(|| {
            self.obstacle(name, "null or one of the classes L1, L2, L1L2");
            Regularizer::NONE
        })
    }

    /// Notes obstacles unless the layer's weights are `float32`. A mixed policy rounds what is
    /// computed in training, but not the weights; here nothing is rounded.
    pub fn check_numbers(&mut self) {
        self.only("quantization_config", &[]);
        let name = self.get("dtype").and_then(|dtype| match dtype {
            Value::String(name) => Some(name.as_str()),
            // A policy, of Keras 2 or 3.
            policy => policy.get("config")?.get("name")?.as_str(),
        });
        let is_single = name.is_some_and(|name| DTYPES.contains(&name));
        if self.get("dtype").is_some() && !is_single {
            let names = DTYPES.map(|name| format!("\"{name}\""));
            self.obstacle("dtype", names.join(" or "));
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

/// The width of a border.
pub(super) fn border(value: &Value) -> Option<usize> {
    let width = value.as_u64()?;
    (width <= LARGEST_EXTENT).then_some(width as usize)
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
