//! The computation: every stage as a function over pointers into the arena.
//!
//! The indices were proven when the Program was built, so the functions carry no checks. The
//! operations are those of the Program, one for one, with contraction off: the same bits.

use gannet_graph::IndexBits;

use super::super::maker::extents;
use super::super::writer::{Writer, affine};
use super::super::{dot, dsp};
use super::Prefix;
use super::text::{comment, float, memory_type};
use super::weights;
use crate::ir::{
    Accumulate, Affine, Binary, BufferId, Counter, Derivation, Derive, Dot, Element, Expression,
    Loop, Merge, Others, Program, ScalarType, Stage, Statement, Step, Stored, Unary, WORD, behind,
};

/// What every file with arithmetic begins with, behind its includes.
const GUARDS: &str = r#"#ifdef __FAST_MATH__
#error "Fast math changes the results: compile this file without it."
#endif

/* Multiply and add are rounded one by one. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#else
#pragma STDC FP_CONTRACT OFF
#endif

/* One stretch of the arena holds values of several types, one after the other. */
#ifdef __GNUC__
typedef float __attribute__((__may_alias__)) arena_float;
typedef int32_t __attribute__((__may_alias__)) arena_int;
typedef int16_t __attribute__((__may_alias__)) arena_short;
#define STAGE static __attribute__((__noinline__))
#define INLINE static inline __attribute__((__always_inline__))
/* GCC 12 loses stores when it reckons one array's addresses from another's (-fivopts). */
#define APART(pointer) __asm__("" : "+r"(pointer))
#else
typedef float arena_float;
typedef int32_t arena_int;
typedef int16_t arena_short;
#define STAGE static
#define INLINE static inline
#define APART(pointer) (void)0
#endif
"#;

/// Operations that C has not, by name: a file defines those that it uses.
const FUNCTIONS: [(&str, &str); 19] = [
    (
        "i32_div",
        "int32_t i32_div(int32_t a, int32_t b) { \
         return (b == 0) ? 0 : ((b == -1) ? (int32_t)(0u - (uint32_t)a) : (a / b)); }",
    ),
    (
        "i32_leading_zeros",
        "int32_t i32_leading_zeros(int32_t value) { int32_t zeros = 32; uint32_t rest; \
         for (rest = (uint32_t)value; rest != 0u; rest >>= 1) { zeros -= 1; } return zeros; }",
    ),
    (
        "i32_rounded_product",
        "int32_t i32_rounded_product(int32_t a, int32_t b, int bits) { \
         return (int32_t)(((int64_t)a * b + ((int64_t)1 << (bits - 1))) >> bits); }",
    ),
    (
        "i32_nudge",
        "int32_t i32_nudge(int32_t value) { \
         return (int32_t)((uint32_t)value + (uint32_t)(value >> 31)); }",
    ),
    (
        "i32_rounding_shift_right",
        "int32_t i32_rounding_shift_right(int32_t value, int32_t amount) { \
         const int32_t mask = (int32_t)(((uint32_t)1 << ((uint32_t)amount & 31u)) - 1u); \
         const int32_t threshold = (mask >> 1) + ((value < 0) ? 1 : 0); \
         return (value >> ((uint32_t)amount & 31u)) + (((value & mask) > threshold) ? 1 : 0); }",
    ),
    (
        "f32_max",
        "float f32_max(float a, float b) { return (b > a) ? b : a; }",
    ),
    (
        "f32_min",
        "float f32_min(float a, float b) { return (b < a) ? b : a; }",
    ),
    (
        "i32_max",
        "int32_t i32_max(int32_t a, int32_t b) { return (b > a) ? b : a; }",
    ),
    (
        "i32_min",
        "int32_t i32_min(int32_t a, int32_t b) { return (b < a) ? b : a; }",
    ),
    (
        "index_max",
        "intptr_t index_max(intptr_t a, intptr_t b) { return (b > a) ? b : a; }",
    ),
    (
        "index_min",
        "intptr_t index_min(intptr_t a, intptr_t b) { return (b < a) ? b : a; }",
    ),
    (
        "i32_add",
        "int32_t i32_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }",
    ),
    (
        "i32_sub",
        "int32_t i32_sub(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }",
    ),
    (
        "i32_mul",
        "int32_t i32_mul(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }",
    ),
    (
        "i64_add",
        "int64_t i64_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }",
    ),
    (
        "i64_mul",
        "int64_t i64_mul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }",
    ),
    (
        "i64_rounded_shift_right",
        "int64_t i64_rounded_shift_right(int64_t value, int64_t amount) { \
         const uint64_t half = (uint64_t)1 << ((uint64_t)(amount - 1) & 63u); \
         return (int64_t)((uint64_t)value + half) >> ((uint64_t)amount & 63u); }",
    ),
    (
        "f32_bits",
        "int32_t f32_bits(float value) { int32_t bits; memcpy(&bits, &value, 4); return bits; }",
    ),
    (
        "f32_from_bits",
        "float f32_from_bits(int32_t bits) { float value; memcpy(&value, &bits, 4); return value; }",
    ),
];

