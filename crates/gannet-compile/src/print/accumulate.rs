//! Sums of products in Rust: one inline function for each shape of block.
//!
//! On an Arm core with a float unit, which `--cfg gannet_float_registers` tells of together with
//! `-C target-feature=+vfp2`, the function is assembly. A compiler does not know that a
//! Cortex-M4 waits a cycle where an instruction uses the result of the one before it (Arm DDI
//! 0439D, 7.2.3), nor that weights which lie side by side are loaded fastest together: `VLDM` of
//! n registers takes n + 1 cycles, n times `VLDR` 2n. So a product is always made between
//! another and its sum. Elsewhere it is plain arithmetic; the operations are the same.

use std::collections::BTreeSet;

use super::writer::Writer;
use crate::ir::{Accumulate, Element, Program, Statement, visit_all};

/// So many weights, each multiplied with so many inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    weights: usize,
    inputs: usize,
    /// Sums and inputs are `i32`, weights `i8`.
    integers: bool,
}

/// Single-precision registers.
const REGISTERS: usize = 32;
/// Registers for products.
const PRODUCTS: usize = 2;
/// Weights that are loaded together, at most.
const MOST_LOADED: usize = 8;

impl Shape {
    pub(super) fn of(program: &Program, accumulate: &Accumulate) -> Shape {
        Shape {
            integers: program.buffer(accumulate.weights).element == Element::I8,
            weights: accumulate.weight_count(),
            inputs: accumulate.inputs.len(),
        }
    }

    /// The function's name.
    pub(super) fn name(self) -> String {
        let of = if self.integers { "i8" } else { "f32" };
        format!("accumulate_{of}_{}x{}", self.weights, self.inputs)
    }

    fn sums(self) -> usize {
        self.weights * self.inputs
    }

    /// How many weights are loaded together; 0 if the sums leave no room for any.
    fn loaded(self) -> usize {
        let room = REGISTERS.saturating_sub(self.sums() + self.inputs + PRODUCTS);
        self.weights.min(room).min(MOST_LOADED)
    }

    /// The function.
    pub(super) fn print(self, out: &mut Writer) {
        let Shape {
            weights, inputs, ..
        } = self;
        let (weight, number) = if self.integers {
            ("i8", "i32")
        } else {
            ("f32", "f32")
        };
        let list = |name: &str, count: usize| -> String {
            let names: Vec<String> = (0..count).map(|i| format!("{name}{i}")).collect();
            names.join(", ")
        };
        out.line("/// # Safety");
        out.line(format_args!("/// `weights` points to {weights} weights."));
        out.line("#[inline(always)]");
        let head = format!(
            "unsafe fn {}(weights: *const {weight}, [{}]: [{number}; {inputs}], [{}]: [&mut {number}; {}])",
            self.name(),
            list("input", inputs),
            list("sum", self.sums()),
            self.sums()
        );
        out.braces(head, |out| {
            if self.integers || self.loaded() == 0 {
                self.plain(out);
                return;
            }
            out.line("#[cfg(not(gannet_float_registers))]");
            out.block("{", "}", |out| self.plain(out));
            out.line("#[cfg(gannet_float_registers)]");
            out.block("core::arch::asm!(", ");", |out| self.assembly(out));
        });
    }

    fn plain(self, out: &mut Writer) {
        for c in 0..self.weights {
            let weight = format!("*weights.add({c})");
            if self.integers {
                out.line(format_args!("let weight = i32::from({weight});"));
            } else {
                out.line(format_args!("let weight = {weight};"));
            }
            for p in 0..self.inputs {
                let sum = c * self.inputs + p;
                if self.integers {
                    out.line(format_args!(
                        "*sum{sum} = sum{sum}.wrapping_add(input{p}.wrapping_mul(weight));"
                    ));
                } else {
                    out.line(format_args!("*sum{sum} = *sum{sum} + input{p} * weight;"));
                }
            }
        }
    }

    fn assembly(self, out: &mut Writer) {
        let loaded = self.loaded();
        let first_weight = REGISTERS - loaded;
        let product = |k: usize| first_weight - PRODUCTS + k % PRODUCTS;
        let add = |out: &mut Writer, k: usize| {
            let product = product(k);
            out.line(format_args!("\"vadd.f32 {{s{k}}}, {{s{k}}}, s{product}\","));
        };
        for k in 0..self.sums() {
            let (c, p) = (k / self.inputs, k % self.inputs);
            if p == 0 && c.is_multiple_of(loaded) {
                let last = first_weight + loaded.min(self.weights - c) - 1;
                out.line(format_args!(
                    "\"vldmia {{weights}}!, {{{{s{first_weight}-s{last}}}}}\","
                ));
            }
            let (product, weight) = (product(k), first_weight + c % loaded);
            out.line(format_args!(
                "\"vmul.f32 s{product}, {{i{p}}}, s{weight}\","
            ));
            if k > 0 {
                add(out, k - 1);
            }
        }
        add(out, self.sums() - 1);
        out.line("weights = inout(reg) weights => _,");
        for p in 0..self.inputs {
            out.line(format_args!("i{p} = in(sreg) input{p},"));
        }
        for k in 0..self.sums() {
            out.line(format_args!("s{k} = inout(sreg) *sum{k},"));
        }
        let taken = (first_weight - PRODUCTS..REGISTERS).map(|s| format!("out(\"s{s}\") _,"));
        out.line(taken.collect::<Vec<_>>().join(" "));
        out.line("options(pure, readonly, nostack, preserves_flags),");
    }
}

/// The shapes of all blocks of `program`, each once.
pub(super) fn shapes(program: &Program) -> Vec<Shape> {
    let mut shapes = BTreeSet::new();
    for stage in program.stages() {
        visit_all(&stage.body, &mut |statement| {
            if let Statement::Accumulate(accumulate) = statement {
                shapes.insert(Shape::of(program, accumulate));
            }
            true
        });
    }
    shapes.into_iter().collect()
}
