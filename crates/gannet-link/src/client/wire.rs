//! What the client needs of a line to the device.

use std::io;
use std::time::Duration;

/// Something that carries bytes to a device and back, and may lose or change some.
pub trait Wire {
    /// Sends all the bytes, or hands them over to be sent.
    ///
    /// # Errors
    /// When the line is gone.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits for bytes at most `timeout` long, and gives how many of them it put at the front of
    /// `buffer`: as soon as there is one, without waiting for more. 0 means that none came.
    ///
    /// # Errors
    /// When the line is gone; [`io::ErrorKind::UnexpectedEof`] when the other end closed it.
    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize>;

    /// Opens the line again after the other end closed it.
    ///
    /// # Errors
    /// [`io::ErrorKind::Unsupported`] for a line that cannot be opened a second time, others when
    /// it could not be opened yet.
    fn reopen(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl<W: Wire + ?Sized> Wire for Box<W> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        (**self).send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        (**self).receive(buffer, timeout)
    }

    fn reopen(&mut self) -> io::Result<()> {
        (**self).reopen()
    }
}
