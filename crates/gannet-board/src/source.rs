//! A board as Rust source: the constants that the firmware's `board.rs` consists of.

use std::fmt::Write;

use crate::board::{Board, Boot, Registers, Step};

/// The text of `src/board.rs`.
pub(crate) fn board_source(board: &Board) -> String {
    let uart = board.uart();
    let mut text = String::from(include_str!("../firmware/src/board_types.rs"));
    let mut constant = |meaning: &str, name: &str, kind: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n/// {meaning}\npub const {name}: {kind} = {value};\n"
        );
    };
    constant("The board.", "NAME", "&str", format!("{:?}", board.name));
    constant(
        "Whether the core has a cycle counter.",
        "CYCLE_COUNTER",
        "bool",
        board.core.has_cycle_counter().to_string(),
    );
    constant("The clock tree.", "CLOCKS", "Clocks", clocks(board));
    constant(
        "The serial port.",
        "UART_BASE",
        "usize",
        format!("{:#010x}", uart.base),
    );
    constant(
        "The port's interrupt.",
        "UART_INTERRUPT",
        "usize",
        uart.interrupt.to_string(),
    );
    constant(
        "Core clock over the port's, at full speed.",
        "UART_DIVIDER",
        "u32",
        uart.divider.to_string(),
    );
    constant(
        "The same after reset.",
        "UART_RESET_DIVIDER",
        "u32",
        uart.reset_divider.to_string(),
    );
    constant("Bits a second.", "BAUD", "u32", grouped(uart.baud));
    constant(
        "What gives the port its clock and its pins.",
        "UART_STEPS",
        "&[Step]",
        format!("&{}", steps(&uart.steps, &board.registers, 0)),
    );
    text.push_str(board.boot.map_or("", Boot::source));
    text
}

fn clocks(board: &Board) -> String {
    let clock = &board.clock;
    let answers = match &clock.answers {
        None => "None".to_owned(),
        Some(answers) => format!("Some({})", step(answers, &board.registers)),
    };
    let ways: String = clock
        .ways
        .iter()
        .map(|way| {
            format!(
                "        Way {{\n            core_hz: {},\n            steps: &{},\n        }},\n",
                grouped(way.core_hz),
                steps(&way.steps, &board.registers, 12)
            )
        })
        .collect();
    let ways = if ways.is_empty() {
        "&[]".to_owned()
    } else {
        format!("&[\n{ways}    ]")
    };
    format!(
        "Clocks {{\n    reset_hz: {},\n    answers: {answers},\n    ways: {ways},\n}}",
        grouped(clock.reset_hz)
    )
}

/// A list of steps, a line each with the register's name behind it.
fn steps(steps: &[Step], registers: &Registers, indent: usize) -> String {
    if steps.is_empty() {
        return "[]".into();
    }
    let lines: String = steps
        .iter()
        .map(|each| {
            let (text, name) = (step(each, registers), each.register());
            format!("{:indent$}    {text}, // {name}\n", "")
        })
        .collect();
    format!("[\n{lines}{:indent$}]", "")
}

fn step(step: &Step, registers: &Registers) -> String {
    // A board's file is refused when a step's register is not in its list.
    let at = registers.get(step.register()).copied().unwrap_or_default();
    match step {
        Step::Modify { clear, set, .. } => {
            format!("Step::Modify {{ at: {at:#010x}, clear: {clear:#010x}, set: {set:#010x} }}")
        }
        Step::Write { value, .. } => {
            format!("Step::Write {{ at: {at:#010x}, value: {value:#010x} }}")
        }
        Step::Wait { mask, value, .. } => {
            format!("Step::Wait {{ at: {at:#010x}, mask: {mask:#010x}, value: {value:#010x} }}")
        }
    }
}

/// A number as Rust's sources show it: 180_000_000.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_reaches_the_sources() {
        let board = Board::find("nucleo-f446re").unwrap();
        let board = board.with(Some(16_000_000), None, Some(921_600)).unwrap();
        let text = board_source(&board);
        assert!(text.contains("BAUD: u32 = 921_600;"), "{text}");
        assert!(text.contains("ways: &[],"), "{text}");
    }
}
