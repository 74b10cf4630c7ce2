use super::FrameError;

/// Why a server closed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CloseFrame {
    /// One of those that §7.4 allows.
    pub code: u16,
    /// At most 123 bytes, and often empty.
    pub reason: String,
}

impl CloseFrame {
    /// The payload of a close frame (§5.5.1); a server need not give a reason, nor even a code.
    pub(super) fn read(payload: &[u8]) -> Result<Option<Self>, FrameError> {
        let Some((code, reason)) = payload.split_first_chunk() else {
            return match payload {
                [] => Ok(None),
                _ => Err(FrameError::CloseLength),
            };
        };
        let code = u16::from_be_bytes(*code);
        if !may_be_received(code) {
            return Err(FrameError::CloseCode(code));
        }
        let reason = std::str::from_utf8(reason).map_err(|_| FrameError::Utf8)?;
        Ok(Some(Self {
            code,
            reason: reason.to_owned(),
        }))
    }
}

/// §7.4.1 and the registry that it set up, which has since got 1012 to 1014; 1004 means nothing yet, and 1005, 1006 and
/// 1015 tell of connections that ended without such a frame. From 3000 on, they belong to libraries and applications.
fn may_be_received(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
