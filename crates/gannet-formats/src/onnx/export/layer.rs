//! Layers in ONNX's operators.

use gannet_graph::{
    BatchNormalization, Conv2D, Conv2DTranspose, Cropping2D, Dense, DepthwiseConv2D, Layer, NodeId,
    PReLU, Permute, Rescaling, Shape, Tensor, UpSampling2D, Window, ZeroPadding2D,
};

use super::{
    activation,
    order::Form,
    writer::{Writer, float, int, int_list, ints, text},
};
use crate::{layout, onnx::schema};

const CHECKED: &str = "the weights were checked when the layer was built";

/// Writes the node `id`.
pub(super) fn write(writer: &mut Writer<'_>, id: NodeId) {
    let node = writer.graph.node(id);
    let name = node.name();
    let inputs = writer.inputs(node);
    match node.layer() {
        // An end of the model and no node.
        Layer::Input(_) => {}
        Layer::Conv2D(conv) => convolution(writer, id, conv),
        Layer::DepthwiseConv2D(depthwise) => depthwise_convolution(writer, id, depthwise),
        Layer::Dense(layer) => dense(writer, id, layer),
        Layer::MaxPool2D(pool) => {
            let attributes = window(pool.window, input_shape(writer, id));
            writer.node(name, "MaxPool", inputs, attributes);
        }
        Layer::AveragePool2D(pool) => {
            let mut attributes = window(pool.window, input_shape(writer, id));
            attributes.push(int("count_include_pad", 0));
            writer.node(name, "AveragePool", inputs, attributes);
        }
        Layer::Conv2DTranspose(conv) => transposed_convolution(writer, id, conv),
        Layer::GlobalAveragePool2D(_) => over_image(writer, id, "GlobalAveragePool"),
        Layer::GlobalMaxPool2D(_) => over_image(writer, id, "GlobalMaxPool"),
        Layer::Activation(layer) => activation::write(writer, id, layer.function),
        Layer::BatchNormalization(layer) => normalization(writer, id, layer),
        Layer::Dropout(dropout) => {
            let ratio = writer.scalar(name, "ratio", dropout.rate());
            writer.node(name, "Dropout", [inputs, vec![ratio]].concat(), vec![]);
        }
        Layer::ZeroPadding2D(padding) => border(writer, id, *padding),
        Layer::Cropping2D(cropping) => crop(writer, id, *cropping),
        Layer::UpSampling2D(sampling) => enlarge(writer, id, *sampling),
        Layer::PReLU(layer) => slopes(writer, id, layer),
        Layer::Rescaling(rescaling) => rescale(writer, id, rescaling),
        Layer::Add(_) => writer.node(name, "Sum", inputs, vec![]),
        Layer::Subtract(_) => writer.node(name, "Sub", inputs, vec![]),
        Layer::Multiply(_) => product(writer, id),
        Layer::Maximum(_) => writer.node(name, "Max", inputs, vec![]),
        Layer::Minimum(_) => writer.node(name, "Min", inputs, vec![]),
        Layer::Concatenate(_) => {
            let axis = if writer.form(id) == Form::ChannelsFirst {
                1
            } else {
                -1
            };
            writer.node(name, "Concat", inputs, vec![int("axis", axis)]);
        }
        Layer::Flatten(_) => flatten(writer, id),
        Layer::Reshape(_) => reshape(writer, id),
        Layer::Permute(permute) => turn(writer, id, permute),
    }
}

/// The shape of what the node reads.
fn input_shape<'a>(writer: &Writer<'a>, id: NodeId) -> &'a Shape {
    let input = writer.graph.node(id).inputs()[0];
    writer.graph.node(input).output_shape()
}

/// The attributes of a window over an image.
fn window(window: Window, image: &Shape) -> Vec<schema::Attribute> {
    let [height, width, _] = image.as_image().expect("windows slide over images");
    let extents = [height, width];
    let before = window.pad_before(extents);
    let positions = window.positions(extents).expect("the window fits");
    let (stride, extent) = (window.stride(), window.extent());
    // What explicit padding lies behind the last position changes nothing.
    let behind = [0, 1].map(|axis| {
        let covered = (positions[axis] - 1) * stride[axis] + extent[axis];
        covered.saturating_sub(extents[axis] + before[axis])
    });
    let mut attributes = sizes(window);
    attributes.push(ints("pads", [before[0], before[1], behind[0], behind[1]]));
    attributes
}

