//! One file a kind; the list of kinds is in `layer.rs`.

pub mod add;
pub mod average_pool2d;
pub mod concatenate;
pub mod conv2d;
pub mod conv2d_transpose;
pub mod dense;
pub mod depthwise_conv2d;
pub mod extremum;
pub mod global_average_pool2d;
pub mod hard_swish;
pub mod input;
pub mod leaky_relu;
pub mod max_pool2d;
pub mod multiply;
pub mod prelu;
pub mod relu;
pub mod requantize;
pub mod reshape;
pub mod sigmoid;
pub mod softmax;
pub mod subtract;
pub mod tanh;
pub mod up_sampling2d;
pub mod zero_padding2d;
