//! One file a kind; the list of kinds is in `layer.rs`.

pub mod add;
pub mod average_pool2d;
pub mod conv2d;
pub mod dense;
pub mod depthwise_conv2d;
pub mod input;
pub mod max_pool2d;
pub mod reshape;
pub mod sigmoid;
pub mod softmax;
pub mod tanh;
