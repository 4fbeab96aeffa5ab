//! What each layer kind says of itself in a file. A kind is one [`Described`] and one word in
//! the list below; the compiler misses a kind of the graph that is not in the list.

mod convolution;
mod dense;
mod function;
mod normalization;
mod plain;
mod pooling;
mod shapes;
mod window;

use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Dropout, Flatten, GlobalAveragePool2D, GlobalMaxPool2D,
    Input, Layer, LayerKind, MaxPool2D, Maximum, Minimum, Multiply, PReLU, Permute, Rescaling,
    Reshape, Shape, Subtract, UpSampling2D, ZeroPadding2D,
};

use super::entry::Entry;
use crate::fault::Fault;
use crate::options::Options;

/// A layer kind's own keys.
trait Described: LayerKind + Sized {
    /// The layer, with weights of zero, on an input of `shape`. Whether it fits that input is
    /// the graph's to say.
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self>;

    /// The keys that give the layer back.
    fn write(&self, entry: &mut Entry);
}

macro_rules! kinds {
    ($($kind:ident),* $(,)?) => {
        /// The layer of that kind.
        pub fn read(kind: &str, options: &mut Options<'_>, shape: &Shape) -> Option<Layer> {
            $(if kind == $kind::KIND {
                return <$kind as Described>::read(options, shape).map(Layer::from);
            })*
            match convolution::read_sequence(kind, options, shape)
                .or_else(|| pooling::read_sequence(kind, options, shape))
            {
                Some(layer) => layer,
                None => unknown(kind, options),
            }
        }

        /// The keys that give the layer back.
        pub fn write(layer: &Layer, entry: &mut Entry) {
            match layer { $(Layer::$kind(layer) => Described::write(layer, entry)),* }
        }
    };
}

kinds! {
    Input, Conv2D, DepthwiseConv2D, Conv2DTranspose, Dense, MaxPool2D, AveragePool2D,
    GlobalAveragePool2D, GlobalMaxPool2D, Activation, PReLU, BatchNormalization, Rescaling,
    Dropout, ZeroPadding2D, Cropping2D, UpSampling2D, Add, Subtract, Multiply, Maximum, Minimum,
    Concatenate, Flatten, Reshape, Permute,
}

fn unknown(kind: &str, options: &mut Options<'_>) -> Option<Layer> {
    let span = options
        .get("kind")
        .map_or(options.span(), |value| value.span());
    let known: Vec<&str> = Layer::KINDS
        .iter()
        .chain(convolution::SEQUENCE_KINDS)
        .chain(pooling::SEQUENCE_KINDS)
        .copied()
        .collect();
    // Its keys are not known either: they are no faults of their own.
    options.forgive();
    options.fault(
        Fault::new(span, format!("there is no layer kind `{kind}`")).hint_nearest(kind, &known),
    );
    None
}
