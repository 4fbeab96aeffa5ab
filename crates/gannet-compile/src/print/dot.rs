//! Dot products of bytes in Rust and C: one inline function for each shape of block.
//!
//! On a core with the DSP extension it is assembly (see `dot_assembly`), elsewhere plain
//! arithmetic to the same bits. In Rust the instructions are taken with `--cfg gannet_dsp`,
//! because a stable compiler does not tell its target's features; in C with GCC or Clang where
//! `__ARM_FEATURE_DSP` says that they are there.

use std::collections::BTreeSet;

use gannet_target::Timing;

use super::dot_assembly::Assembly;
use super::writer::Writer;
use crate::Zeros;
use crate::ir::{
    Derivation, Derive, Dot, Element, Loop, Program, Reads, Statement, WORD, own_channels,
    visit_all,
};

/// What a function for dot products is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    pub(super) channels: usize,
    pub(super) positions: usize,
    /// From one position's inputs to the next one's.
    pub(super) step: usize,
    pub(super) run: usize,
    pub(super) reads: Reads,
    /// What inputs are.
    pub(super) inputs: Element,
    /// Weights have 16 bits.
    pub(super) are_wide: bool,
    /// How the rows of inputs lie, where it goes over several.
    pub(super) rows: Option<Spacing>,
    pub(super) zeros: Zeros,
}

/// A loop over inputs of a row.
struct Inputs {
    /// From which to below which.
    bounds: [usize; 2],
    /// Where the first weight of input `i` lies.
    weights: String,
    /// How far behind it each channel's lies.
    channels: Vec<usize>,
}

/// How rows of inputs lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spacing {
    /// From one row to the next.
    pub(super) distance: usize,
    /// How many there are in the ring, if they lie in one: behind the last comes the first.
    pub(super) ring: Option<usize>,
}

impl Spacing {
    /// From behind the last row of a ring back to the first, if it is one.
    pub(super) fn back(self) -> Option<usize> {
        self.ring.map(|rows| rows * self.distance)
    }
}

/// Rows of inputs at equal distances, the weights of one behind those of another.
pub(super) struct Rows<'l> {
    pub(super) dot: &'l Dot,
    pub(super) spacing: Spacing,
    /// The ring that they lie in, if it is one.
    pub(super) ring: Option<&'l Derive>,
}

/// What a loop goes over, if it is nothing but such rows.
pub(super) fn rows<'l>(program: &Program, each: &'l Loop) -> Option<Rows<'l>> {
    let (ring, dot) = match &each.body[..] {
        [Statement::Dot(dot)] => (None, dot),
        [Statement::Derive(ring)] if matches!(ring.by, Derivation::Slot(_)) => match &ring.body[..]
        {
            [Statement::Dot(dot)] => (Some(ring), dot),
            _ => return None,
        },
        _ => return None,
    };
    let weights = program.buffer(dot.weights).linear(&dot.place);
    let is_next = weights.coefficient(each.variable) == dot.weight_count() as i64
        && ring.is_none_or(|ring| {
            let is_own = dot.first.coefficient(each.variable) == 0;
            is_own && ring.value.coefficient(each.variable) == 1
        });
    let row = ring.map_or(each.variable, |ring| ring.variable);
    let distance = usize::try_from(dot.first.coefficient(row)).ok()?;
    let spacing = Spacing {
        distance,
        ring: ring.map(|ring| ring.by.below()),
    };
    (is_next && distance > 0).then_some(Rows { dot, spacing, ring })
}

impl Shape {
    pub(super) fn of(program: &Program, dot: &Dot, rows: Option<Spacing>) -> Shape {
        let element = |id| program.buffer(id).element;
        Shape {
            channels: dot.channels(),
            positions: dot.positions,
            step: dot.step,
            run: dot.run,
            reads: dot.reads,
            inputs: element(dot.inputs),
            are_wide: element(dot.weights) == Element::I16,
            rows,
            zeros: dot.zeros,
        }
    }

    /// The function's name.
    pub(super) fn name(self) -> String {
        let Shape {
            channels,
            positions,
            step,
            run,
            ..
        } = self;
        let (inputs, weights) = (in_rust(self.inputs), in_rust(self.weights_element()));
        let rows = self
            .rows
            .map_or(String::new(), |Spacing { distance, ring }| {
                let ring = ring.map_or(String::new(), |rows| format!("_of_{rows}"));
                format!("_{distance}{ring}")
            });
        let zeros = match self.zeros {
            Zeros::Multiplied => "",
            Zeros::Skipped => "_skip",
        };
        let own = match self.reads {
            Reads::Shared => String::new(),
            Reads::Own(apart) => format!("_own_{apart}"),
        };
        format!("dot_{inputs}_{weights}_{channels}x{positions}_{run}_{step}{own}{rows}{zeros}")
    }

