//! Networks of integers: the interpreter against the integer reference, to the bit.

use gannet_compile::cost::{Compiler, estimated_cycles};
use gannet_compile::ir::Program;
use gannet_compile::{
    CompileError, InputFormat, Interpreter, Optimize, Options, compile_quantized,
};
use gannet_graph::quantized::{
    Add, Bias, Clamp, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D, Element,
    GlobalAveragePool2D, Kernel, MaxPool2D, Maximum, PReLU, Products, Quantization, QuantizedGraph,
    QuantizedTensor, Requantize, Reshape, Sigmoid, Softmax, Tanh, TensorType, UpSampling2D,
    WeightBits,
};
use gannet_graph::{Padding, Window};
use gannet_target::Core;

use crate::suite::Random;

/// What pixels stand for: 0 to 1.
pub fn pixels() -> Quantization {
    Quantization::new(Element::I8, 1.0 / 255.0, -128).unwrap()
}

pub fn values(scale: f32, zero_point: i32) -> Quantization {
    Quantization::new(Element::I8, scale, zero_point).unwrap()
}

/// Weights of any value, so many scales, and a bias. A kernel with one value for each channel is
/// a depthwise one.
fn products(
    random: &mut Random,
    shape: &[usize],
    scales: usize,
    output: Quantization,
    clamp: Clamp,
) -> Products {
    let outputs = match shape {
        &[_, _, channels, 1] => channels,
        _ => shape[shape.len() - 1],
    };
    products_of(random, shape, [outputs, scales], output, clamp)
}

/// The same for a layer that gives so many channels.
pub fn products_of(
    random: &mut Random,
    shape: &[usize],
    [outputs, scales]: [usize; 2],
    output: Quantization,
    clamp: Clamp,
) -> Products {
    let bits = WeightBits::Eight;
    products_of_bits(random, (shape, bits), [outputs, scales], output, clamp)
}

/// The same of weights with so many bits.
pub fn products_of_bits(
    random: &mut Random,
    (shape, bits): (&[usize], WeightBits),
    [outputs, scales]: [usize; 2],
    output: Quantization,
    clamp: Clamp,
) -> Products {
    let elements = shape.iter().product();
    let weights = (0..elements)
        .map(|_| match bits {
            WeightBits::Eight => (random.bits() as i8).max(-127),
            WeightBits::Four => (random.bits() as i8) >> 4,
            WeightBits::Two => (random.bits() as i8) >> 6,
        })
        .collect();
    let scales = (0..scales).map(|_| 0.002 + 0.003 * (random.weight() + 1.0));
    let kernel = Kernel::new(shape.to_vec(), weights, bits, scales.collect());
    let bias = (0..outputs).map(|_| (random.weight() * 4000.0) as i32);
    let bias = Some(Bias::I32(bias.collect()));
    Products::new(kernel.unwrap(), bias, output, clamp)
}

