//! Traces one call of any function of any image for the emulated Nucleo-F446RE:
//!
//! ```text
//! cargo run -p gannet-board --example trace -- ELF FUNCTION [FUNCTION THAT IT CALLS]...
//! ```

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use gannet_board::trace::{Code, account, record};
use gannet_board::{Board, Host, Toolchain};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(elf), Some(function)) = (arguments.next(), arguments.next()) else {
        return Err("give an ELF file and a function of it".into());
    };
    let stages: Vec<String> = arguments.collect();
    let (host, board) = (Host::current(), Board::find("nucleo-f446re")?);
    let toolchain = Toolchain::find(&host, board.core.rust_target())?;
    let code = Code::read(Path::new(&elf))?;
    let start = |name: &String| Ok::<_, Box<dyn Error>>(code.expect_function(name)?.start);
    let starts = stages.iter().map(start).collect::<Result<Vec<_>, _>>()?;
    let record = record(
        &host,
        &toolchain,
        board,
        Path::new(&elf),
        (&function, start(&function)?),
        &std::env::temp_dir().join("gannet-trace"),
        Duration::from_secs(120),
    )?;
    let traced = account(&code, &record, board.core.timing(), &starts)?;
    for (name, account) in [(&function, traced.total)]
        .into_iter()
        .chain(stages.iter().zip(traced.stages))
    {
        println!(
            "{name}: {} instructions, {} cycles estimated",
            account.instructions, account.cycles
        );
    }
    Ok(())
}
