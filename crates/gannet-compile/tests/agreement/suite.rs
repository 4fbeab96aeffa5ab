//! The layer suite: small networks that have each layer and option at least once, with
//! weights and images from a seeded generator.

use gannet_graph::{
    Activation, Add, AveragePool2D, BatchNormalization, Concatenate, Conv2D, Conv2DTranspose,
    Cropping2D, Dense, DepthwiseConv2D, Dropout, Flatten, Function, GlobalAveragePool2D,
    GlobalMaxPool2D, Graph, GraphError, Layer, MaxPool2D, Maximum, Minimum, Multiply, PReLU,
    Padding, Permute, Rescaling, Reshape, Subtract, Tensor, UpSampling2D, Window, ZeroPadding2D,
    networks,
};

/// A splitmix64 generator: small, and the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() >> 32) as usize % n
    }

    /// Uniform in −1 … 1.
    pub fn weight(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    /// A picture of bytes, half of them zero as in drawn digits.
    pub fn pixels(&mut self, len: usize) -> Vec<u8> {
        let mut pixel = || {
            let bits = self.bits();
            if bits & 256 == 0 { 0 } else { bits as u8 }
        };
        (0..len).map(|_| pixel()).collect()
    }
}

/// Every network of the suite, with weights that keep values near one.
pub fn networks() -> Vec<Graph> {
    let mut networks = vec![
        networks::mnist_small(),
        convolution("same-stride-2", [9, 7, 3], [3, 5], [2, 2], Padding::Same, 5),
        convolution(
            "valid-even-kernel",
            [8, 8, 1],
            [2, 4],
            [1, 1],
            Padding::Valid,
            8,
        ),
        convolution("many-filters", [6, 5, 2], [3, 3], [1, 2], Padding::Same, 19),
        convolution(
            "kernel-over-image",
            [3, 3, 1],
            [5, 5],
            [1, 1],
            Padding::Same,
            2,
        ),
        pooled("pool-same", [9, 10, 2], [3, 3], [2, 2], Padding::Same),
        pooled("pool-gaps", [11, 11, 1], [2, 2], [3, 3], Padding::Valid),
        pooled("pool-stride-1", [7, 7, 1], [3, 2], [1, 1], Padding::Same),
        pooled("pool-wide", [9, 9, 2], [4, 4], [2, 2], Padding::Valid),
        pooled("pool-wider", [9, 13, 1], [3, 7], [2, 2], Padding::Valid),
        pooled("pool-apart", [9, 9, 1], [8, 8], [1, 1], Padding::Valid),
        pool_first().unwrap(),
        activation_first().unwrap(),
        image_softmax().unwrap(),
        negative_pool().unwrap(),
        depthwise(1).unwrap(),
        depthwise(3).unwrap(),
        residual().unwrap(),
        branches().unwrap(),
        averages(Padding::Same).unwrap(),
        averages(Padding::Valid).unwrap(),
        averages(Padding::explicit([1, 0], [1, 1])).unwrap(),
        normalized_first().unwrap(),
        functions().unwrap(),
        spread(Padding::Valid).unwrap(),
        spread(Padding::Same).unwrap(),
        spread(Padding::explicit([1, 0], [2, 1])).unwrap(),
        transposed(Padding::Valid).unwrap(),
        transposed(Padding::Same).unwrap(),
        transposed(Padding::explicit([1, 2], [1, 0])).unwrap(),
        joins().unwrap(),
        permuted_first().unwrap(),
    ];
    for (seed, network) in networks.iter_mut().enumerate() {
        fill(network, &mut Random::new(seed as u64));
    }
    networks
}

/// Gives a network weights that keep values near one.
pub fn fill(network: &mut Graph, random: &mut Random) {
    for id in network.ids() {
        let inputs = network.node(id).inputs().to_vec();
        let spread = inputs.first().map_or(1.0, |input| {
            let fan_in = network.node(*input).output_shape().elements().min(400);
            (fan_in as f32).sqrt().recip()
        });
        // A variance is positive.
        let is_variance: Vec<bool> = (network.node(id).layer().weights().iter())
            .map(|weight| weight.name == "moving_variance")
            .collect();
        for (values, is_variance) in network.node_weights_mut(id).into_iter().zip(is_variance) {
            for value in values {
                let weight = random.weight();
                *value = if is_variance {
                    1.5 + weight
                } else {
                    weight * spread * 1.5
                };
            }
        }
    }
}

