//! Looking into a device that runs a Program: which layer goes wrong first.

use gannet_board::validate::{LayerMismatch, ValueMismatch};
use gannet_compile::ir::Program;
use gannet_compile::{Difference, Interpreter, Values, difference};
use gannet_link::{Client, LinkError, Wire};

/// The layer behind which the device's memory first is not the host's when it computes `input`;
/// `None` if it is the host's to the end.
pub fn locate<W: Wire>(
    client: &mut Client<W>,
    program: &Program,
    input: &[u8],
) -> Result<Option<LayerMismatch>, LinkError> {
    let mut interpreter = Interpreter::new(program);
    let runs = program.runs().len() as u32;
    let host = |runs| interpreter.memory_behind(input, runs as usize).to_vec();
    let divergence = gannet_board::locate(client, input, runs, host)?;
    Ok(divergence
        .and_then(|found| difference(program, found.runs as usize, &found.host, &found.device))
        .map(told))
}

fn told(difference: Difference) -> LayerMismatch {
    let values = |values: Values| ValueMismatch {
        count: values.count,
        differing: values.differing,
        largest: values.largest.to_string(),
        first: values.first,
        host: values.host.to_string(),
        device: values.device.to_string(),
    };
    LayerMismatch {
        layers: difference.layers,
        row: difference.row,
        values: difference.values.map(values),
    }
}
