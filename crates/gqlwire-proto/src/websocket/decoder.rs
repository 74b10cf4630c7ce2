use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::header::{Header, Opcode};
use super::spares::fits;
use super::{CloseFrame, FrameError, Pong, Spares};

/// Messages up to this many bytes are lent from what was read; longer ones own what they lie in, to be kept as they are.
pub const LENT: usize = 4 * 1024;

/// Frames from this length on are read into memory of their own. Shorter ones are waited for where they are: copying
/// them costs less than the additional read for a frame's end would.
const DIRECT: usize = 32 * 1024;

/// How much is read at once: little for a connection that says little, more as long as it is used to the full.
const READ: Range<usize> = 4 * 1024..32 * 1024;

/// Memory for a message is taken in steps while it arrives, not for the asking by a header.
const STEP: usize = 1024 * 1024;

/// Takes the frames of a server apart (RFC 6455, §5).
///
/// ```text
///              ┌───────────────── space ◀── read ─────────────┐
///              ▼                                               │
///   buffer ┤ taken │ message │ ping │ message │ half of one ├ more
///                  └─ lent ─┘                 └ long? moved into memory of its own, and the rest is read there
/// ```
///
/// Bytes are read into [`space`](Self::space); then [`advance`](Self::advance) tells whether there is a message, and
/// [`take`](Self::take) takes it. Where the bytes are cut makes no difference to what comes out. Pings do not come out:
/// what the last one asked for is [`pong`](Self::pong). Nor do pongs: [`ponged`](Self::ponged) tells of them.
///
/// After a close frame and after an error, whatever else was read is ignored.
///
/// ```
/// use gqlwire_proto::websocket::{Decoder, Message};
///
/// let mut decoder = Decoder::new(1024 * 1024);
/// decoder.space().extend_from_slice(b"\x81\x05Hel");
/// assert_eq!(decoder.take(), Ok(None));
/// decoder.space().extend_from_slice(b"lo");
/// assert_eq!(decoder.take(), Ok(Some(Message::Text("Hello".into()))));
/// ```
pub struct Decoder {
    max_message: usize,
    buffer: Vec<u8>,
    /// Where in `buffer` that begins which is not taken yet.
    start: usize,
    /// How long the frame is, header and all, whose beginning lies in `buffer`.
    awaited: usize,
    /// How much is read at once now.
    chunk: usize,
    /// The message whose fragments are being gathered, or that is too long for `buffer`.
    gathered: Option<Gathered>,
    ready: Option<Ready>,
    pong: Option<Pong>,
    ponged: bool,
    over: bool,
    spares: Arc<Spares>,
}

struct Gathered {
    is_text: bool,
    bytes: Vec<u8>,
    /// How long `bytes` is once its last frame has arrived whole.
    end: usize,
    /// Whether that frame is the message's last.
    last: bool,
}

/// A message that may be taken.
enum Ready {
    Close(Option<CloseFrame>),
    Lent { is_text: bool, at: Range<usize> },
    Owned { is_text: bool, bytes: Vec<u8> },
}

/// What a server said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message<'d> {
    /// A message that is no text, of this many bytes. Nothing that is spoken here has any.
    Binary(usize),
    /// It closes, and says nothing more. It is owed a close frame with the same code (§5.5.1).
    Close(Option<CloseFrame>),
    /// A message: borrowed if it is short (see [`LENT`]), else in a `String` that has at most a quarter of its length to spare.
    Text(Cow<'d, str>),
}

impl Decoder {
    /// A decoder that refuses messages of more than `max_message` bytes.
    pub fn new(max_message: usize) -> Self {
        Self::with_spares(max_message, Arc::default())
    }

    /// The same with memory for long messages from where their readers leave it.
    pub fn with_spares(max_message: usize, spares: Arc<Spares>) -> Self {
        Self {
            max_message,
            buffer: Vec::new(),
            start: 0,
            awaited: 0,
            chunk: READ.start,
            gathered: None,
            ready: None,
            pong: None,
            ponged: false,
            over: false,
            spares,
        }
    }