/// Whether somebody may be told of every stage that has run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// Nobody.
    Never,
    /// Whoever `compute` is given, if the file is compiled so that `BEHIND` tells him.
    WhereCompiledIn,
}

/// Everything that computes: the stages, and `compute`, which runs them on an arena. Stands
/// behind the file's includes, among them `string.h` and the header of the weights.
pub(super) fn computation(program: &Program, prefix: &Prefix, watch: Watch, out: &mut Writer) {
    let mut stages = Writer::default();
    for stage in program.stages() {
        stages.gap();
        print_stage(program, prefix, stage, &mut stages);
    }
    let stages = stages.finish();
    GUARDS.lines().for_each(|line| out.line(line));
    let mut schedule = Writer::default();
    print_schedule(program, prefix, watch, &mut schedule);
    let schedule = schedule.finish();
    let mut dots = Writer::default();
    for shape in dot::shapes(program) {
        dots.gap();
        shape.print_c(&mut dots);
    }
    let dots = dots.finish();
    let used = |name: &str| {
        let call = format!("{name}(");
        [&stages, &schedule, &dots]
            .iter()
            .any(|text| text.contains(&call))
    };
    for (_, text) in FUNCTIONS.iter().filter(|(name, _)| used(name)) {
        out.gap();
        out.line(format_args!("static inline {text}"));
    }
    dsp::called(&dsp::C, &stages, out);
    dots.lines().for_each(|line| out.line(line));
    stages.lines().for_each(|line| out.line(line));
    out.gap();
    schedule.lines().for_each(|line| out.line(line));
}

/// What runs the stages: once, or as far as the next row of the input lets it.
fn print_schedule(program: &Program, prefix: &Prefix, watch: Watch, out: &mut Writer) {
    let printer = Printer { program };
    let (watcher, unused) = match watch {
        Watch::Never => ("", &[][..]),
        Watch::WhereCompiledIn => (
            ", int (*behind)(void *context, int stage), void *context",
            &["(void)behind;", "(void)context;"][..],
        ),
    };
    if program.input_rows().is_some() {
        comment(
            out,
            "Goes on with an inference as far as the row that was just put in lets it; 0 if it was broken off.",
        );
        let name = prefix.lower();
        let head =
            format!("static int compute(uint8_t *arena, {name}_progress *progress{watcher})");
        out.braces(head, |out| {
            out.line("int is_new = 1;");
            unused.iter().for_each(|line| out.line(line));
            out.line("progress->rows++;");
            for (i, step) in program.schedule().iter().enumerate() {
                out.braces(format_args!("if (progress->steps == {i})"), |out| {
                    printer.steps(std::slice::from_ref(step), watch, out);
                    out.line("progress->steps++;");
                });
            }
            out.line("return 1;");
        });
        return;
    }
    comment(out, "One inference. The arena is aligned to 4 bytes.");
    let head = format!("static void compute(uint8_t *arena{watcher})");
    out.braces(head, |out| {
        for counter in program.counters() {
            let counter = program.counter_name(counter);
            out.line(format_args!("intptr_t {counter} = 0;"));
        }
        unused.iter().for_each(|line| out.line(line));
        printer.steps(program.schedule(), watch, out);
    });
}

fn print_stage(program: &Program, prefix: &Prefix, stage: &Stage, out: &mut Writer) {
    let printer = Printer { program };
    comment(out, &format!("{}.", stage.layers.join(", ").escape_debug()));
    let parameters: String = (stage.parameters.iter())
        .map(|parameter| format!(", intptr_t {}", program.variable_name(parameter.variable)))
        .collect();
    let head = format!(
        "STAGE void compute_{}(uint8_t *arena{parameters})",
        stage.name
    );
    out.braces(head, |out| {
        for buffer in program.arrays(stage) {
            let (name, extents) = (&buffer.name, extents(buffer));
            match program.offset(buffer) {
                Some(offset) => {
                    let element = arena_type(buffer.element);
                    let place = format!("({element} *)(void *)(arena + {offset}); /* {extents} */");
                    out.line(format_args!("{element} *{name} = {place}"));
                    out.line(format_args!("APART({name});"));
                }
                None => out.line(format_args!(
                    "const {} *const {name} = {}.{name}; /* {extents} */",
                    memory_type(buffer.element),
                    weights::table(prefix)
                )),
            }
        }
        printer.body(&stage.body, out);
    });
}

