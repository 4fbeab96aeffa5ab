//! One file a layer kind.

pub(crate) mod activation;
pub(crate) mod add;
pub(crate) mod average_pool2d;
pub(crate) mod batch_normalization;
pub(crate) mod concatenate;
pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
pub(crate) mod dropout;
pub(crate) mod flatten;
pub(crate) mod global_average_pool2d;
pub(crate) mod input;
pub(crate) mod max_pool2d;
pub(crate) mod zero_padding2d;
