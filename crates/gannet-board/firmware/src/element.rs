//! The element types that a network's input and output may have, in text.

use crate::uart::Uart;
use crate::{decimal, text};

/// One element of a network's output, as the example prints it.
pub trait Element: gannet_link::Element + PartialOrd {
    /// The type's name.
    const NAME: &'static str;

    /// Sends the value.
    fn print(self, uart: &mut Uart);
}

impl Element for u8 {
    const NAME: &'static str = "uint8";

    fn print(self, uart: &mut Uart) {
        text::print_u32(uart, u32::from(self));
    }
}

impl Element for i8 {
    const NAME: &'static str = "int8";

    fn print(self, uart: &mut Uart) {
        if self < 0 {
            uart.write(b'-');
        }
        text::print_u32(uart, u32::from(self.unsigned_abs()));
    }
}

impl Element for f32 {
    const NAME: &'static str = "float";

    fn print(self, uart: &mut Uart) {
        decimal::print(self, |character| uart.write(character));
    }
}

/// Index of the largest element; the first one of equals.
pub fn largest<E: Element>(elements: &[E]) -> usize {
    let mut best: Option<(usize, E)> = None;
    for (index, &element) in elements.iter().enumerate() {
        if best.is_none_or(|(_, largest)| element > largest) {
            best = Some((index, element));
        }
    }
    best.map_or(0, |(index, _)| index)
}
