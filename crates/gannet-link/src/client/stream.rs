//! A pair of byte streams as a wire: a child process's pipes, or the two halves of a socket.
//!
//! Streams block and know no time-out, so each has a thread of its own. A thread ends when its
//! stream does.

use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::wire::Wire;

/// The wire over a reading and a writing stream.
#[derive(Debug)]
pub struct StreamWire {
    outgoing: Sender<Vec<u8>>,
    incoming: Receiver<io::Result<Vec<u8>>>,
    /// Bytes that arrived and did not fit the caller's buffer.
    rest: Vec<u8>,
}

impl StreamWire {
    /// A wire that receives from `reader` and sends to `writer`.
    pub fn new(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> StreamWire {
        let (outgoing, to_write) = mpsc::channel();
        let (was_read, incoming) = mpsc::channel();
        thread::spawn(move || read_all(reader, &was_read));
        thread::spawn(move || write_all(writer, &to_write));
        Self {
            outgoing,
            incoming,
            rest: Vec::new(),
        }
    }
}

impl Wire for StreamWire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.outgoing
            .send(bytes.to_vec())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if self.rest.is_empty() {
            match self.incoming.recv_timeout(timeout) {
                Ok(bytes) => self.rest = bytes?,
                Err(RecvTimeoutError::Timeout) => return Ok(0),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        let len = self.rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&self.rest[..len]);
        self.rest.drain(..len);
        Ok(len)
    }
}

fn read_all(mut reader: impl Read, was_read: &Sender<io::Result<Vec<u8>>>) {
    let mut buffer = [0; 4096];
    loop {
        let bytes = match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(len) => Ok(buffer[..len].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let failed = bytes.is_err();
        if was_read.send(bytes).is_err() || failed {
            return;
        }
    }
}

fn write_all(mut writer: impl Write, to_write: &Receiver<Vec<u8>>) {
    for bytes in to_write {
        if writer
            .write_all(&bytes)
            .and_then(|()| writer.flush())
            .is_err()
        {
            return;
        }
    }
}
