use thiserror::Error;

/// What a server's frames may not be. The connection has failed with it, and is to be closed with
/// [`close_code`](Self::close_code).
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum FrameError {
    /// A close frame with a code that must not stand in one (§7.4).
    #[error("the server closed with the code {0}, which no close frame may hold")]
    CloseCode(u16),
    /// A close frame with half a code (§5.5.1).
    #[error("the server sent a close frame of one byte")]
    CloseLength,
    /// A continuation of nothing (§5.4).
    #[error("the server continued a message that it had not begun")]
    Continuation,
    /// A control frame in several fragments (§5.5).
    #[error("the server sent a control frame in fragments")]
    ControlFragmented,
    /// A control frame with more than 125 bytes (§5.5).
    #[error("the server sent a control frame of more than 125 bytes")]
    ControlLength,
    /// Another message before the last fragment of one (§5.4).
    #[error("the server began a message inside of another")]
    Interrupted,
    /// A length in more bytes than it needs, or with its topmost bit set (§5.2).
    #[error("the server wrote a length as it may not be written")]
    Length,
    /// A masked frame: only a client masks (§5.1).
    #[error("the server sent a masked frame")]
    Masked,
    /// An opcode without a meaning (§5.2).
    #[error("the server sent a frame with the reserved opcode {0}")]
    Opcode(u8),
    /// A reserved bit, of an extension that nobody asked for (§5.2).
    #[error("the server sent a frame with a reserved bit set")]
    ReservedBits,
    /// A message longer than is taken. Nothing was allocated for it.
    #[error("the server sent a message of at least {len} bytes, and the most that is taken are {limit}")]
    TooLong {
        /// Its length in bytes, as far as it was announced.
        len: u64,
        /// The most that the decoder was told to take.
        limit: usize,
    },
    /// Text, or the reason of a close frame, that is not UTF-8 (§8.1).
    #[error("the server sent text that is not UTF-8")]
    Utf8,
}

impl FrameError {
    /// The code to close the connection with (§7.4.1): 1002 for a breach of protocol, 1007 for text that is none, 1009
    /// for too much of it.
    pub fn close_code(self) -> u16 {
        match self {
            Self::Utf8 => 1007,
            Self::TooLong { .. } => 1009,
            _ => 1002,
        }
    }
}
