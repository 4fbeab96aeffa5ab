//! An example for those who write firmware with Embassy: a project in a project, with the network
//! in a task of Embassy's executor. The firmware itself needs none of it.

use crate::board::Board;

/// Its files, with `{{names}}` to fill in.
pub(crate) const TEMPLATES: [(&str, &str); 3] = [
    (
        "embassy/Cargo.toml",
        include_str!("../firmware/embassy/Cargo.toml.in"),
    ),
    (
        "embassy/build.rs",
        include_str!("../firmware/embassy/build.rs"),
    ),
    (
        "embassy/src/main.rs",
        include_str!("../firmware/embassy/main.rs.in"),
    ),
];

/// The README's line about it.
pub(crate) const README_LINE: &str = "- `embassy/` runs the network in a task of Embassy's \
    executor, if that is what you write firmware with: `cargo build --release` there.\n";

/// What `embassy-stm32` calls the board's chip: probe-rs' name of it up to the letter for the size
/// of its flash, in small letters. `None` for chips of other makers.
pub(crate) fn chip(board: &Board) -> Option<String> {
    const LEN: usize = "STM32F446RE".len();
    let chip = board.probe_rs_chip.as_deref()?.get(..LEN)?;
    chip.starts_with("STM32").then(|| chip.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chips_have_the_names_of_embassys_features() {
        let chip_of = |board| chip(Board::find(board).unwrap());
        assert_eq!(chip_of("nucleo-f446re").as_deref(), Some("stm32f446re"));
        assert_eq!(chip_of("nucleo-l031k6").as_deref(), Some("stm32l031k6"));
        assert_eq!(chip_of("pico"), None);
        assert_eq!(chip_of("mps2-an386"), None);
    }
}
