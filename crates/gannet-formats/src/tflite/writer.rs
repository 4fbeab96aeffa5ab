//! A TFLite file under construction: tensors, constants and operators in, bytes out.

use flatbuffers::{FlatBufferBuilder, Push, UnionWIPOffset, WIPOffset};
use gannet_graph::{Shape, quantized::Quantization};

use super::schema::tflite::{
    Buffer, BufferArgs, BuiltinOperator, BuiltinOptions, Model, ModelArgs, Operator, OperatorArgs,
    OperatorCode, OperatorCodeArgs, QuantizationParameters, QuantizationParametersArgs, SubGraph,
    SubGraphArgs, Tensor, TensorArgs, TensorType, finish_model_buffer,
};

/// The format's version.
const VERSION: u32 = 3;
/// Older readers know codes below this one only.
const FIRST_NEW_CODE: i32 = 127;

/// The type of a tensor's elements and what they stand for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Elements {
    pub element: TensorType,
    pub scales: Vec<f32>,
    pub zero_point: i64,
    /// The extent that several scales go along.
    pub axis: usize,
}

impl Elements {
    /// Elements that stand for themselves.
    pub fn plain(element: TensorType) -> Self {
        Elements {
            element,
            scales: Vec::new(),
            zero_point: 0,
            axis: 0,
        }
    }

    /// The integers of an activation.
    pub fn quantized(element: TensorType, quantization: Quantization) -> Self {
        Elements {
            element,
            scales: vec![quantization.scale()],
            zero_point: quantization.zero_point().into(),
            axis: 0,
        }
    }
}

/// The options of an operator, in the file already.
pub(super) type Options = (BuiltinOptions, WIPOffset<UnionWIPOffset>);

/// A file under construction.
pub(super) struct Writer<'b> {
    pub builder: FlatBufferBuilder<'b>,
    tensors: Vec<WIPOffset<Tensor<'b>>>,
    buffers: Vec<WIPOffset<Buffer<'b>>>,
    /// Each with the version of its interpretation.
    codes: Vec<(BuiltinOperator, i32)>,
    operators: Vec<WIPOffset<Operator<'b>>>,
}

/// A byte of a constant. Constants begin at multiples of 16, where LiteRT reads them in place.
struct AlignedByte(u8);

impl Push for AlignedByte {
    type Output = u8;

    unsafe fn push(&self, place: &mut [u8], _written: usize) {
        place[0] = self.0;
    }

    fn alignment() -> flatbuffers::PushAlignment {
        flatbuffers::PushAlignment::new(16)
    }
}