/// Extents, steps and spacing of a window.
fn sizes(window: Window) -> Vec<schema::Attribute> {
    let mut attributes = vec![
        ints("kernel_shape", window.kernel()),
        ints("strides", window.stride()),
    ];
    if window.dilation() != [1, 1] {
        attributes.push(ints("dilations", window.dilation()));
    }
    attributes
}

/// A node that gives one value of each channel, as an image of one pixel.
fn over_image(writer: &mut Writer<'_>, id: NodeId, operator: &str) {
    let node = writer.graph.node(id);
    let (name, inputs) = (node.name(), writer.inputs(node));
    let image = writer.free_name(&format!("{name}/image"));
    writer.add(name, operator, inputs, vec![], image.clone());
    let flatten = writer.free_name(&format!("{name}/flatten"));
    let axis = vec![int("axis", 1)];
    writer.add(&flatten, "Flatten", vec![image], axis, name.to_owned());
}

/// ONNX's kernel is `[channels, filters, height, width]`, its output what the input reaches
/// without the paddings and with the output padding.
fn transposed_convolution(writer: &mut Writer<'_>, id: NodeId, conv: &Conv2DTranspose) {
    let kernel = layout::kernel_to_first(conv.kernel()).expect(CHECKED);
    let node = writer.graph.node(id);
    let image = |shape: &Shape| shape.as_image().expect("images come in and go out");
    let (input, output) = (image(input_shape(writer, id)), image(node.output_shape()));
    let (window, before) = (conv.window(), conv.cut());
    let (mut behind, mut more) = ([0; 2], [0; 2]);
    for axis in 0..2 {
        let reached = (input[axis] - 1) * window.stride()[axis] + window.extent()[axis];
        let needed = output[axis] + before[axis];
        behind[axis] = reached.saturating_sub(needed);
        more[axis] = needed.saturating_sub(reached);
    }
    let mut attributes = sizes(window);
    attributes.push(ints("pads", [before[0], before[1], behind[0], behind[1]]));
    attributes.push(ints("output_padding", more));
    let weights = [("kernel", Some(&kernel)), ("bias", conv.bias())];
    weighted(writer, id, "ConvTranspose", &weights, attributes);
}

fn convolution(writer: &mut Writer<'_>, id: NodeId, conv: &Conv2D) {
    let kernel = layout::kernel_to_first(conv.kernel()).expect(CHECKED);
    let mut attributes = window(conv.window(), input_shape(writer, id));
    if conv.groups() > 1 {
        attributes.push(int("group", conv.groups() as i64));
    }
    weighted(
        writer,
        id,
        "Conv",
        &[("kernel", Some(&kernel)), ("bias", conv.bias())],
        attributes,
    );
}

fn depthwise_convolution(writer: &mut Writer<'_>, id: NodeId, conv: &DepthwiseConv2D) {
    let kernel = layout::depthwise_to_first(conv.kernel()).expect(CHECKED);
    let image = input_shape(writer, id);
    let mut attributes = window(conv.window(), image);
    attributes.push(int("group", image.channels() as i64));
    weighted(
        writer,
        id,
        "Conv",
        &[("kernel", Some(&kernel)), ("bias", conv.bias())],
        attributes,
    );
}

fn dense(writer: &mut Writer<'_>, id: NodeId, dense: &Dense) {
    let input = writer.graph.node(id).inputs()[0];
    let kernel = match writer.form(input) {
        Form::FlatChannelsFirst(image) => {
            layout::features_to_first(dense.kernel(), image).expect(CHECKED)
        }
        _ => dense.kernel().clone(),
    };
    weighted(
        writer,
        id,
        "Gemm",
        &[("kernel", Some(&kernel)), ("bias", dense.bias())],
        vec![],
    );
}

/// A node that reads one value and then weights, those that there are.
fn weighted(
    writer: &mut Writer<'_>,
    id: NodeId,
    operator: &str,
    weights: &[(&str, Option<&Tensor>)],
    attributes: Vec<schema::Attribute>,
) {
    let node = writer.graph.node(id);
    let mut inputs = writer.inputs(node);
    for (weight, tensor) in weights {
        if let Some(tensor) = tensor {
            inputs.push(writer.tensor(node.name(), weight, tensor));
        }
    }
    writer.node(node.name(), operator, inputs, attributes);
}

