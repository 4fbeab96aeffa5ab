//! A serial port as a wire: 8 data bits, no parity, one stop bit, no flow control.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use serialport::{ClearBuffer, ErrorKind, SerialPort};

use super::error::LinkError;
use super::wire::Wire;

/// How long a write may make no progress.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// An open serial port.
pub struct SerialWire {
    port: Box<dyn SerialPort>,
}

impl SerialWire {
    /// Opens a port, for example `/dev/ttyACM0` or `COM3`, and drops what had arrived there.
    ///
    /// # Errors
    /// A port that is missing, busy, forbidden, or that cannot be set up.
    pub fn open(port: &str, baud: u32) -> Result<SerialWire, LinkError> {
        let failed = |error| explain(port, baud, &error);
        let open = serialport::new(port, baud)
            .timeout(WRITE_TIMEOUT)
            .open()
            .map_err(failed)?;
        open.clear(ClearBuffer::All).map_err(failed)?;
        Ok(Self { port: open })
    }
}

impl Wire for SerialWire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.port.set_timeout(WRITE_TIMEOUT)?;
        self.port.write_all(bytes)?;
        self.port.flush()
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        self.port.set_timeout(timeout)?;
        match self.port.read(buffer) {
            Ok(0) if !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if is_nothing_yet(error.kind()) => Ok(0),
            result => result,
        }
    }
}

fn is_nothing_yet(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// Tells why a port did not open. The library calls a port that is in use "no device" (and its
/// lock "would block"), so whether it exists is looked up.
fn explain(port: &str, baud: u32, error: &serialport::Error) -> LinkError {
    let name = port.to_owned();
    let is_file_name = port.starts_with('/');
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::PermissionDenied) if is_file_name => {
            LinkError::PortForbidden { port: name }
        }
        // Windows says so of a port that another program holds.
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => LinkError::PortBusy { port: name },
        ErrorKind::Io(io::ErrorKind::NotFound) => LinkError::PortMissing { port: name },
        ErrorKind::NoDevice | ErrorKind::Io(io::ErrorKind::WouldBlock)
            if is_file_name && Path::new(port).exists() =>
        {
            LinkError::PortBusy { port: name }
        }
        ErrorKind::NoDevice => LinkError::PortMissing { port: name },
        _ => LinkError::PortUnusable {
            port: name,
            baud,
            why: error.to_string(),
        },
    }
}
