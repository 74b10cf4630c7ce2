use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// What every server knows, and nothing else would append (§1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// `Sec-WebSocket-Key` (§4.1): the nonce is to be a random one, chosen anew for each connection.
pub fn request_key(nonce: [u8; 16]) -> String {
    STANDARD.encode(nonce)
}

/// `Sec-WebSocket-Accept` (§4.2.2): how a server answers that key, if it speaks the protocol at all.
pub fn accept_key(request_key: &str) -> String {
    let digest = Sha1::new().chain_update(request_key).chain_update(GUID).finalize();
    STANDARD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of §1.3.
    #[test]
    fn the_example_of_the_rfc_is_answered_as_it_says() {
        let key = request_key(*b"the sample nonce");
        assert_eq!(key, "dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept_key(&key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
