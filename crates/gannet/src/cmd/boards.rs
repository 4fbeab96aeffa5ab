//! `gannet boards`: the boards that are known.

use clap::Args;
use gannet_board::Board;

use crate::draw::number::kib;
use crate::draw::table::{Column, table};
use crate::failure::Failure;
use crate::screen::Screen;

/// The board for who names none.
pub const DEFAULT_BOARD: &str = "nucleo-f446re";

/// The board of that name.
pub fn find(name: &str) -> Result<&'static Board, Failure> {
    Board::find(name).map_err(|error| Failure::usage(error.to_string()))
}

/// A board, and what is to be otherwise than its own.
#[derive(Debug, Args)]
pub struct BoardArgs {
    /// The board; `gannet boards` lists them.
    #[arg(long, default_value = DEFAULT_BOARD)]
    board: String,
    /// The core's clock in Hz, one of those that the board can reach; its fastest without it.
    #[arg(long, value_name = "HZ")]
    clock_hz: Option<u32>,
    /// The serial port to the host, by its name in the chip's manual; the board's own without it.
    #[arg(long, value_name = "NAME")]
    uart: Option<String>,
    /// The speed of the serial port; the board's own without it.
    #[arg(long)]
    baud: Option<u32>,
}

impl BoardArgs {
    /// The board as it is asked for.
    pub fn find(&self) -> Result<Board, Failure> {
        find(&self.board)?
            .with(self.clock_hz, self.uart.as_deref(), self.baud)
            .map_err(|error| Failure::usage(error.to_string()))
    }
}

pub fn run() -> Result<(), Failure> {
    let mut boards = table(&[
        Column::Text("board"),
        Column::Text("what it is"),
        Column::Text("core"),
        Column::Number("clock"),
        Column::Number("flash"),
        Column::Number("RAM"),
        Column::Text("emulator"),
    ]);
    for board in Board::all() {
        boards.add_row([
            board.name.clone(),
            board.title.clone(),
            board.core.name().to_owned(),
            format!("{} MHz", board.clock.core_hz() / 1_000_000),
            kib(board.flash.len_bytes as usize),
            kib(board.ram.len_bytes as usize),
            board
                .emulator
                .as_ref()
                .map_or("none", |emulator| &emulator.qemu_machine)
                .to_owned(),
        ]);
    }
    Screen::LIT.line(boards);
    Ok(())
}
