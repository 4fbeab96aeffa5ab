//! A neural network as a plain value.
//!
//! A [`Graph`] is layers, their wiring and their weights. It knows every shape, the cost of
//! each layer, and how to compute itself slowly and obviously in [`Graph::run`]: that
//! reference is what every faster way of computing a network is held against.
//!
//! Tensors are `[height, width, channels]` or `[features]`, always without the batch.

mod borders;
mod broadcast;
mod error;
mod free_name;
mod function;
mod graph;
mod hash;
mod layer;
mod layers;
mod narrow;
pub mod networks;
mod normal;
mod normal_distribution;
pub mod quantized;
mod regularizer;
mod shape;
mod shared_values;
mod simplify;
mod tensor;
mod transposed_window;
mod window;

pub use error::GraphError;
pub use free_name::free_name;
pub use function::Function;
pub use graph::{Graph, Node, NodeId};
pub use hash::GraphHash;
pub use layer::{Arity, Layer, LayerKind, Weight};
pub use layers::activation::Activation;
pub use layers::add::Add;
pub use layers::average_pool2d::AveragePool2D;
pub use layers::batch_normalization::{BatchNormalization, ScaleShift};
pub use layers::concatenate::Concatenate;
pub use layers::conv2d::Conv2D;
pub use layers::conv2d_transpose::Conv2DTranspose;
pub use layers::cropping2d::Cropping2D;
pub use layers::dense::Dense;
pub use layers::depthwise_conv2d::DepthwiseConv2D;
pub use layers::dropout::Dropout;
pub use layers::flatten::Flatten;
pub use layers::global_average_pool2d::GlobalAveragePool2D;
pub use layers::global_max_pool2d::GlobalMaxPool2D;
pub use layers::input::Input;
pub use layers::max_pool2d::MaxPool2D;
pub use layers::maximum::Maximum;
pub use layers::minimum::Minimum;
pub use layers::multiply::Multiply;
pub use layers::permute::Permute;
pub use layers::prelu::PReLU;
pub use layers::rescaling::Rescaling;
pub use layers::reshape::Reshape;
pub use layers::subtract::Subtract;
pub use layers::up_sampling2d::UpSampling2D;
pub use layers::zero_padding2d::ZeroPadding2D;
pub use quantized::QuantizedGraph;
pub use regularizer::Regularizer;
pub use shape::Shape;
pub use shared_values::{IndexBits, SharedValues};
pub use tensor::Tensor;
pub use window::{Padding, Window};
