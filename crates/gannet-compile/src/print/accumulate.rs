//! Sums of products in Rust: one inline function for each shape of block.
//!
//! On an Arm core with a float unit, which `--cfg gannet_float_registers` tells of together with
//! `-C target-feature=+vfp2`, the function is assembly. A compiler does not know that a
//! Cortex-M4 waits a cycle where an instruction uses the result of the one before it (Arm DDI
//! 0439D, 7.2.3), nor that weights which lie side by side are loaded fastest together: `VLDM` of
//! n registers takes n + 1 cycles, n times `VLDR` 2n. So a product is always made between
//! another and its sum. Elsewhere it is plain arithmetic; the operations are the same.

use std::collections::BTreeSet;
use std::ops::Range;

use gannet_graph::IndexBits;

use super::writer::Writer;
use crate::ir::{Accumulate, Element, Program, Statement, Stored, visit_all};

/// So many weights, each multiplied with so many inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    weights: usize,
    inputs: usize,
    kind: Kind,
}

/// What weights are in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `f32`, as sums and inputs are.
    F32,
    /// `i8`; sums and inputs are `i32`.
    I8,
    /// Places in a table of `f32`.
    Shared(IndexBits),
}

/// Single-precision registers.
const REGISTERS: usize = 32;
/// Registers for products.
const PRODUCTS: usize = 2;
/// Weights that are loaded together, at most.
const MOST_LOADED: usize = 8;

impl Shape {
    pub(super) fn of(program: &Program, accumulate: &Accumulate) -> Shape {
        let kind = match accumulate.weights {
            Stored::Shared(shared) => Kind::Shared(shared.bits),
            Stored::Single(weights) => match program.buffer(weights).element {
                Element::I8 => Kind::I8,
                _ => Kind::F32,
            },
        };
        Shape {
            kind,
            weights: accumulate.weight_count(),
            inputs: accumulate.inputs.len(),
        }
    }

    /// The function's name.
    pub(super) fn name(self) -> String {
        let of = match self.kind {
            Kind::F32 => "f32",
            Kind::I8 => "i8",
            Kind::Shared(IndexBits::Four) => "u4_of_f32",
            Kind::Shared(IndexBits::Eight) => "u8_of_f32",
        };
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
        let (pointers, number) = match self.kind {
            Kind::F32 => ("weights: *const f32", "f32"),
            Kind::I8 => ("weights: *const i8", "i32"),
            Kind::Shared(_) => ("values: *const f32, places: *const u8", "f32"),
        };
        let list = |name: &str, count: usize| -> String {
            let names: Vec<String> = (0..count).map(|i| format!("{name}{i}")).collect();
            names.join(", ")
        };
        out.line("/// # Safety");
        out.line(match self.kind {
            Kind::F32 | Kind::I8 => format!("/// `weights` points to {weights} weights."),
            Kind::Shared(_) => {
                format!("/// `places` points to those of {weights} weights in `values`.")
            }
        });
        out.line("#[inline(always)]");
        let head = format!(
            "unsafe fn {}({pointers}, [{}]: [{number}; {inputs}], [{}]: [&mut {number}; {}])",
            self.name(),
            list("input", inputs),
            list("sum", self.sums()),
            self.sums()
        );
        out.braces(head, |out| {
            if self.kind == Kind::I8 || self.loaded() == 0 {
                self.plain(out);
                return;
            }
            out.line("#[cfg(not(gannet_float_registers))]");
            out.block("{", "}", |out| self.plain(out));
            out.line("#[cfg(gannet_float_registers)]");
            match self.kind {
                Kind::Shared(_) => out.block("{", "}", |out| self.looked_up(out)),
                _ => out.block("core::arch::asm!(", ");", |out| self.assembly(out)),
            }
        });
    }

