//! One file a layer kind.

pub(crate) mod activation;
pub(crate) mod add;
pub(crate) mod average_pool2d;
pub(crate) mod batch_normalization;
pub(crate) mod concatenate;
pub(crate) mod conv2d;
pub(crate) mod conv2d_transpose;
pub(crate) mod cropping2d;
pub(crate) mod dense;
pub(crate) mod depthwise_conv2d;
pub(crate) mod dropout;
pub(crate) mod flatten;
pub(crate) mod global_average_pool2d;
pub(crate) mod global_max_pool2d;
pub(crate) mod input;
pub(crate) mod max_pool2d;
pub(crate) mod maximum;
pub(crate) mod minimum;
pub(crate) mod multiply;
pub(crate) mod permute;
pub(crate) mod prelu;
pub(crate) mod rescaling;
pub(crate) mod reshape;
pub(crate) mod subtract;
pub(crate) mod up_sampling2d;
pub(crate) mod zero_padding2d;
