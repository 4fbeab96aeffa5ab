//! What can go wrong between host and device, told as what was seen and what to try.

use std::io;
use std::time::Duration;

use crate::protocol::{Reason, Refusal, VERSION};

/// A failure of the link. Each says what was seen on the wire and what can be done.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no such serial port.
    #[error("there is no serial port {port}: is the board plugged in, and is this its name?")]
    PortMissing {
        /// The port's name.
        port: String,
    },
    /// Another program has the port open.
    #[error("the serial port {port} is busy: close the other program that has it open")]
    PortBusy {
        /// The port's name.
        port: String,
    },
    /// The user may not open the port.
    #[error(
        "no permission to open the serial port {port}: on Linux, join the group that owns it \
         (often dialout) and log in again"
    )]
    PortForbidden {
        /// The port's name.
        port: String,
    },
    /// The port exists and could not be set up.
    #[error("the serial port {port} could not be opened at {baud} baud: {why}")]
    PortUnusable {
        /// The port's name.
        port: String,
        /// The rate that was asked for.
        baud: u32,
        /// What the operating system says.
        why: String,
    },
    /// The other end went away.
    #[error(
        "the wire was closed while waiting for {what}: the emulator ended, or the board was \
         unplugged"
    )]
    Closed {
        /// What the host was waiting for.
        what: String,
    },
    /// The wire failed in another way.
    #[error("the wire failed while waiting for {what}: {source}")]
    Wire {
        /// What the host was waiting for.
        what: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// Not one byte came.
    #[error(
        "silence: {sent} bytes were sent in {attempts} attempts for {what}, and not one came back \
         in {waited:.1?}: is the firmware running, are the board's TX and RX on this port, is it \
         the right port?"
    )]
    Silence {
        /// What the host was waiting for.
        what: String,
        /// How often it asked.
        attempts: u32,
        /// Bytes sent with that.
        sent: u64,
        /// How long that took.
        waited: Duration,
    },
    /// Bytes came that are not of this protocol.
    #[error(
        "noise: {bytes} bytes came instead of {what}, and no frame among them (they begin with \
         \"{sample}\"): is the baud rate right, and is it Gannet's firmware?"
    )]
    Noise {
        /// What the host was waiting for.
        what: String,
        /// Bytes received.
        bytes: u64,
        /// The first of them, those that do not print escaped.
        sample: String,
    },
    /// Text came, and nothing of this protocol.
    #[error(
        "another firmware is on the board: text came instead of {what} (it begins with \
         \"{sample}\"): flash the program `validate`"
    )]
    OtherFirmware {
        /// What the host was waiting for.
        what: String,
        /// The first of the text, line ends escaped.
        sample: String,
    },
    /// The device answers at another rate.
    #[error(
        "the device at {port} answers at {found} baud and not at {baud}: say serial:{port}:{found}"
    )]
    OtherBaud {
        /// The port's name.
        port: String,
        /// The rate that was asked for.
        baud: u32,
        /// The rate at which it answers.
        found: u32,
    },
    /// The host hears itself.
    #[error(
        "the wire echoes: the request for {what} came back unchanged: are TX and RX joined, or \
         is a terminal's echo on?"
    )]
    Echo {
        /// What the host was waiting for.
        what: String,
    },
    /// Frames came, and none that answered.
    #[error(
        "the line is too bad: {attempts} attempts for {what}, of which the device found \
         {damaged_there} and the host {damaged_here} frames damaged: lower the baud rate or \
         check the cable and ground"
    )]
    Unreliable {
        /// What the host was waiting for.
        what: String,
        /// How often it asked.
        attempts: u32,
        /// Damaged frames that the device complained of.
        damaged_there: u64,
        /// Damaged frames that the host received.
        damaged_here: u64,
    },
    /// The device started anew, time and again.
    #[error(
        "the device started anew {resets} times in {attempts} attempts for {what}: is its power \
         steady, and does a watchdog or another program reset it?"
    )]
    Resets {
        /// What the host was waiting for.
        what: String,
        /// How often it asked.
        attempts: u32,
        /// How often the device started meanwhile.
        resets: u64,
    },
    /// After a reset or a new connection another firmware answers.
    #[error(
        "another device answers since it started anew: it was {was}, and now it is {now}: do not \
         exchange boards or firmware during a run"
    )]
    OtherDevice {
        /// The one that was greeted first.
        was: String,
        /// The one that answers now.
        now: String,
    },
    /// The device speaks another version of the protocol.
    #[error(
        "the device speaks version {device} of the protocol, this program version {host}: build \
         and flash the firmware again with this program"
    )]
    OtherVersion {
        /// The device's version.
        device: u8,
        /// The host's version.
        host: u8,
    },
    /// The device runs another network.
    #[error(
        "the device runs another network: expected {expected} ({}), found {found} ({}): build \
         and flash its firmware again",
        hex(.expected_hash),
        hex(.found_hash)
    )]
    OtherNetwork {
        /// The name of the network that should run there.
        expected: String,
        /// Its hash.
        expected_hash: [u8; 8],
        /// The name of the network that does.
        found: String,
        /// Its hash.
        found_hash: [u8; 8],
    },
    /// The host was about to send an input of the wrong size.
    #[error("the device's network takes {expected} bytes of input, {what} has {got}")]
    InputLength {
        /// Which image.
        what: String,
        /// The bytes that the network takes.
        expected: u64,
        /// The bytes that were given.
        got: u64,
    },
    /// An input that was sent in parts is not complete on the device.
    #[error(
        "the device lost parts of {what} although each had arrived: does it start anew again and \
         again, or does its program write into the network's memory?"
    )]
    InputLost {
        /// Which image.
        what: String,
    },
    /// The device understood a request and refused it.
    #[error("the device refused the request for {what}: {why}")]
    Refused {
        /// What the host asked for.
        what: String,
        /// Its reason.
        why: String,
    },
    /// An intact reply makes no sense.
    #[error(
        "the reply to the request for {what} arrived intact and makes no sense ({why}): the \
         firmware and this program do not belong together, build and flash it again"
    )]
    Malformed {
        /// What the host asked for.
        what: String,
        /// What does not fit.
        why: String,
    },
}