fn normalization(writer: &mut Writer<'_>, id: NodeId, layer: &BatchNormalization) {
    let channels = layer.channels();
    if !matches!(input_shape(writer, id).dims().len(), 1 | 3) {
        return scale_and_shift(writer, id, layer);
    }
    let (ones, zeros) = (
        Tensor::from_fn([channels], |_| 1.0),
        Tensor::zeros([channels]),
    );
    let input = writer.graph.node(id).inputs()[0];
    let ordered = |tensor: &Tensor| match writer.form(input) {
        Form::FlatChannelsFirst(image) => {
            let column = tensor.clone().reshaped([channels, 1]).ok();
            let column = column.and_then(|column| layout::features_to_first(&column, image));
            let vector = column.and_then(|column| column.reshaped([channels]).ok());
            vector.expect(CHECKED)
        }
        _ => tensor.clone(),
    };
    let weights = [
        ("gamma", ordered(layer.gamma().unwrap_or(&ones))),
        ("beta", ordered(layer.beta().unwrap_or(&zeros))),
        ("moving_mean", ordered(layer.moving_mean())),
        ("moving_variance", ordered(layer.moving_variance())),
    ];
    let weights = weights
        .each_ref()
        .map(|(name, tensor)| (*name, Some(tensor)));
    let attributes = vec![
        float("epsilon", layer.epsilon()),
        float("momentum", layer.momentum),
    ];
    weighted(writer, id, "BatchNormalization", &weights, attributes);
}

/// A normalization of a tensor whose channels are not ONNX's axis 1.
fn scale_and_shift(writer: &mut Writer<'_>, id: NodeId, layer: &BatchNormalization) {
    let node = writer.graph.node(id);
    let channels = layer.channels();
    let scale = Tensor::from_fn([channels], |c| layer.scale_shift(c).scale as f32);
    let shift = Tensor::from_fn([channels], |c| layer.scale_shift(c).shift as f32);
    let scale = writer.tensor(node.name(), "scale", &scale);
    let shift = writer.tensor(node.name(), "shift", &shift);
    let mut inputs = writer.inputs(node);
    inputs.push(scale);
    let scaled = writer.beside(node.name(), "Mul", inputs, vec![]);
    writer.node(node.name(), "Add", vec![scaled, shift], vec![]);
}

fn border(writer: &mut Writer<'_>, id: NodeId, padding: ZeroPadding2D) {
    let node = writer.graph.node(id);
    let ([top, bottom], [left, right]) = (padding.vertical, padding.horizontal);
    let pads = [0, 0, top, left, 0, 0, bottom, right].map(|width| width as i64);
    let mut inputs = writer.inputs(node);
    inputs.push(writer.whole(node.name(), "pads", &pads));
    writer.node(node.name(), "Pad", inputs, vec![]);
}

fn flatten(writer: &mut Writer<'_>, id: NodeId) {
    let node = writer.graph.node(id);
    let name = node.name();
    let mut inputs = writer.inputs(node);
    let from_image = writer.form(node.inputs()[0]) == Form::ChannelsFirst;
    let one_order = {
        let shape = input_shape(writer, id);
        shape.channels() == 1 || shape.channels() == shape.elements()
    };
    if from_image && writer.form(id) == Form::AsItIs && !one_order {
        let order = ints("perm", [0, 2, 3, 1]);
        inputs = vec![writer.beside(name, "Transpose", inputs, vec![order])];
    }
    writer.node(name, "Flatten", inputs, vec![int("axis", 1)]);
}

fn crop(writer: &mut Writer<'_>, id: NodeId, cropping: Cropping2D) {
    let node = writer.graph.node(id);
    let name = node.name();
    let [rows, columns, _] = node.output_shape().as_image().expect("an image goes out");
    let start = [cropping.vertical[0], cropping.horizontal[0]].map(|start| start as i64);
    let end = [start[0] + rows as i64, start[1] + columns as i64];
    let mut inputs = writer.inputs(node);
    inputs.push(writer.whole(name, "starts", &start));
    inputs.push(writer.whole(name, "ends", &end));
    inputs.push(writer.whole(name, "axes", &[2, 3]));
    writer.node(name, "Slice", inputs, vec![]);
}