fn window(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> Window {
    Window::new(kernel, stride, padding).unwrap()
}

fn convolution(
    name: &str,
    image: [usize; 3],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
    filters: usize,
) -> Graph {
    let window = window(kernel, stride, padding);
    let mut graph = Graph::new(name, image).unwrap();
    let layer = Conv2D::zeros(window, image[2], filters).with_bias();
    graph
        .push("first", layer.with_activation(Function::Relu))
        .unwrap();
    graph
        .push("second", Conv2D::zeros(window, filters, 3))
        .unwrap();
    graph
}

fn pooled(
    name: &str,
    image: [usize; 3],
    pool: [usize; 2],
    stride: [usize; 2],
    padding: Padding,
) -> Graph {
    let kernel = window([3, 3], [1, 1], Padding::Same);
    let mut graph = Graph::new(name, image).unwrap();
    let convolution = Conv2D::zeros(kernel, image[2], 9).with_bias();
    graph
        .push("conv", convolution.with_activation(Function::Relu))
        .unwrap();
    graph
        .push("pool", MaxPool2D::new(window(pool, stride, padding)))
        .unwrap();
    graph
}

fn pool_first() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("pool-first", [7, 6, 2])?;
    graph.push(
        "pool",
        MaxPool2D::new(window([2, 3], [2, 1], Padding::Same)),
    )?;
    graph.push("flatten", Flatten)?;
    graph.push("dense", Dense::zeros(48, 11))?;
    graph.push("softmax", Activation::new(Function::Softmax))?;
    Ok(graph)
}

fn activation_first() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("activation-first", [4, 4, 1])?;
    graph.push("sigmoid", Activation::new(Function::Sigmoid))?;
    graph.push("linear", Activation::new(Function::Linear))?;
    graph.push("relu", Activation::new(Function::Relu))?;
    graph.push(
        "conv",
        Conv2D::zeros(window([3, 3], [1, 1], Padding::Valid), 1, 2),
    )?;
    graph.push("sigmoid_1", Activation::new(Function::Sigmoid))?;
    Ok(graph)
}

fn image_softmax() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("2 channels' softmax", [3, 3, 2])?;
    graph.push(
        "loop",
        Conv2D::zeros(window([1, 1], [1, 1], Padding::Valid), 2, 4),
    )?;
    graph.push("loop/softmax", Activation::new(Function::Softmax))?;
    Ok(graph)
}

/// Maxima of negative values: nothing may start from zero here.
fn negative_pool() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("negative-pool", [6, 6, 1])?;
    graph.push(
        "conv",
        Conv2D::zeros(window([3, 3], [1, 1], Padding::Same), 1, 4).with_bias(),
    )?;
    graph.push(
        "pool",
        MaxPool2D::new(window([2, 2], [2, 2], Padding::Valid)),
    )?;
    graph.push("relu", Activation::new(Function::Relu))?;
    graph.push(
        "pool_1",
        MaxPool2D::new(window([2, 2], [1, 1], Padding::Valid)),
    )?;
    Ok(graph)
}

/// Depthwise and pointwise convolutions with normalization, as in MobileNet.
fn depthwise(multiplier: usize) -> Result<Graph, GraphError> {
    let relu6 = Activation::new(Function::Relu6);
    let mut graph = Graph::new(format!("depthwise-{multiplier}"), [9, 8, 2])?;
    graph.push("pad", ZeroPadding2D::new([0, 1], [2, 1]))?;
    let window_valid = window([3, 3], [2, 2], Padding::Valid);
    graph.push("conv", Conv2D::zeros(window_valid, 2, 11))?;
    graph.push("norm", BatchNormalization::identity(11))?;
    graph.push("relu6", relu6)?;
    let window_same = window([3, 3], [1, 1], Padding::Same);
    graph.push(
        "depthwise",
        DepthwiseConv2D::zeros(window_same, 11, multiplier).with_bias(),
    )?;
    graph.push("norm_1", BatchNormalization::identity(11 * multiplier))?;
    graph.push("relu6_1", relu6)?;
    graph.push(
        "pool",
        MaxPool2D::new(window([2, 2], [2, 2], Padding::Valid)),
    )?;
    graph.push("mean", GlobalAveragePool2D)?;
    graph.push("drop", Dropout::new(0.3)?)?;
    graph.push("dense", Dense::zeros(11 * multiplier, 5))?;
    Ok(graph)
}