    /// Weight `c` as an expression.
    fn weight(self, c: usize) -> String {
        match self.kind {
            Kind::F32 => format!("*weights.add({c})"),
            Kind::I8 => format!("i32::from(*weights.add({c}))"),
            Kind::Shared(bits) => {
                let byte = format!("*places.add({})", c / bits.in_byte());
                let place = match (bits, c % bits.in_byte()) {
                    (IndexBits::Eight, _) => byte,
                    (IndexBits::Four, 0) => format!("({byte} & 15)"),
                    (IndexBits::Four, _) => format!("({byte} >> 4)"),
                };
                format!("*values.add({place} as usize)")
            }
        }
    }

    fn plain(self, out: &mut Writer) {
        for c in 0..self.weights {
            out.line(format_args!("let weight = {};", self.weight(c)));
            for p in 0..self.inputs {
                let sum = c * self.inputs + p;
                if self.kind == Kind::I8 {
                    out.line(format_args!(
                        "*sum{sum} = sum{sum}.wrapping_add(input{p}.wrapping_mul(weight));"
                    ));
                } else {
                    out.line(format_args!("*sum{sum} = *sum{sum} + input{p} * weight;"));
                }
            }
        }
    }

    /// Weights that lie side by side are loaded into the last registers.
    fn assembly(self, out: &mut Writer) {
        let loaded = self.loaded();
        let first_weight = REGISTERS - loaded;
        let first_product = first_weight - PRODUCTS;
        self.products(0..self.sums(), first_product, out, |out, c| {
            if c.is_multiple_of(loaded) {
                let last = first_weight + loaded.min(self.weights - c) - 1;
                out.line(format_args!(
                    "\"vldmia {{weights}}!, {{{{s{first_weight}-s{last}}}}}\","
                ));
            }
            format!("s{}", first_weight + c % loaded)
        });
        out.line("weights = inout(reg) weights => _,");
        self.operands(0..self.sums(), first_product, out);
        out.line("options(pure, readonly, nostack, preserves_flags),");
    }

    /// Weights are looked up, as many together as there are registers for.
    fn looked_up(self, out: &mut Writer) {
        let first_product = REGISTERS - PRODUCTS;
        for begin in (0..self.weights).step_by(self.loaded()) {
            let weights = begin..self.weights.min(begin + self.loaded());
            for c in weights.clone() {
                out.line(format_args!("let weight{c} = {};", self.weight(c)));
            }
            let sums = weights.start * self.inputs..weights.end * self.inputs;
            out.block("core::arch::asm!(", ");", |out| {
                self.products(sums.clone(), first_product, out, |_, c| format!("{{w{c}}}"));
                for c in weights {
                    out.line(format_args!("w{c} = in(sreg) weight{c},"));
                }
                self.operands(sums, first_product, out);
                out.line("options(pure, nomem, nostack, preserves_flags),");
            });
        }
    }

    /// The products of some sums, each added while the next is made. `weight` tells which register
    /// a weight is in, once it is there.
    fn products(
        self,
        sums: Range<usize>,
        first_product: usize,
        out: &mut Writer,
        mut weight: impl FnMut(&mut Writer, usize) -> String,
    ) {
        let product = |k: usize| first_product + k % PRODUCTS;
        let add = |out: &mut Writer, k: usize| {
            let product = product(k);
            out.line(format_args!("\"vadd.f32 {{s{k}}}, {{s{k}}}, s{product}\","));
        };
        let mut register = String::new();
        for k in sums.clone() {
            let (c, p) = (k / self.inputs, k % self.inputs);
            if p == 0 {
                register = weight(out, c);
            }
            let product = product(k);
            out.line(format_args!(
                "\"vmul.f32 s{product}, {{i{p}}}, {register}\","
            ));
            if k > sums.start {
                add(out, k - 1);
            }
        }
        add(out, sums.end - 1);
    }

    /// The inputs, some sums, and the registers from the first for products on.
    fn operands(self, sums: Range<usize>, first_product: usize, out: &mut Writer) {
        for p in 0..self.inputs {
            out.line(format_args!("i{p} = in(sreg) input{p},"));
        }
        for k in sums {
            out.line(format_args!("s{k} = inout(sreg) *sum{k},"));
        }
        let taken = (first_product..REGISTERS).map(|s| format!("out(\"s{s}\") _,"));
        out.line(taken.collect::<Vec<_>>().join(" "));
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