    /// What weights are.
    fn weights_element(self) -> Element {
        match self.are_wide {
            true => Element::I16,
            false => Element::I8,
        }
    }

    pub(super) fn sums(self) -> usize {
        self.channels * self.positions
    }

    /// How many weights a row has.
    pub(super) fn weights(self) -> usize {
        self.run * self.channels
    }

    /// The loops over the inputs of a row.
    fn loops(self) -> Vec<Inputs> {
        let (channels, whole) = (self.channels, self.run / WORD * WORD);
        let every = |distance: usize| (0..channels).map(|channel| channel * distance).collect();
        if let Reads::Own(_) = self.reads {
            let order = own_channels([self.inputs, self.weights_element()], channels);
            let place = |channel| order.iter().position(|&other| other == channel);
            return vec![Inputs {
                bounds: [0, self.run],
                weights: format!("i * {channels}"),
                channels: (0..channels).filter_map(place).collect(),
            }];
        }
        let words = if self.inputs == Element::I16 {
            Inputs {
                bounds: [0, whole],
                weights: format!("(i >> 1) * {} + (i & 1)", 2 * channels),
                channels: every(2),
            }
        } else if self.are_wide {
            let pair = 2 * channels;
            Inputs {
                bounds: [0, whole],
                weights: format!("((i >> 2) * 2 + (i & 1)) * {pair} + ((i >> 1) & 1)"),
                channels: every(2),
            }
        } else {
            Inputs {
                bounds: [0, whole],
                weights: format!("(i >> 2) * {} + (i & 3)", 4 * channels),
                channels: every(4),
            }
        };
        let singles = Inputs {
            bounds: [whole, self.run],
            weights: format!("i * {channels}"),
            channels: every(1),
        };
        let loops = [words, singles].into_iter();
        loops
            .filter(|Inputs { bounds, .. }| bounds[0] < bounds[1])
            .collect()
    }

    /// Where input `i` of a sum lies.
    fn input(self, channel: usize, position: usize) -> String {
        let first = position * self.step + self.reads.place(0, channel);
        match self.reads {
            Reads::Shared => format!("i + {first}"),
            Reads::Own(apart) => format!("i * {apart} + {first}"),
        }
    }

    /// The function in Rust.
    pub(super) fn print_rust(self, out: &mut Writer) {
        let (input, weight) = (in_rust(self.inputs), in_rust(self.weights_element()));
        let rows = match self.rows {
            None => "",
            Some(Spacing { ring: None, .. }) => "rows: isize, ",
            Some(Spacing { ring: Some(_), .. }) => "before: isize, rows: isize, ",
        };
        let sums: Vec<String> = (0..self.sums()).map(|k| format!("sum{k}")).collect();
        out.line("/// # Safety");
        out.line("/// `input` and `weights` point to what the name tells of.");
        out.line("#[inline(always)]");
        let head = format!(
            "unsafe fn {}(input: *const {input}, weights: *const {weight}, {rows}[{}]: [&mut i32; {}])",
            self.name(),
            sums.join(", "),
            sums.len()
        );
        out.braces(head, |out| match Assembly::of(self) {
            None => self.plain_rust(out),
            Some(assembly) => {
                out.line("#[cfg(not(gannet_dsp))]");
                out.block("{", "}", |out| self.plain_rust(out));
                out.line("#[cfg(gannet_dsp)]");
                out.block("core::arch::asm!(", ");", |out| assembly.print_rust(out));
            }
        });
    }

    fn plain_rust(self, out: &mut Writer) {
        let Some(rows) = self.rows else {
            return self.row_in_rust(out);
        };
        out.braces("for row in 0..rows", |out| {
            let distance = rows.distance;
            if let Some(back) = rows.back() {
                out.line(format_args!(
                    "let back = if row < before {{ 0 }} else {{ {back} }};"
                ));
                out.line(format_args!(
                    "let input = input.offset(row * {distance} - back);"
                ));
            } else {
                out.line(format_args!("let input = input.offset(row * {distance});"));
            }
            let weights = self.weights();
            out.line(format_args!(
                "let weights = weights.offset(row * {weights});"
            ));
            self.row_in_rust(out);
        });
    }

