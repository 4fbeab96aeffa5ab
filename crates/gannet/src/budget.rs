//! `--budget flash=64k,ram=8k,cycles=1M`: what a network may take of a board.

use std::str::FromStr;

use gannet_board::Board;
use gannet_compile::analysis::{Limits, Misfit};
use gannet_compile::cost;
use gannet_compile::ir::Program;

use crate::draw::number::count;
use crate::failure::Failure;

/// Limits below those of the board. What is not named may be taken whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    flash_bytes: Option<u64>,
    ram_bytes: Option<u64>,
    cycles: Option<u64>,
}

impl Budget {
    /// The limits on `board`: those of the budget, if it names any, within those of the board.
    pub fn limits(self, board: &Board) -> Limits {
        let within =
            |own: Option<u64>, whole: u64| own.map_or(whole, |own| own.min(whole)) as usize;
        Limits {
            given_by: match self {
                budget if budget == Budget::default() => format!("{} has", board.name),
                _ => format!("the budget on {} allows", board.name),
            },
            flash_bytes: within(self.flash_bytes, u64::from(board.flash.len_bytes)),
            ram_bytes: within(self.ram_bytes, u64::from(board.ram.len_bytes)),
            cycles: self.cycles,
        }
    }
}

/// A failure that names every limit that is not kept.
///
/// # Errors
/// One sentence for each of `misfits`, if there are any.
pub fn keep(misfits: &[Misfit]) -> Result<(), Failure> {
    if misfits.is_empty() {
        return Ok(());
    }
    let sentences: Vec<String> = misfits.iter().map(Misfit::to_string).collect();
    Err(Failure::limit(sentences.join("\n")))
}

/// Something that a network takes, and its limit.
pub struct Taken {
    /// As the subject of a sentence.
    pub what: &'static str,
    pub amount: u64,
    pub unit: &'static str,
    /// Nothing where it is not limited.
    pub limit: Option<u64>,
}

/// A failure that names everything that network `name` takes beyond its limit, and by how much.
///
/// # Errors
/// One sentence for each of them, if there are any.
pub fn keep_all(name: &str, taken: &[Taken], given_by: &str) -> Result<(), Failure> {
    let sentences: Vec<String> = (taken.iter())
        .filter_map(|each| {
            let limit = each.limit.filter(|&limit| each.amount > limit)?;
            Some(format!(
                "network '{name}': {} {} {}, but {given_by} {}, {} fewer",
                each.what,
                count(each.amount),
                each.unit,
                count(limit),
                count(each.amount - limit)
            ))
        })
        .collect();
    match sentences.is_empty() {
        true => Ok(()),
        false => Err(Failure::limit(sentences.join("\n"))),
    }
}

/// A failure if `program` needs more on `board` than `budget`.
///
/// # Errors
/// As [`keep_all`].
pub fn keep_program(program: &Program, board: &Board, budget: Budget) -> Result<(), Failure> {
    let limits = budget.limits(board);
    let stages = cost::estimated_cycles(program, board.core, cost::Compiler::Rustc);
    let cycles = stages.map(|stages| stages.iter().sum());
    if limits.cycles.is_some() && cycles.is_none() {
        return Err(Failure::usage(format!(
            "cycles are not estimated for the {}; `gannet bench --budget` counts them",
            board.core.name()
        )));
    }
    let taken = [
        Taken {
            what: "weights and tables take",
            amount: program.constant_bytes() as u64,
            unit: "bytes of flash",
            limit: Some(limits.flash_bytes as u64),
        },
        Taken {
            what: "activations take",
            amount: program.ram_bytes() as u64,
            unit: "bytes of RAM",
            limit: Some(limits.ram_bytes as u64),
        },
        Taken {
            what: "one inference takes an estimated",
            amount: cycles.unwrap_or(0),
            unit: "cycles",
            limit: limits.cycles,
        },
    ];
    keep_all(program.name(), &taken, &limits.given_by)
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut budget = Budget::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                format!("'{part}' is no limit; write one as flash=64k, ram=8k or cycles=1M")
            })?;
            let (limit, kilo) = match name.trim() {
                "flash" => (&mut budget.flash_bytes, 1024),
                "ram" => (&mut budget.ram_bytes, 1024),
                "cycles" => (&mut budget.cycles, 1000),
                other => {
                    return Err(format!(
                        "'{other}' has no limit; flash, ram and cycles have"
                    ));
                }
            };
            if limit.is_some() {
                return Err(format!("'{}' is given twice", name.trim()));
            }
            *limit = Some(amount(value.trim(), kilo)?);
        }
        Ok(budget)
    }
}

/// A number with an optional `k` or `M`; `kilo` is what a `k` stands for.
fn amount(text: &str, kilo: u64) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, kilo),
        None => match text.strip_suffix('M') {
            Some(digits) => (digits, kilo * kilo),
            None => (text, 1),
        },
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| format!("'{text}' is no number such as 8192, 8k or 1.5M"))?;
    let amount = number * factor as f64;
    if !(0.0..=u32::MAX as f64).contains(&amount) {
        return Err(format!("'{text}' is below zero or too large"));
    }
    Ok(amount as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k_is_1024_bytes_and_a_thousand_cycles() {
        let budget: Budget = "flash=64k,ram=8192,cycles=1.1M".parse().unwrap();
        assert_eq!(budget.flash_bytes, Some(65_536));
        assert_eq!(budget.ram_bytes, Some(8_192));
        assert_eq!(budget.cycles, Some(1_100_000));
    }

    #[test]
    fn what_cannot_be_a_budget_is_told() {
        for (text, part) in [
            ("flash", "'flash' is no limit"),
            ("rom=1k", "'rom' has no limit"),
            ("ram=much", "'much' is no number"),
            ("ram=1k,ram=2k", "'ram' is given twice"),
            ("cycles=-1", "below zero"),
            ("cycles=NaN", "below zero"),
        ] {
            let error = text.parse::<Budget>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