    /// Where to append what is read. Best read as much as there is spare capacity, which is never none.
    ///
    /// It may hold bytes, which must stay.
    pub fn space(&mut self) -> &mut Vec<u8> {
        match &mut self.gathered {
            Some(gathered) if gathered.is_short() => gathered.make_room(),
            _ => self.make_room(),
        }
        match &mut self.gathered {
            Some(gathered) if gathered.is_short() => &mut gathered.bytes,
            _ => &mut self.buffer,
        }
    }

    fn make_room(&mut self) {
        // What is lent would move; whoever reads on before he takes it has it copied.
        if let Some(Ready::Lent { is_text, at }) = &self.ready {
            self.ready = Some(Ready::Owned {
                is_text: *is_text,
                bytes: self.buffer[at.clone()].to_vec(),
            });
        }
        if self.over {
            self.start = self.buffer.len();
        }
        // A read that filled the buffer has left something behind.
        if self.buffer.len() == self.buffer.capacity() && !self.buffer.is_empty() {
            self.chunk = (2 * self.chunk).min(READ.end);
        }
        // What moves is the beginning of one frame, and shorter than DIRECT.
        if self.start > 0 {
            let rest = self.unread().len();
            self.buffer.copy_within(self.start.., 0);
            self.buffer.truncate(rest);
            self.start = 0;
        }
        let len = self.buffer.len();
        let wanted = match self.chunk.max(self.awaited) {
            enough if enough > len => enough,
            _ => len + READ.start,
        };
        self.buffer.reserve_exact(wanted - len);
    }

    /// Whether there is a message to be taken; if not, more has to be read.
    ///
    /// # Errors
    ///
    /// If what was read breaks the protocol, or is longer than allowed.
    #[inline]
    pub fn advance(&mut self) -> Result<bool, FrameError> {
        if self.ready.is_none() {
            self.ready = self.find()?;
        }
        Ok(self.ready.is_some())
    }

