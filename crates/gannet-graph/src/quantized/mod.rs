//! Networks that compute in integers.
//!
//! A [`QuantizedGraph`] is to such a network what [`Graph`](crate::Graph) is to one of `f32`:
//! layers, wiring, weights and a reference. The scheme and every rounding are TFLite's: what
//! [`QuantizedGraph::run`] gives is what LiteRT's reference kernels give, to the bit.
//!
//! A value `q` stands for the real number `scale · (q − zero_point)`. Weights have no zero
//! point. Sums of products are brought to the scale of the output by a [`Multiplier`].

mod clamp;
mod element;
mod fixed_point;
mod graph;
mod interpolated;
mod kernel;
mod layer;
mod layers;
mod logistic_table;
mod multiplier;
mod products;
mod rescaled;
mod tensor;

pub use clamp::Clamp;
pub use element::{Element, Quantization};
pub use graph::{End, Node, QuantizedGraph};
pub use interpolated::Interpolated;
pub use kernel::{Bias, Kernel, WeightBits};
pub use layer::{Constants, Layer, LayerKind, Weight};
pub use layers::add::Add;
pub use layers::average_pool2d::AveragePool2D;
pub use layers::concatenate::Concatenate;
pub use layers::conv2d::Conv2D;
pub use layers::conv2d_transpose::Conv2DTranspose;
pub use layers::dense::Dense;
pub use layers::depthwise_conv2d::DepthwiseConv2D;
pub use layers::extremum::{Maximum, Minimum};
pub use layers::global_average_pool2d::GlobalAveragePool2D;
pub use layers::hard_swish::HardSwish;
pub use layers::input::Input;
pub use layers::leaky_relu::LeakyRelu;
pub use layers::max_pool2d::MaxPool2D;
pub use layers::multiply::Multiply;
pub use layers::prelu::PReLU;
pub use layers::relu::Relu;
pub use layers::requantize::Requantize;
pub use layers::reshape::Reshape;
pub use layers::sigmoid::Sigmoid;
pub use layers::softmax::Softmax;
pub use layers::subtract::Subtract;
pub use layers::tanh::Tanh;
pub use layers::up_sampling2d::UpSampling2D;
pub use layers::zero_padding2d::ZeroPadding2D;
pub use logistic_table::LogisticArgument;
pub use multiplier::Multiplier;
pub use products::Products;
pub use rescaled::{RescaledSum, SumSign};
pub use tensor::{QuantizedTensor, TensorType};