pub fn window(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> Window {
    Window::new(kernel, stride, padding).unwrap()
}

fn pool(kernel: [usize; 2], stride: [usize; 2], padding: Padding) -> MaxPool2D {
    MaxPool2D {
        window: window(kernel, stride, padding),
        clamp: Clamp::None,
    }
}

/// The layers of the small network for digits.
fn digits() -> QuantizedGraph {
    let mut random = Random::new(1);
    let same = window([5, 5], [1, 1], Padding::Same);
    let mut graph = QuantizedGraph::new("digits", TensorType::new([28, 28, 1], pixels())).unwrap();
    let first = products(
        &mut random,
        &[5, 5, 1, 8],
        8,
        values(0.03, -128),
        Clamp::Relu,
    );
    graph
        .push("conv", Conv2D::new(same, first).unwrap())
        .unwrap();
    graph
        .push("pool", pool([3, 3], [2, 2], Padding::Valid))
        .unwrap();
    let second = products(
        &mut random,
        &[5, 5, 8, 4],
        4,
        values(0.1, -128),
        Clamp::Relu,
    );
    graph
        .push("conv_1", Conv2D::new(same, second).unwrap())
        .unwrap();
    graph
        .push("pool_1", pool([3, 3], [2, 2], Padding::Valid))
        .unwrap();
    graph.push("flat", Reshape::new([144])).unwrap();
    let dense = products(&mut random, &[144, 64], 1, values(0.2, -128), Clamp::Relu);
    graph.push("dense", Dense::new(dense).unwrap()).unwrap();
    let dense = products(&mut random, &[64, 10], 1, values(0.4, 3), Clamp::None);
    graph.push("dense_1", Dense::new(dense).unwrap()).unwrap();
    graph.push("sigmoid", Sigmoid).unwrap();
    graph
}

/// Zero points that are not at an end, strides, odd sizes, a scale for all filters.
fn strides() -> QuantizedGraph {
    let mut random = Random::new(2);
    let image = TensorType::new([9, 7, 3], values(0.02, 5));
    let mut graph = QuantizedGraph::new("strides", image).unwrap();
    let same = window([3, 5], [2, 2], Padding::Same);
    let first = products(
        &mut random,
        &[3, 5, 3, 5],
        1,
        values(0.04, -7),
        Clamp::Relu6,
    );
    graph
        .push("conv", Conv2D::new(same, first).unwrap())
        .unwrap();
    let depthwise = products(&mut random, &[3, 3, 5, 1], 5, values(0.05, 11), Clamp::None);
    let all_around = window([3, 3], [1, 1], Padding::Same);
    let layer = DepthwiseConv2D::new(all_around, depthwise).unwrap();
    graph.push("depthwise", layer).unwrap();
    graph
        .push("pool", pool([2, 2], [1, 1], Padding::Same))
        .unwrap();
    graph
        .push("pool_1", pool([2, 3], [2, 1], Padding::Same))
        .unwrap();
    graph.push("tanh", Tanh).unwrap();
    graph
}

/// Two ways that are added.
fn residual() -> QuantizedGraph {
    let mut random = Random::new(3);
    let image = TensorType::new([6, 7, 3], pixels());
    let mut graph = QuantizedGraph::new("integer-residual", image).unwrap();
    let same = window([3, 3], [1, 1], Padding::Same);
    let stem = products(
        &mut random,
        &[3, 3, 3, 4],
        4,
        values(0.03, -20),
        Clamp::None,
    );
    let stem = graph
        .push("stem", Conv2D::new(same, stem).unwrap())
        .unwrap();
    let way = products(&mut random, &[3, 3, 4, 4], 4, values(0.07, 9), Clamp::Relu);
    let way = graph.push("way", Conv2D::new(same, way).unwrap()).unwrap();
    let add = Add {
        output: values(0.09, -3),
        clamp: Clamp::Relu,
    };
    graph.add("add", add, &[way, stem]).unwrap();
    let mean = GlobalAveragePool2D {
        output: values(0.03, 5),
        keep_dims: false,
    };
    graph.push("mean", mean).unwrap();
    graph
}

/// Shares of the channels of each pixel, and of a mean's.
fn shares() -> QuantizedGraph {
    let mut random = Random::new(4);
    let image = TensorType::new([5, 4, 3], pixels());
    let mut graph = QuantizedGraph::new("integer-shares", image).unwrap();
    let same = window([3, 3], [1, 1], Padding::Same);
    let convolution = products(&mut random, &[3, 3, 3, 7], 7, values(0.11, 9), Clamp::None);
    graph
        .push("conv", Conv2D::new(same, convolution).unwrap())
        .unwrap();
    graph.push("softmax", Softmax { beta: 1.0 }).unwrap();
    let mean = GlobalAveragePool2D {
        output: values(0.004, -128),
        keep_dims: false,
    };
    graph.push("mean", mean).unwrap();
    let dense = products(&mut random, &[7, 10], 1, values(0.15, 30), Clamp::None);
    graph.push("dense", Dense::new(dense).unwrap()).unwrap();
    graph.push("softmax_1", Softmax { beta: 1.5 }).unwrap();
    graph
}

/// Weights of two or four bits: more inputs than are unpacked at a time, units that are no blocks
/// of one size, words that are not full; and a window's, of one block and of several.
fn packed(name: &str, bits: WeightBits) -> QuantizedGraph {
    let mut random = Random::new(6);
    let image = TensorType::new([7, 9, 3], pixels());
    let mut graph = QuantizedGraph::new(name, image).unwrap();
    let mut few = |shape: &[usize], outputs, output| {
        let shape = (shape, bits);
        products_of_bits(&mut random, shape, [outputs; 2], output, Clamp::None)
    };
    let same = window([3, 3], [1, 1], Padding::Same);
    let convolution = few(&[3, 3, 3, 19], 19, values(0.05, 7));
    graph
        .push("conv", Conv2D::new(same, convolution).unwrap())
        .unwrap();
    let convolution = few(&[3, 3, 19, 5], 5, values(0.1, 3));
    graph
        .push("conv_1", Conv2D::new(same, convolution).unwrap())
        .unwrap();
    graph.push("flat", Reshape::new([315])).unwrap();
    let dense = few(&[315, 13], 13, values(0.3, -9));
    graph.push("dense", Dense::new(dense).unwrap()).unwrap();
    let dense = few(&[13, 3], 3, values(0.2, 1));
    graph.push("dense_1", Dense::new(dense).unwrap()).unwrap();
    graph
}

/// An image that is made larger and smaller again, with what else few networks have: groups,
/// learnt slopes, the larger of two.
fn enlarged() -> QuantizedGraph {
    let mut random = Random::new(9);
    let image = TensorType::new([4, 5, 4], values(0.02, -11));
    let mut graph = QuantizedGraph::new("enlarged", image).unwrap();
    let same = window([3, 3], [1, 1], Padding::Same);
    let of_two = products(&mut random, &[3, 3, 2, 6], 6, values(0.05, 4), Clamp::None);
    let in_groups = Conv2D::new(same, of_two).unwrap().with_groups(2);
    graph.push("groups", in_groups.unwrap()).unwrap();
    let slopes = TensorType::new([1, 1, 6], values(0.01, 20));
    let prelu = PReLU::new(values(0.06, -5), slopes, vec![-128, -3, 20, 50, 90, 127]);
    graph.push("prelu", prelu.unwrap()).unwrap();
    let twice = window([3, 2], [2, 2], Padding::Same);
    let kernel = products(&mut random, &[3, 2, 6, 5], 5, values(0.09, 13), Clamp::Relu);
    let transposed = Conv2DTranspose::new(twice, kernel).unwrap();
    let transposed = graph.push("transposed", transposed).unwrap();
    let output = values(0.07, 2);
    graph.push("other", Requantize { output }).unwrap();
    let output = values(0.09, 13);
    let again = graph.push("again", Requantize { output }).unwrap();
    graph.add("larger", Maximum, &[transposed, again]).unwrap();
    let larger = UpSampling2D::new([1, 2]).unwrap();
    graph.push("wide", larger).unwrap();
    graph
        .push("pool", pool([2, 3], [2, 3], Padding::Valid))
        .unwrap();
    graph
}

/// Values of 16 bits: sums of 64 bits and of 32, and functions that are lines between places of a
/// table.
fn shorts() -> QuantizedGraph {
    let of = |scale| Quantization::new(Element::I16, scale, 0).unwrap();
    let mut random = Random::new(10);
    let image = TensorType::new([6, 5, 3], of(1.0 / 32767.0));
    let mut graph = QuantizedGraph::new("shorts", image).unwrap();
    let same = window([3, 3], [1, 1], Padding::Same);
    let mut wide = |shape: &[usize], scales, output| {
        let narrow = products(&mut random, shape, scales, output, Clamp::None);
        let Some(Bias::I32(bias)) = narrow.bias() else {
            unreachable!("it has a bias")
        };
        let bias = bias.iter().map(|&bias| i64::from(bias) * 50);
        let bias = Some(Bias::I64(bias.collect()));
        Products::new(narrow.kernel().clone(), bias, output, Clamp::None)
    };
    let first = Conv2D::new(same, wide(&[3, 3, 3, 6], 6, of(0.000_2))).unwrap();
    let dense = Dense::new(wide(&[24, 5], 5, of(0.000_3))).unwrap();
    graph.push("conv", first).unwrap();
    let tanh = graph.push("tanh", Tanh).unwrap();
    let second = products(&mut random, &[3, 3, 6, 1], 6, of(0.000_1), Clamp::Relu);
    let second = DepthwiseConv2D::new(same, second).unwrap();
    graph.push("depthwise", second).unwrap();
    let gate = graph.push("gate", Sigmoid).unwrap();
    let add = Add {
        output: of(0.000_08),
        clamp: Clamp::None,
    };
    graph.add("add", add, &[gate, tanh]).unwrap();
    graph
        .push("pool", pool([3, 2], [3, 2], Padding::Valid))
        .unwrap();
    graph.push("flat", Reshape::new([24])).unwrap();
    graph.push("dense", dense).unwrap();
    graph.push("softmax", Softmax { beta: 1.0 }).unwrap();
    graph
}

/// Depthwise windows over channels that come four at a time: of strides, borders, a picture's
/// bytes, and more weights than are widened.
fn words() -> QuantizedGraph {
    let mut random = Random::new(7);
    let image = TensorType::new([9, 11, 4], pixels());
    let mut graph = QuantizedGraph::new("words", image).unwrap();
    let mut depthwise = |graph: &mut QuantizedGraph, name, channels, window: Window, output| {
        let [height, width] = window.kernel();
        let shape = [height, width, channels, 1];
        let products = products(&mut random, &shape, channels, output, Clamp::None);
        let layer = DepthwiseConv2D::new(window, products).unwrap();
        graph.push(name, layer).unwrap();
    };
    let same = |kernel, stride| window(kernel, stride, Padding::Same);
    let output = values(0.02, -7);
    depthwise(&mut graph, "bytes", 4, same([3, 3], [1, 1]), output);
    let output = values(0.03, 11);
    depthwise(&mut graph, "steps", 4, same([2, 5], [2, 1]), output);
    let valid = window([3, 3], [1, 2], Padding::Valid);
    depthwise(&mut graph, "inside", 4, valid, values(0.04, 3));
    let mut random = Random::new(8);
    let many = products(
        &mut random,
        &[1, 1, 4, 260],
        260,
        values(0.02, -20),
        Clamp::Relu,
    );
    let point = window([1, 1], [1, 1], Padding::Valid);
    let layer = Conv2D::new(point, many).unwrap();
    graph.push("many", layer).unwrap();
    let output = values(0.05, -1);
    let last = products(&mut random, &[3, 3, 260, 1], 260, output, Clamp::Relu6);
    let layer = DepthwiseConv2D::new(same([3, 3], [1, 1]), last).unwrap();
    graph.push("narrow", layer).unwrap();
    graph
}

pub fn networks() -> Vec<QuantizedGraph> {
    vec![
        digits(),
        strides(),
        residual(),
        shares(),
        packed("nibbles", WeightBits::Four),
        packed("two-bits", WeightBits::Two),
        enlarged(),
        shorts(),
        words(),
    ]
}

/// All that a compiler can be told to give the most for.
pub const AIMS: [Optimize; 3] = [Optimize::Balanced, Optimize::Ram, Optimize::Time];

/// `graph`, compiled for pixels.
pub fn compiled(graph: &QuantizedGraph, optimize: Optimize) -> Result<Program, CompileError> {
    let options = Options {
        optimize,
        ..Options::new(InputFormat::PIXELS)
    };
    compile_quantized(graph, &options)
}

pub fn program(graph: &QuantizedGraph) -> Program {
    compiled(graph, Optimize::Balanced).unwrap()
}

/// Elements as they lie in memory.
fn integers_of(bytes: &[u8], element: Element) -> Vec<i32> {
    match element {
        Element::I16 => {
            let pairs = bytes.as_chunks::<2>().0.iter();
            pairs.map(|&pair| i16::from_le_bytes(pair).into()).collect()
        }
        _ => bytes.iter().map(|byte| byte.cast_signed().into()).collect(),
    }
}

/// What the interpreter gives for one of so many pictures, and what the reference does, if that is
/// something else.
pub fn departure(
    graph: &QuantizedGraph,
    optimize: Optimize,
    pictures: usize,
) -> Option<(Vec<i32>, Vec<i32>)> {
    let program = compiled(graph, optimize).unwrap();
    let quantization = graph.input_type().quantization;
    let mut interpreter = Interpreter::new(&program);
    let mut random = Random::new(7);
    (0..pictures).find_map(|_| {
        let bytes = random.pixels(program.image_len());
        let pixels = bytes.iter().map(|&byte| f32::from(byte) * (1.0 / 255.0));
        let integers = pixels.map(|pixel| quantization.quantize(pixel));
        let image = QuantizedTensor::new(graph.input_type().clone(), integers.collect());
        let expected = graph.run(&image.unwrap()).unwrap().data().to_vec();
        let found = integers_of(interpreter.run(&bytes), quantization.element());
        (found != expected).then_some((found, expected))
    })
}

#[test]
fn the_interpreter_computes_the_integer_references_bits() {
    for graph in networks() {
        for aim in AIMS {
            let departure = departure(&graph, aim, 20);
            assert_eq!(departure, None, "{} {aim:?}", graph.name());
        }
    }
}

/// Few and many channels, steep and flat, one that is far above the others, and all the same: where
/// a sum of powers is a power of two, and where it takes all bits.
/// Seven blocks of four columns cover 28 of the 27 that pooling reads, so that all are alike; for
/// RAM the row of sums ends where pooling does, and needs less of a border. For time the kernel of
/// the first dense convolution has 16 bits too, and so have its sources where nothing else reads
/// them.
#[test]
fn every_aim_has_its_effect() {
    let sizes = |graph: &QuantizedGraph| {
        AIMS.map(|aim| {
            let program = compiled(graph, aim).unwrap();
            let cycles = estimated_cycles(&program, Core::CortexM4F, Compiler::Gcc).unwrap();
            let cycles: u64 = cycles.iter().sum();
            (program.arena_bytes(), program.constant_bytes(), cycles)
        })
    };
    let [balanced, ram, _] = sizes(&digits());
    assert!(ram.0 < balanced.0, "{ram:?} {balanced:?}");
    let [balanced, _, time] = sizes(&words());
    assert!(time.1 > balanced.1, "{time:?} {balanced:?}");
    assert!(time.2 < balanced.2, "{time:?} {balanced:?}");
}

#[test]
fn shares_of_any_channels_are_the_references() {
    for (channels, scale) in [(1, 0.1), (2, 0.3), (10, 0.02), (600, 0.05), (4095, 0.001)] {
        let input = TensorType::new([channels], values(scale, 0));
        let mut graph = QuantizedGraph::new("shares", input).unwrap();
        graph.push("softmax", Softmax { beta: 1.0 }).unwrap();
        let options = Options::new(InputFormat::F32);
        let mut interpreter = Interpreter::new(&compile_quantized(&graph, &options).unwrap());
        let mut random = Random::new(5);
        for turn in 0..40 {
            let spread = [0, 2, 40, 255][turn % 4];
            let largest = i32::from(random.bits() as i8);
            let mut value = || (largest - random.below(spread + 1) as i32).max(-128);
            let row: Vec<i32> = (0..channels).map(|_| value()).collect();
            let bytes: Vec<u8> = row.iter().map(|&value| value as u8).collect();
            let row = QuantizedTensor::new(graph.input_type().clone(), row).unwrap();
            let expected = graph.run(&row).unwrap();
            let found = interpreter.run(&bytes).iter();
            let found: Vec<i32> = found.map(|byte| byte.cast_signed().into()).collect();
            assert_eq!(found, expected.data(), "{channels} channels, turn {turn}");
        }
    }
}

#[test]
fn a_picture_of_bytes_is_read_as_it_is_where_its_integers_are_bytes_less_128() {
    let tables = networks().into_iter().map(|graph| {
        let program = program(&graph);
        assert_eq!(program.input().element, gannet_compile::ir::Element::U8);
        let names = program.buffers().iter().map(|buffer| &buffer.name);
        names.filter(|name| *name == "input_table").count()
    });
    assert_eq!(tables.collect::<Vec<_>>(), [0, 1, 0, 0, 0, 0, 1, 1, 0]);
}

/// Two or four weights to a byte, blocks in whole words: five units, 320 weights.
#[test]
fn weights_of_few_bits_take_parts_of_a_byte() {
    let bytes = |bits| {
        let mut random = Random::new(8);
        let mut graph = QuantizedGraph::new("d", TensorType::new([64], values(0.1, 0))).unwrap();
        let products = ((&[64, 10][..], bits), [10, 1], values(0.2, 0));
        let (shape, outputs, output) = products;
        let products = products_of_bits(&mut random, shape, outputs, output, Clamp::None);
        graph.push("dense", Dense::new(products).unwrap()).unwrap();
        program(&graph).constant_bytes()
    };
    assert_eq!(bytes(WeightBits::Eight) - bytes(WeightBits::Four), 320);
    assert_eq!(bytes(WeightBits::Eight) - bytes(WeightBits::Two), 480);
}

/// The twin of floats has no scales, but the hash tells networks apart that differ in one only.
#[test]
fn a_scale_is_part_of_the_hash() {
    let of = |scale| {
        let image = TensorType::new([4], values(0.1, 0));
        let mut graph = QuantizedGraph::new("scales", image).unwrap();
        let weights = Kernel::new(vec![4, 1], vec![1; 4], WeightBits::Eight, vec![scale]);
        let products = Products::new(weights.unwrap(), None, values(0.1, 0), Clamp::None);
        graph.push("dense", Dense::new(products).unwrap()).unwrap();
        program(&graph).hash()
    };
    assert_eq!(of(0.5), of(0.5));
    assert_ne!(of(0.5), of(0.25));
}

/// The image, five rows of it with two columns of border, six pooled rows of 13 pixels of 8
/// channels with three columns of border, so that all blocks of two columns are alike, and 144
/// features; what follows lies in their place.
#[test]
fn rows_of_integers_stream_through_small_rings() {
    let digits = program(&digits());
    let copied: usize = 5 * (28 + 2) + 2;
    let ring: usize = (6 * (13 + 3) + 2) * 8;
    assert_eq!(
        digits.arena_bytes(),
        784 + copied.next_multiple_of(4) + ring + 144
    );
    // Weights, those of the first window of two bytes, biases of four bytes, what each row of the
    // second window gives back, a multiplier for each filter, and the logistic function.
    let given_back = 5 * 4 * 4;
    assert!(digits.constant_bytes() <= 10_856 + 1_000 + 86 * 4 + given_back + 12 * 6 + 256);
}