    fn row_in_rust(self, out: &mut Writer) {
        for inputs in self.loops() {
            let [from, to] = inputs.bounds;
            out.braces(format_args!("for i in {from}_usize..{to}"), |out| {
                out.line(format_args!("let weights = weights.add({});", inputs.weights));
                for k in 0..self.sums() {
                    let (channel, position) = (k / self.positions, k % self.positions);
                    out.line(format_args!(
                        "*sum{k} = sum{k}.wrapping_add(i32::from(*input.add({})) * i32::from(*weights.add({})));",
                        self.input(channel, position),
                        inputs.channels[channel]
                    ));
                }
            });
        }
    }

    /// The function in C.
    pub(super) fn print_c(self, out: &mut Writer) {
        let weight = in_c(self.weights_element());
        // They lie among values of other types.
        let input = match self.inputs {
            Element::I16 => "arena_short",
            bytes => in_c(bytes),
        };
        let rows = match self.rows {
            None => "",
            Some(Spacing { ring: None, .. }) => ", intptr_t rows",
            Some(Spacing { ring: Some(_), .. }) => ", intptr_t before, intptr_t rows",
        };
        let sums: String = (0..self.sums())
            .map(|k| format!(", int32_t *sum{k}"))
            .collect();
        let head = format!(
            "INLINE void {}(const {input} *input, const {weight} *weights{rows}{sums})",
            self.name()
        );
        out.braces(head, |out| match Assembly::of(self) {
            None => self.plain_c(out),
            Some(assembly) => {
                out.line(
                    "#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && defined(__OPTIMIZE__)",
                );
                assembly.print_c([input, weight], out);
                out.line("#else");
                self.plain_c(out);
                out.line("#endif");
            }
        });
    }

    fn plain_c(self, out: &mut Writer) {
        let Some(rows) = self.rows else {
            return self.row_in_c(out);
        };
        let head = "for (intptr_t row = 0; row < rows; row++)";
        out.braces(head, |out| {
            if let Some(back) = rows.back() {
                out.braces("if (row == before)", |out| {
                    out.line(format_args!("input -= {back};"));
                });
            }
            self.row_in_c(out);
            out.line(format_args!("input += {};", rows.distance));
            out.line(format_args!("weights += {};", self.weights()));
        });
    }

    fn row_in_c(self, out: &mut Writer) {
        for inputs in self.loops() {
            let [from, to] = inputs.bounds;
            let head = format!("for (intptr_t i = {from}; i < {to}; i++)");
            out.braces(head, |out| {
                out.line(format_args!("const intptr_t first = {};", inputs.weights));
                for k in 0..self.sums() {
                    let (channel, position) = (k / self.positions, k % self.positions);
                    out.line(format_args!(
                        "*sum{k} = i32_add(*sum{k}, (int32_t)input[{}] * (int32_t)weights[first + {}]);",
                        self.input(channel, position),
                        inputs.channels[channel]
                    ));
                }
            });
        }
    }
}

/// A type of inputs or weights.
fn in_rust(element: Element) -> &'static str {
    match element {
        Element::U8 => "u8",
        Element::I16 => "i16",
        _ => "i8",
    }
}

/// The same in C.
fn in_c(element: Element) -> &'static str {
    match element {
        Element::U8 => "uint8_t",
        Element::I16 => "int16_t",
        _ => "int8_t",
    }
}

/// Cycles on a core with `timing` of the assembly for `dot`; `None` if there is none.
pub(crate) fn cycles(program: &Program, dot: &Dot, timing: &Timing) -> Option<u64> {
    let assembly = Assembly::of(Shape::of(program, dot, None))?;
    Some(assembly.cycles(1, timing))
}

/// Cycles of the assembly for the dot products that `each` goes over, if it is nothing but
/// `count` rows of them.
pub(crate) fn cycles_of_rows(
    program: &Program,
    each: &Loop,
    count: u64,
    timing: &Timing,
) -> Option<u64> {
    let rows = rows(program, each)?;
    let assembly = Assembly::of(Shape::of(program, rows.dot, Some(rows.spacing)))?;
    Some(assembly.cycles(count, timing))
}

/// The shapes of all dot products of `program`, each once.
pub(super) fn shapes(program: &Program) -> Vec<Shape> {
    let mut shapes = BTreeSet::new();
    for stage in program.stages() {
        visit_all(&stage.body, &mut |statement| {
            let shape = match statement {
                Statement::Dot(dot) => Some(Shape::of(program, dot, None)),
                Statement::For(each) => {
                    rows(program, each).map(|rows| Shape::of(program, rows.dot, Some(rows.spacing)))
                }
                _ => None,
            };
            shapes.extend(shape);
            // What stands in a loop over rows is printed with it.
            shape.is_none()
        });
    }
    shapes.into_iter().collect()
}
