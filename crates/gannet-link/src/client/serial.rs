//! A serial port as a wire: 8 data bits, no parity, one stop bit, no flow control.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use serialport::{ClearBuffer, ErrorKind, SerialPort};

use super::error::LinkError;
use super::wire::Wire;

/// How long a write may make no progress.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// An open serial port. One that vanishes, as when a board is unplugged, can be opened again.
pub struct SerialWire {
    /// Nothing while the port is gone.
    port: Option<Box<dyn SerialPort>>,
    name: String,
    baud: u32,
}

impl SerialWire {
    /// Opens a port, for example `/dev/ttyACM0` or `COM3`, and drops what had arrived there.
    ///
    /// # Errors
    /// A port that is missing, busy, forbidden, or that cannot be set up.
    pub fn open(port: &str, baud: u32) -> Result<SerialWire, LinkError> {
        let open = open(port, baud).map_err(|error| explain(port, baud, &error))?;
        Ok(Self {
            port: Some(open),
            name: port.to_owned(),
            baud,
        })
    }

    fn port(&mut self) -> io::Result<&mut Box<dyn SerialPort>> {
        (self.port.as_mut()).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

fn open(port: &str, baud: u32) -> serialport::Result<Box<dyn SerialPort>> {
    let open = serialport::new(port, baud).timeout(WRITE_TIMEOUT).open()?;
    open.clear(ClearBuffer::All)?;
    Ok(open)
}

impl Wire for SerialWire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let port = self.port()?;
        port.set_timeout(WRITE_TIMEOUT)?;
        (port.write_all(bytes))
            .and_then(|()| port.flush())
            .map_err(gone)
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let port = self.port()?;
        port.set_timeout(timeout)?;
        match port.read(buffer) {
            Ok(0) if !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if is_nothing_yet(error.kind()) => Ok(0),
            result => result.map_err(gone),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        // Closed first: systems give a new name to a board that comes while the old is in use.
        self.port = None;
        self.port = Some(open(&self.name, self.baud)?);
        Ok(())
    }
}

/// What systems say of a port that is there no more: Unix has the numbers 5, 6 and 19 for it.
fn gone(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(5 | 6 | 19) if cfg!(unix) => io::ErrorKind::UnexpectedEof.into(),
        _ => error,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Who runs the tests may be allowed to open every port, and a port that is in use looks
    /// different on each system: what the library says of them is given.
    #[test]
    fn each_way_not_to_open_has_its_name() {
        let code = |port: &str, kind| {
            let error = serialport::Error::new(kind, "as the system says it");
            explain(port, 115_200, &error).code()
        };
        let io = ErrorKind::Io;
        for (port, kind, expected) in [
            (
                "/dev/ttyACM0",
                io(io::ErrorKind::PermissionDenied),
                "port-forbidden",
            ),
            ("COM3", io(io::ErrorKind::PermissionDenied), "port-busy"),
            ("/dev/null", io(io::ErrorKind::WouldBlock), "port-busy"),
            ("/dev/null", ErrorKind::NoDevice, "port-busy"),
            ("COM3", ErrorKind::NoDevice, "port-missing"),
            (
                "/dev/no-such-port",
                io(io::ErrorKind::NotFound),
                "port-missing",
            ),
            ("/dev/ttyACM0", ErrorKind::InvalidInput, "port-unusable"),
        ] {
            assert_eq!(code(port, kind), expected, "{port}");
        }
    }
}