    /// The next message; `None` if more has to be read for one.
    ///
    /// # Errors
    ///
    /// As for [`advance`](Self::advance), and if a text is not UTF-8.
    #[inline]
    pub fn take(&mut self) -> Result<Option<Message<'_>>, FrameError> {
        let ready = match self.ready.take() {
            Some(ready) => Some(ready),
            None => self.find()?,
        };
        let text = match ready {
            None => return Ok(None),
            Some(Ready::Close(frame)) => return Ok(Some(Message::Close(frame))),
            Some(Ready::Lent { is_text: false, at }) => return Ok(Some(Message::Binary(at.len()))),
            Some(Ready::Owned { is_text: false, bytes }) => return Ok(Some(Message::Binary(bytes.len()))),
            Some(Ready::Lent { is_text: true, at }) => str::from_utf8(&self.buffer[at]).ok().map(Cow::Borrowed),
            Some(Ready::Owned { is_text: true, bytes }) => String::from_utf8(bytes).ok().map(Cow::Owned),
        };
        match text {
            Some(text) => Ok(Some(Message::Text(text))),
            None => {
                self.over = true;
                Err(FrameError::Utf8)
            }
        }
    }

    /// What is to be sent for a ping. Of several that were not answered yet, the last one matters (§5.5.3).
    pub fn pong(&mut self) -> Option<Pong> {
        self.pong.take()
    }

    /// Whether a pong has come since this was asked last.
    pub fn ponged(&mut self) -> bool {
        std::mem::take(&mut self.ponged)
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn find(&mut self) -> Result<Option<Ready>, FrameError> {
        if self.over {
            return Ok(None);
        }
        let found = self.find_frame();
        if found.is_err() {
            self.over = true;
            self.gathered = None;
        }
        found
    }

    /// Goes from frame to frame until a message is whole.
    fn find_frame(&mut self) -> Result<Option<Ready>, FrameError> {
        if let Some(gathered) = &mut self.gathered {
            if gathered.is_short() {
                return Ok(None);
            }
            // More than was asked for may have been appended.
            if gathered.bytes.len() > gathered.end {
                self.buffer = gathered.bytes.split_off(gathered.end);
                self.start = 0;
            }
        }
        loop {
            if let Some(gathered) = self.gathered.take_if(|gathered| gathered.last) {
                return Ok(Some(gathered.into_ready()));
            }
            let Some(header) = Header::read(self.unread())? else {
                return Ok(None);
            };
            let arrived = (self.unread().len() - header.size) as u64;
            match header.opcode {
                Opcode::Close | Opcode::Ping | Opcode::Pong if arrived < header.len => return Ok(None),
                Opcode::Close => {
                    let at = self.consume(&header);
                    let frame = CloseFrame::read(&self.buffer[at])?;
                    self.over = true;
                    return Ok(Some(Ready::Close(frame)));
                }
                Opcode::Ping => {
                    let at = self.consume(&header);
                    self.pong = Some(Pong::to(&self.buffer[at]));
                    continue;
                }
                // An answer, or a sign of life that nobody has asked for (§5.5.3).
                Opcode::Pong => {
                    self.consume(&header);
                    self.ponged = true;
                    continue;
                }
                Opcode::Continuation if self.gathered.is_none() => return Err(FrameError::Continuation),
                Opcode::Binary | Opcode::Text if self.gathered.is_some() => return Err(FrameError::Interrupted),
                Opcode::Binary | Opcode::Continuation | Opcode::Text => {}
            }
            let before = self.gathered.as_ref().map_or(0, |gathered| gathered.bytes.len());
            if header.len > (self.max_message - before) as u64 {
                return Err(FrameError::TooLong {
                    len: header.len + before as u64,
                    limit: self.max_message,
                });
            }
            let len = header.len as usize;
            if arrived >= header.len {
                let at = self.consume(&header);
                let is_text = header.opcode == Opcode::Text;
                if self.gathered.is_some() || !header.last {
                    let gathered = self.gathered.get_or_insert_with(|| Gathered::new(is_text));
                    gathered.bytes.extend_from_slice(&self.buffer[at]);
                    gathered.end += len;
                    gathered.last = header.last;
                    continue;
                }
                return Ok(Some(match len {
                    ..=LENT => Ready::Lent { is_text, at },
                    _ => {
                        let mut bytes = self.spares.take(len);
                        bytes.extend_from_slice(&self.buffer[at]);
                        Ready::Owned { is_text, bytes }
                    }
                }));
            }
            if len < DIRECT {
                self.awaited = header.size + len;
                return Ok(None);
            }
            self.read_directly(&header, len);
            return Ok(None);
        }
    }

    /// Takes a frame that is whole; where its payload lies.
    fn consume(&mut self, header: &Header) -> Range<usize> {
        let from = self.start + header.size;
        self.start = from + header.len as usize;
        self.awaited = 0;
        from..self.start
    }

    /// Has the rest of a long frame read to where it is to stay.
    fn read_directly(&mut self, header: &Header, len: usize) {
        let is_text = header.opcode == Opcode::Text;
        let gathered = self.gathered.get_or_insert_with(|| Gathered::new(is_text));
        gathered.end += len;
        gathered.last = header.last;
        let beginning = &self.buffer[self.start + header.size..];
        if gathered.bytes.is_empty() && len <= STEP {
            gathered.bytes = self.spares.take(len);
        }
        gathered.reserve(len.min(STEP.max(beginning.len())));
        gathered.bytes.extend_from_slice(beginning);
        // Where such frames come, each read is to bring the beginning of one, and no more that has to be copied.
        self.buffer.clear();
        self.buffer.shrink_to(READ.start);
        self.start = 0;
        self.awaited = 0;
        self.chunk = READ.start;
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("max_message", &self.max_message)
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}

impl Gathered {
    fn new(is_text: bool) -> Self {
        Self {
            is_text,
            bytes: Vec::new(),
            end: 0,
            last: false,
        }
    }

    /// Whether the rest of a frame is to be read into it.
    fn is_short(&self) -> bool {
        self.bytes.len() < self.end
    }

    fn make_room(&mut self) {
        if self.bytes.len() == self.bytes.capacity() {
            let missing = self.end - self.bytes.len();
            self.reserve(missing.min(self.bytes.len().max(STEP)));
        }
    }

    /// The first frame is mostly the only one. With more of them, what is there must not be copied for each.
    fn reserve(&mut self, more: usize) {
        match self.bytes.is_empty() {
            true => self.bytes.reserve_exact(more),
            false => self.bytes.reserve(more),
        }
    }

    fn into_ready(self) -> Ready {
        let mut bytes = self.bytes;
        if !fits(bytes.capacity(), bytes.len()) {
            bytes.shrink_to_fit();
        }
        Ready::Owned {
            is_text: self.is_text,
            bytes,
        }
    }
}
