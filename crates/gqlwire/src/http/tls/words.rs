//! What rustls says, in words that say what to do.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, InvalidMessage};
use url::Url;

/// A failure of TLS, explained.
pub(in crate::http) struct Told {
    pub(in crate::http) message: String,
    /// Whether asking again may help.
    pub(in crate::http) may_pass: bool,
}

/// Why TLS was not agreed on with the server of this URL; `deepest` is how rustls puts it.
pub(in crate::http) fn told(error: &rustls::Error, url: &Url, deepest: String) -> Told {
    let lasting = |message| Told {
        message,
        may_pass: false,
    };
    match error {
        rustls::Error::InvalidCertificate(why) => lasting(out_of_time(why).unwrap_or_else(|| deepest + about(why))),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            let plain = if url.scheme() == "wss" { "ws" } else { "http" };
            lasting(format!(
                "the server does not speak TLS on this port: was {plain}:// meant?"
            ))
        }
        rustls::Error::InvalidMessage(_) => lasting(format!("{deepest}; does the server speak TLS there?")),
        rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) | rustls::Error::PeerIncompatible(_) => {
            lasting(format!(
                "{deepest}; the server speaks neither TLS 1.3 nor 1.2 as it is spoken here"
            ))
        }
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => lasting(format!(
            "{deepest}; the server does not speak the version of HTTP that `http_version` asks for"
        )),
        rustls::Error::AlertReceived(AlertDescription::UnrecognisedName) => lasting(format!(
            "{deepest}; the server knows no host of this name: is it right?"
        )),
        error => match client_certificate(error) {
            Some(message) => lasting(message),
            None => Told {
                message: deepest,
                may_pass: true,
            },
        },
    }
}

/// What a server says that refuses this client for its certificate, or for having none.
pub(in crate::http) fn client_certificate(error: &rustls::Error) -> Option<String> {
    let rustls::Error::AlertReceived(alert) = error else {
        return None;
    };
    let refused = |why: &str| {
        Some(format!(
            "the server does not take this client's certificate: {why} ({alert:?}); another is given with \
             `client_certificate`"
        ))
    };
    match alert {
        AlertDescription::CertificateRequired => Some(
            "the server asks for a client certificate, and this client has none: give it one with `client_certificate`"
                .to_owned(),
        ),
        // With TLS 1.2 that is all a server says that misses one.
        AlertDescription::HandshakeFailure => Some(
            "the server broke the TLS handshake off (HandshakeFailure): it may ask for a client certificate, which is \
             given with `client_certificate`, or speak no cipher that is spoken here"
                .to_owned(),
        ),
        AlertDescription::UnknownCA => refused("it does not know the authority that signed it"),
        AlertDescription::CertificateExpired => refused("it has expired"),
        AlertDescription::CertificateRevoked => refused("it has been revoked"),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => refused("it says no more"),
        _ => None,
    }
}

/// What rustls gives in seconds of an epoch, in dates.
fn out_of_time(why: &CertificateError) -> Option<String> {
    match why {
        CertificateError::ExpiredContext { time, not_after } => Some(format!(
            "its certificate expired on {}: the server has to renew it, unless the clock of this machine is wrong, which \
             shows {}",
            date(*not_after),
            date(*time)
        )),
        CertificateError::NotValidYetContext { time, not_before } => Some(format!(
            "its certificate is valid only from {} on: is the clock of this machine right? It shows {}",
            date(*not_before),
            date(*time)
        )),
        _ => None,
    }
}

fn date(time: UnixTime) -> String {
    // The format knows years of four digits.
    const LAST: u64 = 253_402_300_799;
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs().min(LAST)))
}

/// What to do about a server's certificate.
fn about(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::Expired => {
            "; its certificate has expired: the server has to renew it, unless the clock of this machine is wrong"
        }
        CertificateError::NotValidYet => "; its certificate is not valid yet: is the clock of this machine right?",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "; its certificate is one for another host: is the host in the URL the one that was meant?"
        }
        CertificateError::UnknownIssuer => {
            "; its certificate is not trusted: if it is signed by an authority of your own, add that with \
             `add_root_certificate`"
        }
        CertificateError::Revoked => "; its certificate has been revoked: the server has to get another",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "; its certificate is not one for servers"
        }
        _ => {
            "; its certificate is not trusted: one that was signed by itself has to be given to `add_root_certificate`, and \
             be none of an authority"
        }
    }
}
