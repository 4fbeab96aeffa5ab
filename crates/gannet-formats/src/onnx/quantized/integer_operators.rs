//! Operators of integers, each of which stands for one of real numbers between roundings: ONNX's
//! own, and those that onnxruntime's quantizer writes if it is asked for operators and not for
//! pairs.

use crate::onnx::schema;

/// An operator of integers. Its values come in threes: the integers, their scale and their zero
/// point.
pub(super) struct IntegerOperator {
    name: &'static str,
    domain: &'static str,
    /// The operator of real numbers that it stands for.
    pub real: &'static str,
    /// The place of the first value.
    pub first: usize,
    /// How many values there are; `None` if all inputs behind the first are values.
    count: Option<usize>,
    /// The place of the output's scale, which its zero point follows.
    pub output: usize,
    /// The place of a bias, at the scale of the products.
    pub bias: Option<usize>,
    /// Along which axis of the weights each index has a scale of its own.
    axis: fn(&schema::Node, usize) -> usize,
}

const MICROSOFT: &str = "com.microsoft";

/// A function of one value of onnxruntime's.
const FUNCTION: IntegerOperator = IntegerOperator {
    name: "",
    domain: MICROSOFT,
    real: "",
    first: 0,
    count: Some(1),
    output: 3,
    bias: None,
    axis: |_, _| 0,
};

/// An operator of two values.
const PAIR: IntegerOperator = IntegerOperator {
    count: Some(2),
    output: 6,
    ..FUNCTION
};

const OPERATORS: &[IntegerOperator] = &[
    IntegerOperator {
        name: "QLinearConv",
        domain: "",
        real: "Conv",
        bias: Some(8),
        ..PAIR
    },
    IntegerOperator {
        name: "QLinearMatMul",
        domain: "",
        real: "MatMul",
        axis: |_, rank| rank.saturating_sub(1),
        ..PAIR
    },
    IntegerOperator {
        name: "QGemm",
        real: "Gemm",
        output: 7,
        bias: Some(6),
        axis: |node, _| {
            let transposed = node.attribute.iter().find(|a| a.name == "transB");
            usize::from(transposed.and_then(|a| a.i).unwrap_or(0) == 0)
        },
        ..PAIR
    },
    IntegerOperator {
        name: "QLinearAdd",
        real: "Add",
        ..PAIR
    },
    IntegerOperator {
        name: "QLinearMul",
        real: "Mul",
        ..PAIR
    },
    IntegerOperator {
        name: "QLinearConcat",
        real: "Concat",
        first: 2,
        count: None,
        output: 0,
        ..FUNCTION
    },
    IntegerOperator {
        name: "QLinearAveragePool",
        real: "AveragePool",
        ..FUNCTION
    },
    IntegerOperator {
        name: "QLinearGlobalAveragePool",
        real: "GlobalAveragePool",
        ..FUNCTION
    },
    IntegerOperator {
        name: "QLinearLeakyRelu",
        real: "LeakyRelu",
        ..FUNCTION
    },
    IntegerOperator {
        name: "QLinearSigmoid",
        real: "Sigmoid",
        ..FUNCTION
    },
    IntegerOperator {
        name: "QLinearSoftmax",
        real: "Softmax",
        ..FUNCTION
    },
];

impl IntegerOperator {
    /// The operator of `node`, if it is one of integers.
    pub fn of(node: &schema::Node) -> Option<&'static Self> {
        let domain = match node.domain.as_str() {
            "ai.onnx" => "",
            domain => domain,
        };
        OPERATORS
            .iter()
            .find(|operator| operator.name == node.op_type && operator.domain == domain)
    }

    /// The places of the integers of all values that come in.
    pub fn values(&self, node: &schema::Node) -> impl Iterator<Item = usize> + use<> {
        let behind = node.input.len().saturating_sub(self.first);
        let count = self.count.unwrap_or(behind.div_ceil(3));
        let first = self.first;
        (0..count).map(move |value| first + 3 * value)
    }

    /// The axis of the weights of `node`, of `rank` axes, along which scales may differ.
    pub fn axis(&self, node: &schema::Node, rank: usize) -> usize {
        (self.axis)(node, rank)
    }

    /// The node of real numbers that `node` stands for.
    pub fn real_node(&self, node: &schema::Node, input: Vec<String>) -> schema::Node {
        let mut real = schema::Node {
            input,
            op_type: self.real.to_owned(),
            domain: String::new(),
            ..node.clone()
        };
        // What operators of real numbers have no word for, because they are always so.
        let channels_first = |a: &schema::Attribute| a.name == "channels_last" && a.i == Some(0);
        let by_opset =
            |a: &schema::Attribute| self.domain == MICROSOFT && a.name == "opset" && a.i.is_some();
        real.attribute
            .retain(|a| !channels_first(a) && !by_opset(a));
        real
    }
}
