use super::FrameError;

/// The most that a control frame may carry (§5.5).
pub(super) const CONTROL: usize = 125;

/// What stands before a frame's payload (§5.2).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    /// Whether it is the last frame of its message.
    pub(super) last: bool,
    /// How many bytes the header itself takes.
    pub(super) size: usize,
    /// How many the payload takes.
    pub(super) len: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opcode {
    Binary,
    Close,
    Continuation,
    Ping,
    Pong,
    Text,
}

impl Opcode {
    fn read(nibble: u8) -> Result<Self, FrameError> {
        match nibble {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xa => Ok(Self::Pong),
            other => Err(FrameError::Opcode(other)),
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

impl Header {
    /// The header of the frame that begins here; `None` as long as not all of it is there.
    #[inline]
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some((&[first, second], rest)) = bytes.split_first_chunk() else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(FrameError::ReservedBits);
        }
        let opcode = Opcode::read(first & 0x0f)?;
        let last = first & 0x80 != 0;
        if second & 0x80 != 0 {
            return Err(FrameError::Masked);
        }
        if opcode.is_control() {
            if !last {
                return Err(FrameError::ControlFragmented);
            }
            if usize::from(second) > CONTROL {
                return Err(FrameError::ControlLength);
            }
        }
        let (size, len, least) = match second {
            126 => match rest.first_chunk() {
                Some(len) => (4, u64::from(u16::from_be_bytes(*len)), 126),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(len) => (10, u64::from_be_bytes(*len), 0x1_0000),
                None => return Ok(None),
            },
            len => (2, u64::from(len), 0),
        };
        if len < least || len > i64::MAX as u64 {
            return Err(FrameError::Length);
        }
        Ok(Some(Self {
            opcode,
            last,
            size,
            len,
        }))
    }
}
