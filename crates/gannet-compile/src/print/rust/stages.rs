//! The stages: each a function over pointers into the arena.

use super::super::accumulate::{Shape, shapes};
use super::super::maker::extents;
use super::super::writer::{Writer, affine};
use super::super::{dot, dsp};
use super::schedule::{self, chosen};
use super::{constant_name, header, memory_type};
use crate::ir::{
    Affine, Binary, BufferId, Derivation, Derive, Dot, Element, Expression, Loop, Merge, Others,
    Program, Scalar, ScalarType, Stage, Statement, Storage, Stored, Unary, WORD, behind,
};

/// What integers have no operator for.
const INTEGERS: &str = r"
#[allow(dead_code)]
#[inline(always)]
fn rounded_product(a: i32, b: i32, bits: u32) -> i32 {
    ((i64::from(a) * i64::from(b) + (1 << (bits - 1))) >> bits) as i32
}

#[allow(dead_code)]
#[inline(always)]
fn quotient(a: i32, b: i32) -> i32 {
    if b == 0 { 0 } else { a.wrapping_div(b) }
}

#[allow(dead_code)]
#[inline(always)]
fn nudge(value: i32) -> i32 {
    value.wrapping_add(value >> 31)
}

/// # Safety
/// `amount` is from 0 to 31.
#[allow(dead_code)]
#[inline(always)]
unsafe fn shift_right(value: i32, amount: i32) -> i32 {
    core::hint::assert_unchecked(amount >= 0 && amount < 32);
    value >> amount
}

#[allow(dead_code)]
#[inline(always)]
fn rounded_shift_right(value: i64, amount: i64) -> i64 {
    value.wrapping_add(1 << ((amount - 1) & 63)) >> (amount & 63)
}

#[allow(dead_code)]
#[inline(always)]
fn rounding_shift_right(value: i32, amount: i32) -> i32 {
    let amount = amount & 31;
    let mask = ((1_u32 << amount) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(value < 0);
    (value >> amount) + i32::from((value & mask) > threshold)
}";

/// The text of `stages.rs`.
pub(super) fn text(program: &Program) -> String {
    let mut computed = Writer::default();
    for stage in program.stages() {
        computed.gap();
        print_stage(program, stage, &mut computed);
    }
    let computed = computed.finish();
    let mut out = Writer::default();
    out.line(header(program, "The stages"));
    out.line("//!");
    out.line("//! Each works on an arena that is aligned and sized as `Network` has it. All index ranges");
    out.line("//! were proven to lie inside their arrays before this text was written.");
    out.line("#![allow(unused_assignments, unused_mut, unused_parens, clippy::all)]");
    out.gap();
    out.line("use core::ops::ControlFlow;");
    if program.constant_bytes() > 0 {
        out.gap();
        out.line("use super::weights::*;");
    }
    out.gap();
    schedule::print(program, &mut out);
    computed.lines().for_each(|line| out.line(line));
    dsp::called(&dsp::RUST, &computed, &mut out);
    INTEGERS.lines().for_each(|line| out.line(line));
    for shape in shapes(program) {
        out.gap();
        shape.print(&mut out);
    }
    for shape in dot::shapes(program) {
        out.gap();
        shape.print_rust(&mut out);
    }
    for operation in [Binary::Max, Binary::Min] {
        let (name, sign) = if operation == Binary::Max {
            ("max", '>')
        } else {
            ("min", '<')
        };
        out.gap();
        out.line("#[allow(dead_code)]");
        out.line("#[inline(always)]");
        out.braces(
            format_args!("fn {name}<T: PartialOrd>(a: T, b: T) -> T"),
            |out| out.line(format_args!("if b {sign} a {{ b }} else {{ a }}")),
        );
    }
    out.finish()
}

fn print_stage(program: &Program, stage: &Stage, out: &mut Writer) {
    out.line(format_args!(
        "/// {}.",
        stage.layers.join(", ").escape_debug()
    ));
    schedule::safety(out);
    out.line("#[inline(never)]");
    let parameters: String = stage
        .parameters
        .iter()
        .map(|parameter| format!(", {}: isize", program.variable_name(parameter.variable)))
        .collect();
    let head = format!(
        "unsafe fn compute_{}(arena: *mut u8{parameters})",
        stage.name
    );
    let printer = Printer { program };
    out.braces(head, |out| {
        for buffer in program.arrays(stage) {
            if let Some(offset) = program.offset(buffer) {
                let element = memory_type(buffer.element);
                out.line(format_args!(
                    "let {} = arena.add({offset}).cast::<{element}>(); // {}",
                    buffer.name,
                    extents(buffer)
                ));
            }
        }
        printer.body(&stage.body, out);
    });
}

struct Printer<'p> {
    program: &'p Program,
}