fn enlarge(writer: &mut Writer<'_>, id: NodeId, sampling: UpSampling2D) {
    let node = writer.graph.node(id);
    let name = node.name();
    let [vertical, horizontal] = sampling.size().map(|factor| factor as f32);
    let scales = Tensor::new([4], vec![1.0, 1.0, vertical, horizontal]).expect("four scales");
    let mut inputs = writer.inputs(node);
    inputs.push(String::new());
    inputs.push(writer.tensor(name, "scales", &scales));
    let attributes = vec![
        text("mode", "nearest"),
        text("coordinate_transformation_mode", "asymmetric"),
        text("nearest_mode", "floor"),
    ];
    writer.node(name, "Resize", inputs, attributes);
}

fn slopes(writer: &mut Writer<'_>, id: NodeId, layer: &PReLU) {
    let alpha = match writer.form(id) {
        Form::ChannelsFirst => layout::transposed(layer.alpha(), [2, 0, 1]).expect(CHECKED),
        _ => layer.alpha().clone(),
    };
    weighted(writer, id, "PRelu", &[("alpha", Some(&alpha))], vec![]);
}

fn rescale(writer: &mut Writer<'_>, id: NodeId, rescaling: &Rescaling) {
    let node = writer.graph.node(id);
    let name = node.name();
    let of_channels = |values: &[f32]| {
        let values = values.to_vec();
        let dims = match (values.len(), writer.form(id)) {
            (1, _) => vec![],
            (channels, Form::ChannelsFirst) => vec![channels, 1, 1],
            (channels, _) => vec![channels],
        };
        Tensor::new(dims, values).expect("a number for each channel")
    };
    let (scale, offset) = (
        of_channels(rescaling.scale()),
        of_channels(rescaling.offset()),
    );
    let mut inputs = writer.inputs(node);
    inputs.push(writer.tensor(name, "scale", &scale));
    let scaled = writer.beside(name, "Mul", inputs, vec![]);
    let offset = writer.tensor(name, "offset", &offset);
    writer.node(name, "Add", vec![scaled, offset], vec![]);
}

/// `Mul` takes two values at a time.
fn product(writer: &mut Writer<'_>, id: NodeId) {
    let node = writer.graph.node(id);
    let mut inputs = writer.inputs(node);
    let last = inputs.pop().expect("a product has inputs");
    let mut so_far = inputs.remove(0);
    for factor in inputs {
        so_far = writer.beside(node.name(), "Mul", vec![so_far, factor], vec![]);
    }
    writer.node(node.name(), "Mul", vec![so_far, last], vec![]);
}

/// The values stay in the graph's order, which is not ONNX's of an image.
fn reshape(writer: &mut Writer<'_>, id: NodeId) {
    let node = writer.graph.node(id);
    let name = node.name();
    let mut inputs = writer.inputs(node);
    if writer.form(node.inputs()[0]) == Form::ChannelsFirst {
        let order = ints("perm", [0, 2, 3, 1]);
        inputs = vec![writer.beside(name, "Transpose", inputs, vec![order])];
    }
    // 0 keeps the batch.
    let extents = node.output_shape().dims().iter().map(|&dim| dim as i64);
    let shape: Vec<i64> = std::iter::once(0).chain(extents).collect();
    inputs.push(writer.whole(name, "shape", &shape));
    if writer.form(id) == Form::ChannelsFirst {
        let shaped = writer.beside(name, "Reshape", inputs, vec![]);
        let order = ints("perm", [0, 3, 1, 2]);
        writer.node(name, "Transpose", vec![shaped], vec![order]);
    } else {
        writer.node(name, "Reshape", inputs, vec![]);
    }
}

fn turn(writer: &mut Writer<'_>, id: NodeId, permute: &Permute) {
    let node = writer.graph.node(id);
    // Where ONNX has each extent of the graph, behind the batch.
    let axes = |form: Form| -> Vec<usize> {
        match form {
            Form::ChannelsFirst => vec![2, 3, 1],
            _ => (1..=permute.order().len()).collect(),
        }
    };
    let (from, to) = (axes(writer.form(node.inputs()[0])), axes(writer.form(id)));
    let mut order = vec![0; permute.order().len() + 1];
    for (place, &extent) in permute.order().iter().enumerate() {
        order[to[place]] = from[extent];
    }
    let attributes = vec![int_list("perm", &order)];
    writer.node(node.name(), "Transpose", writer.inputs(node), attributes);
}
