//! Messages: what the bodies of frames say.
//!
//! Each fixed layout is written and read side by side. A reader takes the fields it knows and
//! ignores what follows them, so a later version can say more without breaking an earlier one.

use super::element::ElementType;

/// The most bytes of an input in one [`Kind::Part`]: on a line that spoils one byte in a hundred,
/// more than half of such requests get through, and of whole images none.
pub const PART_LEN: usize = 32;

/// What a frame's body is. A reply's number is its request's plus 0x80.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Request: who are you? No body.
    Hello = 0x01,
    /// Request: compute this image. The index (4 bytes), then the input.
    Run = 0x02,
    /// Request: how did it go so far? No body.
    Statistics = 0x03,
    /// Request: keep a part of an input, or compute with it as far as it goes. Where it belongs
    /// (4 bytes, counted in bytes), then at most [`PART_LEN`] bytes.
    Part = 0x04,
    /// Request: compute the input whose parts were kept. The index (4 bytes), then the CRC-32 of
    /// the whole input (4 bytes).
    RunParts = 0x05,
    /// Request: compute the input whose parts were kept as far as the given number of runs of
    /// stages (4 bytes), at least one. Then the CRC-32 of the whole input (4 bytes), and which
    /// stretch of the working memory to send: its place (4 bytes) and its length (4 bytes).
    RunUntil = 0x06,
    /// Request: compute the input whose parts were kept and time every stage. The CRC-32 of the
    /// whole input (4 bytes).
    TimeStages = 0x07,
    /// Request: does the network compute its self-test right? No body.
    SelfTest = 0x08,
    /// Reply to [`Kind::Hello`], and with the tag 0 a device's first words: an [`Identity`].
    Identity = 0x81,
    /// Reply to [`Kind::Run`]: an [`OutputHead`], then the output.
    Output = 0x82,
    /// Reply to [`Kind::Statistics`]: [`Statistics`].
    Counted = 0x83,
    /// Reply to [`Kind::Part`]. No body.
    Kept = 0x84,
    /// Reply to [`Kind::RunParts`]: as [`Kind::Output`].
    PartsOutput = 0x85,
    /// Reply to [`Kind::RunUntil`]: a [`MemoryHead`], then the stretch of memory.
    MemoryBehind = 0x86,
    /// Reply to [`Kind::TimeStages`]: the ticks of each stage (4 bytes each).
    StageTicks = 0x87,
    /// Reply to [`Kind::SelfTest`]: 1 if it does, else 0 (1 byte).
    SelfTested = 0x88,
    /// Reply to anything else: a [`Refusal`].
    Refused = 0xFF,
}

impl Kind {
    /// The kind that has this number.
    pub const fn from_wire(byte: u8) -> Option<Self> {
        Some(match byte {
            0x01 => Self::Hello,
            0x02 => Self::Run,
            0x03 => Self::Statistics,
            0x04 => Self::Part,
            0x05 => Self::RunParts,
            0x06 => Self::RunUntil,
            0x07 => Self::TimeStages,
            0x08 => Self::SelfTest,
            0x81 => Self::Identity,
            0x82 => Self::Output,
            0x83 => Self::Counted,
            0x84 => Self::Kept,
            0x85 => Self::PartsOutput,
            0x86 => Self::MemoryBehind,
            0x87 => Self::StageTicks,
            0x88 => Self::SelfTested,
            0xFF => Self::Refused,
            _ => return None,
        })
    }

    /// The kind's number.
    pub const fn to_wire(self) -> u8 {
        self as u8
    }
}

/// What a device can do beyond answering [`Kind::Hello`] and [`Kind::Run`], a bit each. Bits
/// that a host does not know are no reason to refuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u32);

impl Capabilities {
    /// It answers [`Kind::Statistics`].
    pub const STATISTICS: Self = Self(1);
    /// It takes inputs in parts: [`Kind::Part`] and [`Kind::RunParts`].
    pub const PARTS: Self = Self(2);
    /// It can be looked into: [`Kind::RunUntil`], [`Kind::TimeStages`] and [`Kind::SelfTest`].
    pub const INSIGHT: Self = Self(4);
    /// It holds a row of an input and not the whole: [`Kind::Part`]s have to come in order, and
    /// there is no [`Kind::Run`].
    pub const ROWS: Self = Self(8);
    /// What the server can by itself.
    const OF_SERVER: Self = Self(Self::STATISTICS.0 | Self::PARTS.0);

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The elements of a network's input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// The type of each element.
    pub element: ElementType,
    /// All elements together.
    pub len_bytes: u32,
}

