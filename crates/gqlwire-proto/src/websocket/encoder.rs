use super::Pong;

/// Appends a text message in one frame, masked with this key (§5.3).
///
/// A key must be unpredictable to whoever chose the text, and must not be used twice: then nobody can make a client
/// send bytes of his choice, which a proxy that knows nothing of websockets might take for a request.
pub fn write_text(text: &str, mask: [u8; 4], out: &mut Vec<u8>) {
    write(0x1, text.as_bytes(), mask, out);
}

/// Appends the answer to a ping.
pub fn write_pong(pong: &Pong, mask: [u8; 4], out: &mut Vec<u8>) {
    write(0xa, pong.payload(), mask, out);
}

/// Appends a ping that carries nothing: any pong answers it (§5.5.2).
pub fn write_ping(mask: [u8; 4], out: &mut Vec<u8>) {
    write(0x9, &[], mask, out);
}

/// Appends a close frame, after which nothing may be sent; `None` answers one that had no code either (§5.5.1).
pub fn write_close(code: Option<u16>, mask: [u8; 4], out: &mut Vec<u8>) {
    let code = code.map(u16::to_be_bytes);
    write(0x8, code.as_ref().map_or(&[], |code| code.as_slice()), mask, out);
}

/// One frame that is a message's first and last (§5.2).
fn write(opcode: u8, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    const LAST: u8 = 0x80;
    const MASKED: u8 = 0x80;
    out.reserve(14 + payload.len());
    out.push(LAST | opcode);
    match payload.len() {
        len @ ..126 => out.push(MASKED | len as u8),
        len @ ..0x1_0000 => {
            out.push(MASKED | 126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(MASKED | 127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(&mask);
    let start = out.len();
    out.extend_from_slice(payload);
    apply(mask, &mut out[start..]);
}

/// Masks, or unmasks, in place: eight bytes at a time, which compilers turn into more.
fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = bytes.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}