/// Two ways that are added; one value is read by three layers.
fn residual() -> Result<Graph, GraphError> {
    let kernel = window([3, 3], [1, 1], Padding::Same);
    let mut graph = Graph::new("residual", [6, 7, 3])?;
    let stem = graph.push("stem", Conv2D::zeros(kernel, 3, 4))?;
    let relu = graph.add("relu", Activation::new(Function::Relu), &[stem])?;
    graph.push(
        "conv",
        Conv2D::zeros(kernel, 4, 4).with_activation(Function::Relu),
    )?;
    let way = graph.push("conv_1", Conv2D::zeros(kernel, 4, 4))?;
    let sum = graph.add("add", Add, &[way, relu, stem])?;
    graph.add("relu_1", Activation::new(Function::Relu), &[sum])?;
    graph.push("norm", BatchNormalization::identity(4))?;
    Ok(graph)
}

/// Branches whose channels stand side by side, and a view that two layers read.
fn branches() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("branches", [5, 5, 2])?;
    let input = graph.output();
    let one = Conv2D::zeros(window([1, 1], [1, 1], Padding::Same), 2, 3);
    let left = graph.add("left", one, &[input])?;
    let pool = MaxPool2D::new(window([3, 3], [1, 1], Padding::Same));
    let right = graph.add("right", pool, &[input])?;
    let both = graph.add("both", Concatenate, &[left, right, left])?;
    let flat = graph.add("flat", Flatten, &[both])?;
    let high = graph.add("high", Activation::new(Function::Sigmoid), &[flat])?;
    let dense = graph.add("dense", Dense::zeros(200, 3), &[flat])?;
    let dense_1 = graph.add("dense_1", Dense::zeros(200, 4), &[high])?;
    graph.add("outputs", Concatenate, &[dense, dense_1])?;
    Ok(graph)
}

fn averages(padding: Padding) -> Result<Graph, GraphError> {
    let mut graph = Graph::new(format!("averages-{padding}"), [7, 6, 3])?;
    graph.push("mean", AveragePool2D::new(window([3, 2], [2, 1], padding)))?;
    graph.push("conv", Conv2D::zeros(window([2, 2], [1, 1], padding), 3, 6))?;
    graph.push("leaky", Activation::new(Function::LeakyRelu { slope: 0.1 }))?;
    graph.push("pool", MaxPool2D::new(window([2, 2], [2, 2], padding)))?;
    let last = match padding {
        Padding::Valid => Padding::Valid,
        _ => Padding::Same,
    };
    graph.push("mean_1", AveragePool2D::new(window([1, 2], [1, 1], last)))?;
    Ok(graph)
}

/// Normalization with nothing to fold it into, on bytes that nothing scales.
fn normalized_first() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("normalized-first", [4, 5, 3])?;
    graph.push("norm", BatchNormalization::identity(3))?;
    graph.push("pad", ZeroPadding2D::new([1, 0], [0, 2]))?;
    graph.push("end", Activation::new(Function::Linear))?;
    Ok(graph)
}

/// Every pointwise function, taken up and alone.
fn functions() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("functions", [10])?;
    for (i, &function) in Function::ALL.iter().enumerate() {
        graph.push(
            format!("dense_{i}"),
            Dense::zeros(10, 10).with_activation(function),
        )?;
        graph.push(format!("function_{i}"), Activation::new(function))?;
    }
    let steep = Function::LeakyRelu { slope: 1.5 };
    graph.push("steep", Dense::zeros(10, 10).with_activation(steep))?;
    let falling = Function::LeakyRelu { slope: -0.5 };
    graph.push("falling", Dense::zeros(10, 10).with_activation(falling))?;
    Ok(graph)
}

/// Convolutions with groups and holes, and their functions.
fn spread(padding: Padding) -> Result<Graph, GraphError> {
    let mut graph = Graph::new(format!("spread-{padding}"), [9, 8, 4])?;
    let holes = window([2, 3], [2, 1], padding).with_dilation([2, 1])?;
    let grouped = Conv2D::zeros(holes, 2, 6).with_groups(2)?.with_bias();
    graph.push("grouped", grouped.with_activation(Function::Relu))?;
    graph.push("norm", BatchNormalization::identity(6))?;
    let holes = window([2, 2], [1, 1], padding).with_dilation([1, 2])?;
    let depthwise = DepthwiseConv2D::zeros(holes, 6, 2).with_bias();
    graph.push("depthwise", depthwise.with_activation(Function::HardSwish))?;
    let pixels = window([1, 1], [1, 1], Padding::Valid);
    graph.push("pixels", Conv2D::zeros(pixels, 3, 8).with_groups(4)?)?;
    graph.push("most", GlobalMaxPool2D)?;
    Ok(graph)
}

