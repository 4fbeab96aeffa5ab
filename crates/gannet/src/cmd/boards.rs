//! `gannet boards`: the boards that are known.

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
            board.cpu.clone(),
            format!("{} MHz", board.clock.core_hz / 1_000_000),
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