/// Who a device is: the body of [`Kind::Identity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// How many requests the device takes before it has answered the first: 1 if it does not
    /// listen while it computes.
    pub window: u8,
    /// The network's name, at most 255 bytes.
    pub network: &'a str,
    /// The first 8 bytes of the SHA-256 of the network.
    pub hash: [u8; 8],
    /// The board's name, at most 255 bytes.
    pub board: &'a str,
    /// What the network takes.
    pub input: TensorInfo,
    /// What the network gives.
    pub output: TensorInfo,
    /// What a tick is, 0 if the device has no clock to measure with.
    pub ticks_per_second: u32,
    /// What else it can do. The server adds what it can by itself, so that an engine gives
    /// [`Capabilities::INSIGHT`], [`Capabilities::ROWS`] or [`Capabilities::default`].
    pub capabilities: Capabilities,
}

/// Bytes of an identity before its texts.
const IDENTITY_LEN: usize = 28;

impl<'a> Identity<'a> {
    /// The body in the pieces that [`write_frame`](super::write_frame) takes: `fixed` and
    /// `lengths` are scratch space.
    pub(super) fn pieces<'b>(
        &'b self,
        fixed: &'b mut [u8; IDENTITY_LEN],
        lengths: &'b mut [u8; 2],
    ) -> [&'b [u8]; 5] {
        let network = at_most_255(self.network).as_bytes();
        let board = at_most_255(self.board).as_bytes();
        *lengths = [network.len() as u8, board.len() as u8];
        fixed[0] = self.window;
        fixed[1] = self.input.element.to_wire();
        fixed[2] = self.output.element.to_wire();
        fixed[3] = 0;
        fixed[4..12].copy_from_slice(&self.hash);
        fixed[12..16].copy_from_slice(&self.input.len_bytes.to_le_bytes());
        fixed[16..20].copy_from_slice(&self.output.len_bytes.to_le_bytes());
        fixed[20..24].copy_from_slice(&self.ticks_per_second.to_le_bytes());
        let capabilities = self.capabilities.0 | Capabilities::OF_SERVER.0;
        fixed[24..28].copy_from_slice(&capabilities.to_le_bytes());
        let [network_len, board_len] = lengths;
        [
            fixed,
            core::slice::from_ref(network_len),
            network,
            core::slice::from_ref(board_len),
            board,
        ]
    }

    /// Reads a body.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = body.split_first_chunk::<IDENTITY_LEN>()?;
        let (network, rest) = text(rest)?;
        let (board, _) = text(rest)?;
        Some(Self {
            window: fixed[0],
            network,
            hash: array_at(fixed, 4)?,
            board,
            input: TensorInfo {
                element: ElementType::from_wire(fixed[1])?,
                len_bytes: u32_at(fixed, 12)?,
            },
            output: TensorInfo {
                element: ElementType::from_wire(fixed[2])?,
                len_bytes: u32_at(fixed, 16)?,
            },
            ticks_per_second: u32_at(fixed, 20)?,
            capabilities: Capabilities(u32_at(fixed, 24)?),
        })
    }
}

/// What stands before the output's bytes in [`Kind::Output`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputHead {
    /// The index that came with the request.
    pub index: u32,
    /// How long the network ran, in the device's ticks.
    pub ticks: u64,
}

impl OutputHead {
    /// The head as it travels.
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&self.index.to_le_bytes());
        bytes[4..].copy_from_slice(&self.ticks.to_le_bytes());
        bytes
    }

    /// Splits a body into its head and the output's bytes.
    pub fn parse(body: &[u8]) -> Option<(Self, &[u8])> {
        let (head, output) = body.split_first_chunk::<12>()?;
        let ticks = u64::from_le_bytes(array_at(head, 4)?);
        Some((
            Self {
                index: u32_at(head, 0)?,
                ticks,
            },
            output,
        ))
    }
}

