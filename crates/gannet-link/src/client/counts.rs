//! What happened on a wire, in numbers.

/// What went over the wire since the connection was made. The fields' names are those of reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// Bytes sent to the device.
    pub bytes_sent: u64,
    /// Bytes received from it.
    pub bytes_received: u64,
    /// Frames that reached the host damaged.
    pub damaged_here: u64,
    /// Frames that reached the device damaged, by its complaints.
    pub damaged_there: u64,
    /// Requests that were sent again.
    pub resent: u64,
    /// Intact frames that answered nothing that was still open.
    pub ignored: u64,
    /// How often the device started anew, by its own word.
    pub resets: u64,
    /// How often the line was closed and opened again.
    pub reopened: u64,
}

impl Counts {
    /// What happened since `before`.
    #[must_use]
    pub fn since(self, before: Counts) -> Counts {
        Counts {
            bytes_sent: self.bytes_sent - before.bytes_sent,
            bytes_received: self.bytes_received - before.bytes_received,
            damaged_here: self.damaged_here - before.damaged_here,
            damaged_there: self.damaged_there - before.damaged_there,
            resent: self.resent - before.resent,
            ignored: self.ignored - before.ignored,
            resets: self.resets - before.resets,
            reopened: self.reopened - before.reopened,
        }
    }
}