/// Larger images, by every border rule.
fn transposed(padding: Padding) -> Result<Graph, GraphError> {
    let mut graph = Graph::new(format!("transposed-{padding}"), [3, 4, 2])?;
    let layer = Conv2DTranspose::zeros(window([3, 2], [2, 3], padding), 2, 3).with_bias();
    let layer = match padding {
        Padding::Explicit { .. } => layer.with_output_padding([1, 0])?,
        _ => layer,
    };
    graph.push(
        "larger",
        layer.with_activation(Function::LeakyRelu { slope: 0.1 }),
    )?;
    graph.push("up", UpSampling2D::new([2, 1])?)?;
    let holes = window([2, 2], [1, 1], Padding::Valid).with_dilation([2, 2])?;
    graph.push("last", Conv2DTranspose::zeros(holes, 3, 2))?;
    graph.push("crop", Cropping2D::new([1, 2], [0, 3]))?;
    Ok(graph)
}

/// Joins of one shape and of channels' weights, slopes, and bytes that nothing scales.
fn joins() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("joins", [4, 5, 3])?;
    let input = graph.push(
        "rescaling",
        Rescaling::new(vec![2.0, 1.0, 0.5], vec![-0.5])?,
    )?;
    let pixels = || Conv2D::zeros(window([1, 1], [1, 1], Padding::Valid), 3, 3).with_bias();
    let left = graph.add("left", pixels(), &[input])?;
    let right = graph.add("right", pixels(), &[input])?;
    let difference = graph.add("subtract", Subtract, &[left, right])?;
    graph.push("relu", Activation::new(Function::Relu))?;
    let clipped = graph.push("clip", Activation::new(Function::clip(-0.5, 0.75)))?;
    let product = graph.add("multiply", Multiply, &[difference, clipped])?;
    let most = graph.add("maximum", Maximum, &[product, left, right])?;
    let least = graph.add("minimum", Minimum, &[product, right])?;
    let slopes = PReLU::new(Tensor::zeros([1, 1, 3]));
    let bent = graph.add("prelu", slopes, &[least])?;
    let each = PReLU::new(Tensor::zeros([4, 5, 3]));
    let other = graph.add("prelu_1", each, &[most])?;
    let sum = graph.add("add", Add, &[bent, other])?;
    let pooled = graph.add("most", GlobalMaxPool2D, &[sum])?;
    let weights = graph.add("weights", Reshape::new([1, 1, 3]), &[pooled])?;
    graph.push("sigmoid", Activation::new(Function::Sigmoid))?;
    let weighed = graph.push("pixels", pixels())?;
    let excited = graph.add("weigh", Multiply, &[weighed, sum])?;
    let shifted = graph.add("shift", Add, &[excited, weights])?;
    graph.push("relu_1", Activation::new(Function::Relu))?;
    let permute = Permute::new(vec![2, 0, 1])?;
    graph.add("permute", permute, &[shifted])?;
    graph.push("flat", Reshape::new([60]))?;
    graph.push("dense", Dense::zeros(60, 4))?;
    Ok(graph)
}

/// A shape that changes before anything else does.
fn permuted_first() -> Result<Graph, GraphError> {
    let mut graph = Graph::new("permuted-first", [4, 3, 2])?;
    graph.push("permute", Permute::new(vec![1, 2, 0])?)?;
    graph.push("crop", Cropping2D::new([0, 1], [1, 0]))?;
    graph.push("up", UpSampling2D::new([1, 2])?)?;
    graph.push("reshape", Reshape::new([2, 2, 4]))?;
    let same = window([2, 2], [1, 1], Padding::Same);
    graph.push("conv", Conv2D::zeros(same, 4, 3))?;
    Ok(graph)
}

/// Every layer kind is in the suite: a new one has to come here.
#[test]
fn the_suite_has_every_layer_kind() {
    let networks = networks();
    let kinds: std::collections::HashSet<&str> = (networks.iter())
        .flat_map(|network| network.nodes())
        .map(|node| node.layer().kind())
        .collect();
    let missing: Vec<_> = Layer::KINDS
        .iter()
        .filter(|kind| !kinds.contains(**kind))
        .collect();
    assert!(missing.is_empty(), "no network has {missing:?}");
}

/// The image that `pixels` stand for.
pub fn image(graph: &Graph, pixels: &[u8]) -> Tensor {
    Tensor::from_fn(graph.input_shape().clone(), |i| {
        f32::from(pixels[i]) / 255.0
    })
}
