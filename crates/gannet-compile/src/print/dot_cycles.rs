//! What the assembly for dot products takes, line by line, for the estimate without a trace.

use gannet_target::Timing;

use super::dot_assembly::Assembly;

/// A loop of it that was entered and not left yet.
struct Loop<'l> {
    label: &'l str,
    /// Cycles of one turn so far.
    cycles: u64,
}

impl Assembly {
    /// Cycles on a core with `timing` for so many rows.
    pub(super) fn cycles(&self, rows: u64, timing: &Timing) -> u64 {
        let mut all = 0;
        let mut loops: Vec<Loop> = Vec::new();
        let mut before_loads = false;
        for line in self.lines() {
            if let Some(label @ ("2" | "3")) = line.strip_suffix(':') {
                loops.push(Loop { label, cycles: 0 });
                continue;
            }
            let jumps_back = loops.last().is_some_and(|innermost| {
                line.strip_prefix("bne ") == Some(&*format!("{}b", innermost.label))
            });
            let taken = match jumps_back {
                true => u64::from(timing.branch),
                false => u64::from(cycles(line, before_loads, timing)),
            };
            before_loads = line.starts_with("ldr");
            let present = loops.last_mut().map_or(&mut all, |each| &mut each.cycles);
            *present += taken;
            if jumps_back && let Some(left) = loops.pop() {
                let turns = match left.label {
                    "2" => rows,
                    _ => self.turns() as u64,
                };
                let around = loops.last_mut().map_or(&mut all, |each| &mut each.cycles);
                *around += left.cycles * turns;
            }
        }
        all
    }
}

/// Cycles of a line that is no jump back, behind a load or not.
fn cycles(line: &str, is_behind_load: bool, timing: &Timing) -> u32 {
    let registers = || line.matches(',').count() as u32 + 1;
    match line.split(' ').next() {
        Some("ldr" | "ldrb" | "ldrsb" | "ldrsh") => {
            timing.load - u32::from(is_behind_load && timing.loads_overlap)
        }
        Some("str") => timing.store,
        Some("push" | "pop") => timing.multiple + registers(),
        Some("b") => timing.branch,
        Some(text) if text.ends_with(':') => 0,
        // Those of the end of a ring and of rows of zeros are mostly not taken.
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::dot::{Shape, Spacing};
    use super::*;
    use crate::Zeros;
    use crate::ir::{Element, Reads};
    use gannet_target::Core;

    /// Three runs of four bytes with weights of 16 bits: for the even bytes two loads, a widening
    /// and a product, for the odd ones the same; then two pointers, the end, a comparison and a
    /// jump. Before and behind them the end goes to the stack and is taken off again.
    #[test]
    fn each_row_takes_what_its_instructions_take() {
        let shape = Shape {
            channels: 1,
            positions: 1,
            step: 1,
            run: 4,
            reads: Reads::Shared,
            inputs: Element::U8,
            are_wide: true,
            rows: Some(Spacing {
                distance: 30,
                ring: None,
            }),
            zeros: Zeros::Multiplied,
        };
        let assembly = Assembly::of(shape).unwrap();
        let row = 2 * (2 + 1 + 1 + 1) + 2 + 2 + 1 + 3;
        let timing = Core::CortexM4F.timing();
        assert_eq!(assembly.cycles(3, timing), 2 + 3 * row + 1);
    }
}
