//! The host's end of the tutorial's own protocol: bare little-endian values, nothing framed,
//! nothing repeated. A board with the tutorial's C program speaks it, and so does the program
//! `tutorial_validate` of firmware projects in C.
//!
//! The host sends the number of images (`i32`) and the board sends it back. Then for each image
//! the host sends its pixels, divided by 255, as `f32`; the board answers with their sum, added
//! in order, and with its outputs as `f32`.

use std::io;
use std::time::{Duration, Instant};

use super::Wire;

/// How long the board may take to answer: an image takes 0.3 s at the tutorial's 115200 baud.
const PATIENCE: Duration = Duration::from_secs(5);

/// A board that waits for the next of a known number of images.
pub struct Tutorial<W> {
    wire: W,
    outputs: usize,
}

/// Why a board did not answer as the tutorial has it.
#[derive(Debug, thiserror::Error)]
pub enum TutorialError {
    /// The line is gone.
    #[error("the wire failed while waiting for {what}: {source}")]
    Wire {
        /// What should have come.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Not enough bytes came.
    #[error(
        "{got} of {wanted} bytes of {what} came back: is the tutorial's program on the board and \
         waiting? Reset it, and start it before this"
    )]
    Silence {
        /// What should have come.
        what: &'static str,
        /// Bytes that came.
        got: usize,
        /// Bytes that should have come.
        wanted: usize,
    },
    /// The number of images came back as another.
    #[error(
        "{got} came back for {sent} images: the board speaks at another rate, or was in the middle \
         of a run. Reset it"
    )]
    Count {
        /// What was sent.
        sent: i32,
        /// What came back.
        got: i32,
    },
    /// The sum of the pixels is not theirs: the image was damaged on the way.
    #[error(
        "the board adds the pixels up to {got} and not {sent}: the image was damaged on the way, and \
         the tutorial's protocol has no means to send it again"
    )]
    Checksum {
        /// The sum of what was sent.
        sent: f32,
        /// What came back.
        got: f32,
    },
}

impl TutorialError {
    /// A short, stable name of the kind of failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Wire { .. } => "wire-failed",
            Self::Silence { .. } => "silence",
            Self::Count { .. } => "count",
            Self::Checksum { .. } => "checksum",
        }
    }
}

impl<W: Wire> Tutorial<W> {
    /// Announces `images` images to a board whose network has `outputs` outputs.
    ///
    /// # Errors
    /// [`TutorialError`] if the number does not come back.
    pub fn start(wire: W, images: i32, outputs: usize) -> Result<Self, TutorialError> {
        let mut tutorial = Tutorial { wire, outputs };
        tutorial.send(&images.to_le_bytes(), "the number of images")?;
        let echo = tutorial.receive(4, "the number of images")?;
        let got = i32::from_le_bytes(echo.try_into().unwrap_or_default());
        if got == images {
            Ok(tutorial)
        } else {
            Err(TutorialError::Count { sent: images, got })
        }
    }

    /// Sends an image's pixels and gives the outputs' little-endian bytes.
    ///
    /// # Errors
    /// [`TutorialError`], after which the board and the host are out of step.
    pub fn run(&mut self, pixels: &[u8]) -> Result<Vec<u8>, TutorialError> {
        let values: Vec<f32> = pixels
            .iter()
            .map(|&pixel| f32::from(pixel) / 255.0)
            .collect();
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.send(&bytes, "the checksum")?;
        let sum = self.receive(4, "the checksum")?;
        let got = f32::from_le_bytes(sum.try_into().unwrap_or_default());
        let sent = values.iter().fold(0.0, |sum: f32, value| sum + value);
        if got != sent {
            return Err(TutorialError::Checksum { sent, got });
        }
        self.receive(4 * self.outputs, "the outputs")
    }

    fn send(&mut self, bytes: &[u8], what: &'static str) -> Result<(), TutorialError> {
        self.wire
            .send(bytes)
            .map_err(|source| TutorialError::Wire { what, source })
    }

    fn receive(&mut self, wanted: usize, what: &'static str) -> Result<Vec<u8>, TutorialError> {
        let deadline = Instant::now() + PATIENCE;
        let mut bytes = vec![0; wanted];
        let mut got = 0;
        while got < wanted {
            let left = deadline.saturating_duration_since(Instant::now());
            let more = self
                .wire
                .receive(&mut bytes[got..], left)
                .map_err(|source| TutorialError::Wire { what, source })?;
            if more == 0 && left.is_zero() {
                return Err(TutorialError::Silence { what, got, wanted });
            }
            got += more;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A board that answers from a script.
    struct Script(Vec<u8>);

    impl Wire for Script {
        fn send(&mut self, _bytes: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn receive(&mut self, buffer: &mut [u8], _timeout: Duration) -> io::Result<usize> {
            let count = buffer.len().min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(count)
        }
    }

    fn script(count: i32, sum: f32, output: f32) -> Script {
        Script([count.to_le_bytes(), sum.to_le_bytes(), output.to_le_bytes()].concat())
    }

    /// 51/255 + 255/255 = 0.2 + 1, rounded once.
    #[test]
    fn an_image_is_answered_by_its_sum_and_its_outputs() {
        let mut board = Tutorial::start(script(1, 0.2 + 1.0, 0.5), 1, 1).unwrap();
        assert_eq!(board.run(&[51, 255]).unwrap(), 0.5_f32.to_le_bytes());
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let error = Tutorial::start(script(2, 0.0, 0.0), 1, 1).err().unwrap();
        assert!(matches!(error, TutorialError::Count { sent: 1, got: 2 }));
        let mut board = Tutorial::start(script(1, 3.0, 0.5), 1, 1).unwrap();
        let error = board.run(&[255, 255]).unwrap_err();
        assert_eq!(error.code(), "checksum");
        let error = Tutorial::start(Script(vec![1]), 1, 1).err().unwrap();
        assert_eq!(error.code(), "wire-failed");
    }
}