impl Writer<'_> {
    pub fn new() -> Self {
        let mut writer = Writer {
            builder: FlatBufferBuilder::new(),
            tensors: Vec::new(),
            buffers: Vec::new(),
            codes: Vec::new(),
            operators: Vec::new(),
        };
        // Buffer 0 is empty: what is computed names it.
        let empty = Buffer::create(&mut writer.builder, &BufferArgs::default());
        writer.buffers.push(empty);
        writer
    }

    /// A tensor that is computed, of `shape` behind a batch of one.
    pub fn activation(&mut self, name: &str, shape: &Shape, elements: &Elements) -> i32 {
        let mut extents = vec![1];
        extents.extend_from_slice(shape.dims());
        self.tensor(name, &extents, elements, 0)
    }

    /// A constant of `shape`.
    pub fn constant(
        &mut self,
        name: &str,
        shape: &[usize],
        elements: &Elements,
        bytes: &[u8],
    ) -> i32 {
        let bytes: Vec<AlignedByte> = bytes.iter().map(|&byte| AlignedByte(byte)).collect();
        let data = self.builder.create_vector(&bytes);
        // The same bytes under the name of the vector that is in the file.
        let data = Some(WIPOffset::new(data.value()));
        let buffer = Buffer::create(
            &mut self.builder,
            &BufferArgs {
                data,
                ..BufferArgs::default()
            },
        );
        self.buffers.push(buffer);
        self.tensor(name, shape, elements, self.buffers.len() - 1)
    }

    /// A constant of real numbers.
    pub fn floats(&mut self, name: &str, shape: &[usize], numbers: &[f32]) -> i32 {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, shape, &Elements::plain(TensorType::FLOAT32), &bytes)
    }

    /// A vector, or with two extents a matrix, of `i32` such as a shape or paddings.
    pub fn integers(&mut self, name: &str, shape: &[usize], numbers: &[i32]) -> i32 {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, shape, &Elements::plain(TensorType::INT32), &bytes)
    }

    fn tensor(&mut self, name: &str, shape: &[usize], elements: &Elements, buffer: usize) -> i32 {
        let builder = &mut self.builder;
        let quantization = (!elements.scales.is_empty()).then(|| {
            let zero_points = vec![elements.zero_point; elements.scales.len()];
            let scale = Some(builder.create_vector(&elements.scales));
            let zero_point = Some(builder.create_vector(&zero_points));
            QuantizationParameters::create(
                builder,
                &QuantizationParametersArgs {
                    scale,
                    zero_point,
                    quantized_dimension: elements.axis as i32,
                    ..QuantizationParametersArgs::default()
                },
            )
        });
        let extents: Vec<i32> = shape.iter().map(|&dim| dim as i32).collect();
        let shape = Some(builder.create_vector(&extents));
        let name = Some(builder.create_string(name));
        let tensor = Tensor::create(
            builder,
            &TensorArgs {
                shape,
                type_: elements.element,
                buffer: buffer as u32,
                name,
                quantization,
                ..TensorArgs::default()
            },
        );
        self.tensors.push(tensor);
        self.tensors.len() as i32 - 1
    }

    /// An operator; absent inputs are −1.
    pub fn operator(
        &mut self,
        (code, version): (BuiltinOperator, i32),
        inputs: &[i32],
        output: i32,
        options: Option<Options>,
    ) {
        let known = self
            .codes
            .iter()
            .position(|&known| known == (code, version));
        let index = known.unwrap_or_else(|| {
            self.codes.push((code, version));
            self.codes.len() - 1
        });
        let inputs = Some(self.builder.create_vector(inputs));
        let outputs = Some(self.builder.create_vector(&[output]));
        let operator = Operator::create(
            &mut self.builder,
            &OperatorArgs {
                opcode_index: index as u32,
                inputs,
                outputs,
                builtin_options_type: options.map_or(BuiltinOptions::NONE, |(kind, _)| kind),
                builtin_options: options.map(|(_, options)| options),
            },
        );
        self.operators.push(operator);
    }

    /// The bytes of the file with the network `name` between the two tensors.
    pub fn finish(mut self, name: &str, input: i32, output: i32) -> Vec<u8> {
        let builder = &mut self.builder;
        let codes: Vec<WIPOffset<OperatorCode<'_>>> = self
            .codes
            .iter()
            .map(|&(code, version)| {
                OperatorCode::create(
                    builder,
                    &OperatorCodeArgs {
                        deprecated_builtin_code: code.0.min(FIRST_NEW_CODE) as i8,
                        version,
                        builtin_code: code,
                        ..OperatorCodeArgs::default()
                    },
                )
            })
            .collect();
        let tensors = Some(builder.create_vector(&self.tensors));
        let inputs = Some(builder.create_vector(&[input]));
        let outputs = Some(builder.create_vector(&[output]));
        let operators = Some(builder.create_vector(&self.operators));
        let name = Some(builder.create_string(name));
        let subgraph = SubGraph::create(
            builder,
            &SubGraphArgs {
                tensors,
                inputs,
                outputs,
                operators,
                name,
            },
        );
        let operator_codes = Some(builder.create_vector(&codes));
        let subgraphs = Some(builder.create_vector(&[subgraph]));
        let description = Some(builder.create_string("written by Gannet"));
        let buffers = Some(builder.create_vector(&self.buffers));
        let model = Model::create(
            builder,
            &ModelArgs {
                version: VERSION,
                operator_codes,
                subgraphs,
                description,
                buffers,
            },
        );
        finish_model_buffer(builder, model);
        builder.finished_data().to_vec()
    }
}