/// What stands before the stretch of memory in [`Kind::MemoryBehind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryHead {
    /// The CRC-32 of the network's whole working memory.
    pub crc: u32,
    /// Its length in bytes.
    pub len_bytes: u32,
}

impl MemoryHead {
    /// The head as it travels.
    pub fn to_bytes(self) -> [u8; 8] {
        let mut bytes = [0; 8];
        bytes[..4].copy_from_slice(&self.crc.to_le_bytes());
        bytes[4..].copy_from_slice(&self.len_bytes.to_le_bytes());
        bytes
    }

    /// Splits a body into its head and the bytes of memory.
    pub fn parse(body: &[u8]) -> Option<(Self, &[u8])> {
        let (head, memory) = body.split_first_chunk::<8>()?;
        let head = Self {
            crc: u32_at(head, 0)?,
            len_bytes: u32_at(head, 4)?,
        };
        Some((head, memory))
    }
}

/// What a device counted since it started: the body of [`Kind::Counted`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Frames that arrived intact.
    pub frames_received: u32,
    /// Frames that arrived damaged.
    pub frames_damaged: u32,
    /// Images computed; one that was sent twice counts twice.
    pub images_run: u32,
    /// The deepest stack so far in bytes, if the firmware measures it.
    pub peak_stack_bytes: Option<u32>,
    /// Statically allocated memory in bytes, if the firmware knows it.
    pub static_ram_bytes: Option<u32>,
}

/// What stands for "not known" on the wire.
const UNKNOWN: u32 = u32::MAX;

impl Statistics {
    /// The body as it travels.
    pub fn to_bytes(self) -> [u8; 20] {
        let fields = [
            self.frames_received,
            self.frames_damaged,
            self.images_run,
            self.peak_stack_bytes.unwrap_or(UNKNOWN),
            self.static_ram_bytes.unwrap_or(UNKNOWN),
        ];
        let mut bytes = [0; 20];
        for (place, field) in bytes.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    /// Reads a body.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let known = |field: u32| (field != UNKNOWN).then_some(field);
        Some(Self {
            frames_received: u32_at(body, 0)?,
            frames_damaged: u32_at(body, 4)?,
            images_run: u32_at(body, 8)?,
            peak_stack_bytes: known(u32_at(body, 12)?),
            static_ram_bytes: known(u32_at(body, 16)?),
        })
    }
}

/// Why a device did not do what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// What arrived was no frame: send it again. Expected, got and the tag are 0.
    Damaged = 1,
    /// The frame is of another version of the protocol.
    Version = 2,
    /// The device does not know this kind of request.
    Kind = 3,
    /// The body has another length than this request's.
    Length = 4,
    /// The input is not the one that was announced: send its parts again.
    Input = 5,
}

/// The body of [`Kind::Refused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The kind of the request, 0 if it was damaged.
    pub kind: u8,
    /// The version or length that would have been right, 0 for the other reasons.
    pub expected: u32,
    /// The version or length that came, 0 for the other reasons.
    pub got: u32,
}

impl Refusal {
    /// The body as it travels.
    pub fn to_bytes(self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[0] = self.reason as u8;
        bytes[1] = self.kind;
        bytes[4..8].copy_from_slice(&self.expected.to_le_bytes());
        bytes[8..].copy_from_slice(&self.got.to_le_bytes());
        bytes
    }

    /// Reads a body.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let reason = match body.first()? {
            1 => Reason::Damaged,
            2 => Reason::Version,
            3 => Reason::Kind,
            4 => Reason::Length,
            5 => Reason::Input,
            _ => return None,
        };
        Some(Self {
            reason,
            kind: *body.get(1)?,
            expected: u32_at(body, 4)?,
            got: u32_at(body, 8)?,
        })
    }
}

/// The text, cut to what a length byte can announce.
pub(crate) fn at_most_255(text: &str) -> &str {
    text.get(..text.floor_char_boundary(255)).unwrap_or(text)
}

/// A length byte and as many bytes of text, and what follows them.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*len))?;
    Some((core::str::from_utf8(text).ok()?, rest))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array_at(bytes, at)?))
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
