//! One file a layer kind.

pub(crate) mod activation;
pub(crate) mod conv2d;
pub(crate) mod dense;
pub(crate) mod flatten;
pub(crate) mod input;
pub(crate) mod max_pool2d;
