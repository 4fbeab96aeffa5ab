//! Activation functions in ONNX's operators.

use gannet_graph::{Function, NodeId};

use super::{
    order::Form,
    writer::{Writer, float, int, text},
};

/// Writes the node `id`, which applies `function`.
pub(super) fn write(writer: &mut Writer<'_>, id: NodeId, function: Function) {
    let node = writer.graph.node(id);
    let name = node.name();
    let inputs = writer.inputs(node);
    if function == Function::Linear && writer.rounded.is_some() {
        // Its value is rounded to other integers, and that is all.
        return writer.call(id, inputs.concat());
    }
    // Where the graph's innermost extent is.
    let innermost = match writer.form(id) {
        Form::ChannelsFirst => 1,
        _ => -1,
    };
    let (operator, attributes) = match function {
        Function::Linear => ("Identity", vec![]),
        Function::Relu => ("Relu", vec![]),
        Function::Relu6 => return clip(writer, id, 0.0, 6.0),
        Function::Clip { low, high } => return clip(writer, id, low, high),
        Function::LeakyRelu { slope } => ("LeakyRelu", vec![float("alpha", slope)]),
        Function::Elu { alpha } => ("Elu", vec![float("alpha", alpha)]),
        Function::Selu => ("Selu", vec![]),
        Function::Sigmoid => ("Sigmoid", vec![]),
        Function::HardSigmoid { slope, offset } => {
            let attributes = vec![float("alpha", slope), float("beta", offset)];
            ("HardSigmoid", attributes)
        }
        Function::Tanh => ("Tanh", vec![]),
        Function::Softplus => ("Softplus", vec![]),
        Function::Silu => {
            let sigmoid = writer.beside(name, "Sigmoid", inputs.clone(), vec![]);
            return writer.node(name, "Mul", [inputs, vec![sigmoid]].concat(), vec![]);
        }
        Function::HardSwish => ("HardSwish", vec![]),
        Function::Gelu => ("Gelu", vec![]),
        Function::GeluTanh => ("Gelu", vec![text("approximate", "tanh")]),
        Function::Softmax => ("Softmax", vec![int("axis", innermost)]),
        Function::LogSoftmax => ("LogSoftmax", vec![int("axis", innermost)]),
    };
    if operator == "Gelu" {
        writer.need_opset(20);
    }
    writer.node(name, operator, inputs, attributes);
}

fn clip(writer: &mut Writer<'_>, id: NodeId, low: f32, high: f32) {
    let node = writer.graph.node(id);
    let name = node.name();
    let mut inputs = writer.inputs(node);
    inputs.push(writer.scalar(name, "min", low));
    inputs.push(writer.scalar(name, "max", high));
    writer.node(name, "Clip", inputs, vec![]);
}
