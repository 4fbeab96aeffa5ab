//! A device at a serial port: connects to it, and if it does not answer finds out whether it would
//! at another rate.

use std::time::Duration;

use super::error::LinkError;
use super::serial::SerialWire;
use super::session::{Client, Patience};
use super::wire::Wire;

/// The usual rates, most likely ones first.
const RATES: [u32; 8] = [
    115_200, 9_600, 921_600, 460_800, 230_400, 57_600, 38_400, 19_200,
];

/// For one of them: three greetings.
const BRIEF: Duration = Duration::from_millis(600);

impl Client<Box<dyn Wire>> {
    /// Opens `port` at `baud` and greets the device there.
    ///
    /// # Errors
    /// As [`SerialWire::open`] and [`Client::connect`]; [`LinkError::OtherBaud`] when the device
    /// answers at another of the usual rates.
    pub fn at_port(port: &str, baud: u32, patience: Patience) -> Result<Self, LinkError> {
        let wire: Box<dyn Wire> = Box::new(SerialWire::open(port, baud)?);
        let error = match Client::connect(wire, patience) {
            Err(error @ (LinkError::Silence { .. } | LinkError::Noise { .. })) => error,
            other => return other,
        };
        let brief = Patience {
            greeting: BRIEF,
            greeting_reply: BRIEF / 3,
            ..patience
        };
        let answers = |rate: &u32| {
            let wire = SerialWire::open(port, *rate);
            wire.is_ok_and(|wire| Client::connect(wire, brief).is_ok())
        };
        let found = RATES.into_iter().filter(|&rate| rate != baud).find(answers);
        Err(found.map_or(error, |found| LinkError::OtherBaud {
            port: port.to_owned(),
            baud,
            found,
        }))
    }
}
