//! An input in parts: small enough that most of them get through a bad line, and all that a device
//! holds of an input that it takes a row at a time.

use std::time::Instant;

use super::error::LinkError;
use super::exchange::{Answer, Request};
use super::session::{Client, malformed};
use super::wire::Wire;
use crate::protocol::{Kind, PART_LEN};

impl<W: Wire> Client<W> {
    /// Sends `input` in parts, in their order, then a request that works on it, and begins again
    /// if the device has lost the input meanwhile. Up to `window` requests are on their way at a
    /// time; those that were before are given up.
    pub(super) fn ask_of_parts(
        &mut self,
        input: &[u8],
        request: Request<'_>,
        window: usize,
    ) -> Result<Answer, LinkError> {
        let start = Instant::now();
        let attempts = self.persistence().attempts;
        let (mut resent, mut rounds) = (0, 0);
        loop {
            self.line.forget();
            let answer = self.send_parts(input, request, window, &mut resent);
            rounds += 1;
            match answer {
                // The network has overwritten an input whose answer was lost, or the device was
                // reset between two parts.
                Err(LinkError::InputLost { .. }) if rounds < attempts => {}
                answer => {
                    return Ok(Answer {
                        body: answer?.body,
                        seconds: start.elapsed().as_secs_f64(),
                        resent,
                    });
                }
            }
        }
    }

    /// Sends the parts and the request once, each until it is answered for.
    fn send_parts(
        &mut self,
        input: &[u8],
        request: Request<'_>,
        window: usize,
        resent: &mut u32,
    ) -> Result<Answer, LinkError> {
        let persistence = self.persistence();
        let mut parts = input.chunks(PART_LEN).enumerate();
        let mut last = Some(request);
        let (mut on_their_way, mut latest) = (0, None);
        loop {
            while on_their_way < window {
                if let Some((number, part)) = parts.next() {
                    let place = (number * PART_LEN) as u32;
                    self.line.post(Request {
                        what: request.what,
                        kind: Kind::Part,
                        reply: Kind::Kept,
                        body: &[&place.to_le_bytes(), part],
                    })?;
                } else if let Some(request) = last.take() {
                    self.line.post(request)?;
                } else {
                    break;
                }
                on_their_way += 1;
            }
            let Some(answer) = self.line.wait(persistence) else {
                // The request went last, and so came its answer.
                return latest.ok_or_else(|| malformed(request.what, "there is none"));
            };
            let answer = answer?;
            *resent += answer.resent;
            on_their_way -= 1;
            latest = Some(answer);
        }
    }
}