impl Printer<'_> {
    fn body(&self, body: &[Statement], out: &mut Writer) {
        body.iter()
            .for_each(|statement| self.statement(statement, out));
    }

    fn statement(&self, statement: &Statement, out: &mut Writer) {
        match statement {
            Statement::For(each) => {
                if let Some(rows) = dot::rows(self.program, each) {
                    return self.dot_rows(each, &rows, out);
                }
                let head = format!(
                    "for {} in {}..{}",
                    self.program.variable_name(each.variable),
                    chosen(self.program, "max", &each.from),
                    chosen(self.program, "min", &each.to)
                );
                out.braces(head, |out| self.body(&each.body, out));
            }
            Statement::Derive(derive) => {
                out.block("{", "}", |out| {
                    let (name, given) = self.derived(derive);
                    out.line(format_args!("let {name} = {given};"));
                    self.body(&derive.body, out);
                });
            }
            Statement::If(conditions, body) => {
                let conditions: Vec<String> = conditions
                    .iter()
                    .map(|condition| format!("{} >= 0", self.affine(condition)))
                    .collect();
                out.braces(format_args!("if {}", conditions.join(" && ")), |out| {
                    self.body(body, out);
                });
            }
            Statement::Let(scalar, value) => {
                let (name, scalar_type) = self.program.scalar(*scalar);
                let scalar_type = match scalar_type {
                    ScalarType::F32 => "f32",
                    ScalarType::I32 => "i32",
                    ScalarType::I64 => "i64",
                };
                let value = self.expression(value);
                out.line(format_args!("let mut {name}: {scalar_type} = {value};"));
            }
            Statement::Set(scalar, value) => {
                let (name, _) = self.program.scalar(*scalar);
                out.line(format_args!("{name} = {};", self.expression(value)));
            }
            Statement::Accumulate(accumulate) => {
                let names = |scalars: &[Scalar], reference: &str| {
                    let names = scalars.iter().map(|&scalar| self.program.scalar(scalar).0);
                    let names: Vec<String> = names.map(|n| format!("{reference}{n}")).collect();
                    names.join(", ")
                };
                let weights = self.element(accumulate.weights.elements(), &accumulate.first);
                let table = match accumulate.weights {
                    Stored::Single(_) => String::new(),
                    Stored::Shared(shared) => {
                        let values = self.program.buffer(shared.values);
                        format!("{}.as_ptr(), ", constant_name(values))
                    }
                };
                out.line(format_args!(
                    "{}({table}{}, [{}], [{}]);",
                    Shape::of(self.program, accumulate).name(),
                    weights.trim_start_matches('*'),
                    names(&accumulate.inputs, ""),
                    names(&accumulate.sums, "&mut ")
                ));
            }
            Statement::Dot(dot) => self.dot(dot, None, out),
            Statement::Merge(merge) => self.merge(merge, out),
            Statement::Store(buffer, index, value) => {
                let described = self.program.buffer(*buffer);
                let value = match described.element {
                    Element::F32 => self.expression(value),
                    Element::I32 => self.expression(value),
                    Element::U8 => format!("({}) as u8", self.expression(value)),
                    Element::I8 => format!("({}) as i8", self.expression(value)),
                    Element::I16 => format!("({}) as i16", self.expression(value)),
                };
                out.line(format_args!("{} = {value};", self.element(*buffer, index)));
            }
        }
    }

    fn merge(&self, merge: &Merge, out: &mut Writer) {
        let place = |first: &[Affine]| {
            let element = self.element(merge.target, first);
            element.trim_start_matches('*').to_owned()
        };
        match &merge.others {
            Others::Scalars(scalars) => {
                for (first, scalars) in merge.words(scalars) {
                    let names = scalars.iter().map(|&scalar| self.program.scalar(scalar).0);
                    let names: Vec<&str> = names.collect();
                    if names.len() == WORD {
                        let (target, others) = (place(&first), names.join(", "));
                        out.line(format_args!("merge_four({target}, [{others}]);"));
                        continue;
                    }
                    for (i, name) in names.iter().enumerate() {
                        let target = self.element(merge.target, &behind(&first, i));
                        out.line(format_args!("{target} = max({target}, {name} as i8);"));
                    }
                }
            }
            Others::Elements(first, count) => out.line(format_args!(
                "merge_bytes({}, {}, {count});",
                place(&merge.first),
                place(first)
            )),
        }
    }

    /// A variable and what it is.
    fn derived(&self, derive: &Derive) -> (&str, String) {
        let value = format!("({}) as usize", self.affine(&derive.value));
        let given = match derive.by {
            Derivation::Slot(rows) => format!("({value} % {rows}) as isize"),
            Derivation::Begun { stride, most } => {
                format!("min(({value} / {stride}) as isize, {most})")
            }
        };
        (self.program.variable_name(derive.variable), given)
    }

    /// Dot products of several rows.
    fn dot_rows(&self, each: &Loop, rows: &dot::Rows<'_>, out: &mut Writer) {
        let row = self.program.variable_name(each.variable);
        let from = chosen(self.program, "max", &each.from);
        let to = chosen(self.program, "min", &each.to);
        out.block("{", "}", |out| {
            out.line(format_args!("let {row} = {from};"));
            out.line(format_args!("let rows = {to} - {row};"));
            out.braces("if rows > 0", |out| {
                let mut counts = "rows".to_owned();
                if let Some(ring) = rows.ring {
                    let (slot, given) = self.derived(ring);
                    out.line(format_args!("let {slot} = {given};"));
                    counts = format!("min({} - {slot}, rows), rows", ring.by.below());
                }
                self.dot(rows.dot, Some((rows.spacing, counts)), out);
            });
        });
    }

    fn dot(&self, dot: &Dot, rows: Option<(dot::Spacing, String)>, out: &mut Writer) {
        let names = dot.sums.iter().map(|&sum| self.program.scalar(sum).0);
        let sums: Vec<String> = names.map(|name| format!("&mut {name}")).collect();
        let inputs = self.element(dot.inputs, std::slice::from_ref(&dot.first));
        let weights = self.element(dot.weights, &dot.place);
        let (row, count) = rows.unzip();
        out.line(format_args!(
            "{}({}, {}, {}[{}]);",
            dot::Shape::of(self.program, dot, row).name(),
            inputs.trim_start_matches('*'),
            weights.trim_start_matches('*'),
            count.map_or(String::new(), |count| format!("{count}, ")),
            sums.join(", ")
        ));
    }

    fn affine(&self, expression: &Affine) -> String {
        affine(self.program, expression)
    }

    /// An element as a place.
    fn element(&self, buffer: BufferId, index: &[Affine]) -> String {
        let described = self.program.buffer(buffer);
        let index = self.affine(&described.linear(index));
        match described.storage {
            Storage::Arena(_) => format!("*{}.offset({index})", described.name),
            Storage::Constant(_) => {
                format!("*{}.as_ptr().offset({index})", constant_name(described))
            }
        }
    }

    fn expression(&self, expression: &Expression) -> String {
        match expression {
            Expression::F32(value) if *value == f32::NEG_INFINITY => "f32::NEG_INFINITY".to_owned(),
            Expression::F32(value) => format!("{value:?}_f32"),
            Expression::I32(value) => format!("{value}_i32"),
            Expression::Scalar(scalar) => self.program.scalar(*scalar).0.to_owned(),
            Expression::Load(buffer, index) => {
                let element = self.element(*buffer, index);
                match self.program.buffer(*buffer).element {
                    Element::F32 | Element::I32 => element,
                    Element::U8 | Element::I8 | Element::I16 => format!("i32::from({element})"),
                }
            }
            Expression::Lookup(buffer, place) => {
                let described = self.program.buffer(*buffer);
                let (name, place) = (constant_name(described), self.expression(place));
                let mask = described.len() - 1;
                let element = format!("*{name}.as_ptr().add((({place}) & {mask}) as usize)");
                match described.element {
                    Element::F32 | Element::I32 => element,
                    Element::U8 | Element::I8 | Element::I16 => format!("i32::from({element})"),
                }
            }
            Expression::Unary(operation, value) => {
                let inner = self.expression(value);
                match operation {
                    Unary::ToF32 => format!("({inner}) as f32"),
                    Unary::Bits => format!("({inner}).to_bits() as i32"),
                    Unary::FromBits => format!("f32::from_bits(({inner}) as u32)"),
                    Unary::Neg => format!("-({inner})"),
                    Unary::Nudge => format!("nudge({inner})"),
                    Unary::LeadingZeros => format!("({inner}).leading_zeros() as i32"),
                    Unary::Widen => format!("i64::from({inner})"),
                    Unary::Narrow => format!("({inner}) as i32"),
                }
            }
            Expression::Binary(operation, left, right) => self.binary(*operation, left, right),
        }
    }

    fn binary(&self, operation: Binary, left: &Expression, right: &Expression) -> String {
        let integers = self.program.type_of(left) != ScalarType::F32;
        let (left, right) = (self.expression(left), self.expression(right));
        let wrapping = |name: &str| format!("({left}).wrapping_{name}({right})");
        match operation {
            Binary::Add if integers => wrapping("add"),
            Binary::Sub if integers => wrapping("sub"),
            Binary::Mul if integers => wrapping("mul"),
            Binary::Add => format!("({left} + {right})"),
            Binary::Sub => format!("({left} - {right})"),
            Binary::Mul => format!("({left} * {right})"),
            Binary::Div if integers => format!("quotient({left}, {right})"),
            Binary::Div => format!("({left} / {right})"),
            Binary::And => format!("(({left}) & ({right}))"),
            Binary::ShiftLeft => format!("(({left}) << (({right}) & 31))"),
            Binary::RoundedProduct(32) => format!("high_product({left}, {right})"),
            Binary::RoundedProduct(bits) => format!("rounded_product({left}, {right}, {bits})"),
            Binary::RoundingShiftRight => format!("rounding_shift_right({left}, {right})"),
            Binary::ShiftRight => format!("shift_right({left}, {right})"),
            Binary::RoundedShiftRight => format!("rounded_shift_right({left}, {right})"),
            Binary::Max => format!("max({left}, {right})"),
            Binary::Min => format!("min({left}, {right})"),
        }
    }
}