fn arena_type(element: Element) -> &'static str {
    match element {
        Element::F32 => "arena_float",
        Element::U8 => "uint8_t",
        Element::I8 => "int8_t",
        Element::I16 => "arena_short",
        Element::I32 => "arena_int",
    }
}

fn scalar_type(scalar_type: ScalarType) -> &'static str {
    match scalar_type {
        ScalarType::F32 => "float",
        ScalarType::I32 => "int32_t",
        ScalarType::I64 => "int64_t",
    }
}

struct Printer<'p> {
    program: &'p Program,
}

impl Printer<'_> {
    fn steps(&self, steps: &[Step], watch: Watch, out: &mut Writer) {
        for step in steps {
            match step {
                Step::Run(run) => {
                    let name = &self.program.stage(run.stage).name;
                    let arguments: String = (run.arguments.iter())
                        .map(|argument| format!(", {}", self.affine(argument)))
                        .collect();
                    out.line(format_args!("compute_{name}(arena{arguments});"));
                    if watch == Watch::WhereCompiledIn {
                        out.line(format_args!("BEHIND({});", run.stage.index()));
                    }
                }
                Step::Resume(resume) => {
                    let counter = self.place_of(resume.counter);
                    let to = self.bound(&resume.to, "min");
                    out.braces(format_args!("while ({counter} < {to})"), |out| {
                        let variable = self.program.variable_name(resume.variable);
                        out.line(format_args!("const intptr_t {variable} = {counter};"));
                        self.steps(&resume.body, watch, out);
                        out.line(format_args!("{counter}++;"));
                    });
                }
                Step::Take => {
                    out.braces("if (is_new == 0)", |out| out.line("return 1;"));
                    out.line("is_new = 0;");
                }
            }
        }
    }

    /// Where a counter is: with what is remembered from one row to the next, or a variable.
    fn place_of(&self, counter: Counter) -> String {
        let name = self.program.counter_name(counter);
        match self.program.input_rows() {
            Some(_) => format!("progress->{name}"),
            None => name.to_owned(),
        }
    }

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
                let variable = self.program.variable_name(each.variable);
                let (from, to) = (self.bound(&each.from, "max"), self.bound(&each.to, "min"));
                let head =
                    format!("for (intptr_t {variable} = {from}; {variable} < {to}; {variable}++)");
                out.braces(head, |out| self.body(&each.body, out));
            }
            Statement::Derive(derive) => out.block("{", "}", |out| {
                let (name, given) = self.derived(derive);
                out.line(format_args!("const intptr_t {name} = {given};"));
                self.body(&derive.body, out);
            }),
            Statement::If(conditions, body) => {
                let conditions: Vec<String> = conditions
                    .iter()
                    .map(|condition| format!("({} >= 0)", self.affine(condition)))
                    .collect();
                let head = match &conditions[..] {
                    [condition] => format!("if {condition}"),
                    conditions => format!("if ({})", conditions.join(" && ")),
                };
                out.braces(head, |out| self.body(body, out));
            }
            Statement::Let(scalar, value) => {
                let (name, of) = self.program.scalar(*scalar);
                let value = self.expression(value);
                out.line(format_args!("{} {name} = {value};", scalar_type(of)));
            }
            Statement::Set(scalar, value) => {
                let (name, _) = self.program.scalar(*scalar);
                out.line(format_args!("{name} = {};", self.expression(value)));
            }
            Statement::Accumulate(accumulate) => {
                let described = self.program.buffer(accumulate.weights.numbers());
                for (c, products) in accumulate.products() {
                    let weight = self.weight(accumulate, c);
                    for (sum, input) in products {
                        let [sum, input] = [sum, input].map(|scalar| self.program.scalar(scalar).0);
                        out.line(match described.element {
                            Element::F32 => format!("{sum} = ({sum} + ({input} * {weight}));"),
                            _ => format!(
                                "{sum} = i32_add({sum}, i32_mul({input}, (int32_t){weight}));"
                            ),
                        });
                    }
                }
            }
            Statement::Dot(dot) => self.dot(dot, None, out),
            Statement::Merge(merge) => self.merge(merge, out),
            Statement::Store(buffer, index, value) => {
                let value = self.expression(value);
                let value = match self.program.buffer(*buffer).element {
                    Element::F32 | Element::I32 => value,
                    Element::U8 => format!("(uint8_t)({value})"),
                    Element::I8 => format!("(int8_t)({value})"),
                    Element::I16 => format!("(int16_t)({value})"),
                };
                out.line(format_args!("{} = {value};", self.element(*buffer, index)));
            }
        }
    }

    /// Weight `c`.
    fn weight(&self, accumulate: &Accumulate, c: usize) -> String {
        let (place, which) = accumulate.place(c);
        let element = self.element(accumulate.weights.elements(), &place);
        let Stored::Shared(shared) = accumulate.weights else {
            return element;
        };
        let values = &self.program.buffer(shared.values).name;
        match (shared.bits, which) {
            (IndexBits::Eight, _) => format!("{values}[{element}]"),
            (IndexBits::Four, 0) => format!("{values}[{element} & 15u]"),
            (IndexBits::Four, _) => format!("{values}[{element} >> 4]"),
        }
    }

    fn merge(&self, merge: &Merge, out: &mut Writer) {
        match &merge.others {
            Others::Scalars(scalars) => {
                for (first, scalars) in merge.words(scalars) {
                    let names = scalars.iter().map(|&scalar| self.program.scalar(scalar).0);
                    let names: Vec<&str> = names.collect();
                    if names.len() == WORD {
                        let target = self.element(merge.target, &first);
                        out.line(format_args!("merge_four(&{target}, {});", names.join(", ")));
                        continue;
                    }
                    for (i, name) in names.iter().enumerate() {
                        let target = self.element(merge.target, &behind(&first, i));
                        out.line(format_args!(
                            "{target} = (int8_t)i32_max({name}, (int32_t){target});"
                        ));
                    }
                }
            }
            Others::Elements(first, count) => out.line(format_args!(
                "merge_bytes(&{}, &{}, {count});",
                self.element(merge.target, &merge.first),
                self.element(merge.target, first)
            )),
        }
    }

    /// A variable and what it is.
    fn derived(&self, derive: &Derive) -> (&str, String) {
        let value = format!("(uintptr_t)({})", self.affine(&derive.value));
        let given = match derive.by {
            Derivation::Slot(rows) => format!("(intptr_t)({value} % {rows}u)"),
            Derivation::Begun { stride, most } => {
                format!("index_min((intptr_t)({value} / {stride}u), {most})")
            }
        };
        (self.program.variable_name(derive.variable), given)
    }

    /// Dot products of several rows.
    fn dot_rows(&self, each: &Loop, rows: &dot::Rows<'_>, out: &mut Writer) {
        let row = self.program.variable_name(each.variable);
        let (from, to) = (self.bound(&each.from, "max"), self.bound(&each.to, "min"));
        let count = format!("{row}_rows");
        out.block("{", "}", |out| {
            out.line(format_args!("const intptr_t {row} = {from};"));
            out.line(format_args!("const intptr_t {count} = {to} - {row};"));
            out.braces(format!("if ({count} > 0)"), |out| {
                let mut counts = count.clone();
                if let Some(ring) = rows.ring {
                    let (slot, given) = self.derived(ring);
                    out.line(format_args!("const intptr_t {slot} = {given};"));
                    let rows = ring.by.below();
                    counts = format!("index_min({rows} - {slot}, {count}), {count}");
                }
                self.dot(rows.dot, Some((rows.spacing, counts)), out);
            });
        });
    }

    fn dot(&self, dot: &Dot, rows: Option<(dot::Spacing, String)>, out: &mut Writer) {
        let sums = dot.sums.iter().map(|&sum| self.program.scalar(sum).0);
        let sums: String = sums.map(|name| format!(", &{name}")).collect();
        let (row, count) = rows.unzip();
        out.line(format_args!(
            "{}(&{}, &{}{}{sums});",
            dot::Shape::of(self.program, dot, row).name(),
            self.element(dot.inputs, std::slice::from_ref(&dot.first)),
            self.element(dot.weights, &dot.place),
            count.map_or(String::new(), |count| format!(", {count}")),
        ));
    }

    /// The largest lower bound or the smallest upper bound.
    fn bound(&self, bounds: &[Affine], choose: &str) -> String {
        let mut texts = bounds.iter().map(|bound| self.affine(bound));
        let first = texts.next().expect("a loop has bounds");
        texts.fold(first, |chosen, text| {
            format!("index_{choose}({chosen}, {text})")
        })
    }

    fn affine(&self, expression: &Affine) -> String {
        affine(self.program, expression)
    }

    /// An element as a place.
    fn element(&self, buffer: BufferId, index: &[Affine]) -> String {
        let described = self.program.buffer(buffer);
        let index = self.affine(&described.linear(index));
        format!("{}[{index}]", described.name)
    }

    fn expression(&self, expression: &Expression) -> String {
        match expression {
            Expression::F32(value) if value.is_finite() => float(*value),
            Expression::F32(value) => format!("f32_from_bits({})", integer(value.to_bits() as i32)),
            Expression::I32(value) => integer(*value),
            Expression::Scalar(scalar) => self.program.scalar(*scalar).0.to_owned(),
            Expression::Load(buffer, index) => {
                let element = self.element(*buffer, index);
                match self.program.buffer(*buffer).element {
                    Element::F32 | Element::I32 => element,
                    Element::U8 | Element::I8 | Element::I16 => format!("(int32_t){element}"),
                }
            }
            Expression::Lookup(buffer, place) => {
                let described = self.program.buffer(*buffer);
                let place = self.expression(place);
                let mask = described.len() - 1;
                let element = format!("{}[(uint32_t)({place}) & {mask}u]", described.name);
                match described.element {
                    Element::F32 | Element::I32 => element,
                    Element::U8 | Element::I8 | Element::I16 => format!("(int32_t){element}"),
                }
            }
            Expression::Unary(operation, value) => {
                let inner = self.expression(value);
                match (operation, self.program.type_of(value)) {
                    (Unary::ToF32, _) => format!("(float)({inner})"),
                    (Unary::Bits, _) => format!("f32_bits({inner})"),
                    (Unary::FromBits, _) => format!("f32_from_bits({inner})"),
                    (Unary::Neg, ScalarType::F32) => format!("-({inner})"),
                    (Unary::Neg, _) => format!("i32_sub(0, {inner})"),
                    (Unary::Widen, _) => format!("(int64_t)({inner})"),
                    (Unary::Narrow, _) => format!("(int32_t)({inner})"),
                    (Unary::Nudge, _) => format!("i32_nudge({inner})"),
                    (Unary::LeadingZeros, _) => format!("i32_leading_zeros({inner})"),
                }
            }
            Expression::Binary(operation, left, right) => self.binary(*operation, left, right),
        }
    }

    fn binary(&self, operation: Binary, left: &Expression, right: &Expression) -> String {
        let kind = match self.program.type_of(left) {
            ScalarType::F32 => "f32",
            ScalarType::I32 => "i32",
            ScalarType::I64 => "i64",
        };
        let integers = kind != "f32";
        let (left, right) = (self.expression(left), self.expression(right));
        let call = |name: &str| format!("{kind}_{name}({left}, {right})");
        match operation {
            Binary::Add if integers => call("add"),
            Binary::Sub if integers => call("sub"),
            Binary::Mul if integers => call("mul"),
            Binary::Add => format!("({left} + {right})"),
            Binary::Sub => format!("({left} - {right})"),
            Binary::Mul => format!("({left} * {right})"),
            Binary::Div if integers => call("div"),
            Binary::Div => format!("({left} / {right})"),
            Binary::And => {
                format!("(int32_t)((uint32_t)({left}) & (uint32_t)({right}))")
            }
            Binary::ShiftLeft => {
                format!("(int32_t)((uint32_t)({left}) << ((uint32_t)({right}) & 31u))")
            }
            Binary::RoundedProduct(32) => format!("high_product({left}, {right})"),
            Binary::RoundedProduct(bits) => {
                format!("i32_rounded_product({left}, {right}, {bits})")
            }
            Binary::RoundingShiftRight => call("rounding_shift_right"),
            Binary::ShiftRight => format!("(({left}) >> ({right}))"),
            Binary::RoundedShiftRight => call("rounded_shift_right"),
            Binary::Max => call("max"),
            Binary::Min => call("min"),
        }
    }
}

/// An `i32` as a literal. The least has none: its magnitude is no `int`.
pub(super) fn integer(value: i32) -> String {
    match value {
        i32::MIN => "INT32_MIN".to_owned(),
        _ => value.to_string(),
    }
}