impl LinkError {
    /// A short, stable name of the kind of failure, for reports that machines read.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PortMissing { .. } => "port-missing",
            Self::PortBusy { .. } => "port-busy",
            Self::PortForbidden { .. } => "port-forbidden",
            Self::PortUnusable { .. } => "port-unusable",
            Self::Closed { .. } => "closed",
            Self::Wire { .. } => "wire-failed",
            Self::Silence { .. } => "silence",
            Self::Noise { .. } => "noise",
            Self::OtherFirmware { .. } => "other-firmware",
            Self::OtherBaud { .. } => "other-baud",
            Self::Echo { .. } => "echo",
            Self::Unreliable { .. } => "unreliable",
            Self::Resets { .. } => "resets",
            Self::OtherDevice { .. } => "other-device",
            Self::OtherVersion { .. } => "other-version",
            Self::OtherNetwork { .. } => "other-network",
            Self::InputLength { .. } => "input-length",
            Self::InputLost { .. } => "input-lost",
            Self::Refused { .. } => "refused",
            Self::Malformed { .. } => "malformed",
        }
    }

    /// A wire that failed while waiting for `what`.
    pub(super) fn lost(what: &str, source: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        let what = what.to_owned();
        match source.kind() {
            UnexpectedEof | BrokenPipe | ConnectionReset => Self::Closed { what },
            _ => Self::Wire { what, source },
        }
    }

    /// A request for `what` that the device refused, unless because it was damaged.
    pub(super) fn refused(what: &str, refusal: Option<Refusal>) -> Self {
        let why = match refusal {
            Some(Refusal {
                reason: Reason::Version,
                expected,
                ..
            }) => {
                let device = u8::try_from(expected).unwrap_or(u8::MAX);
                return Self::OtherVersion {
                    device,
                    host: VERSION,
                };
            }
            Some(Refusal {
                reason: Reason::Kind,
                ..
            }) => "it does not know this kind of request; newer firmware may".to_owned(),
            Some(Refusal {
                reason: Reason::Length,
                expected,
                got,
                ..
            }) => format!("it expected {expected} bytes, and {got} came"),
            Some(Refusal {
                reason: Reason::Input,
                ..
            }) => {
                return Self::InputLost {
                    what: what.to_owned(),
                };
            }
            Some(Refusal {
                reason: Reason::Damaged,
                ..
            })
            | None => "for a reason that this program does not know".to_owned(),
        };
        Self::Refused {
            what: what.to_owned(),
            why,
        }
    }
}

fn hex(bytes: &[u8; 8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
