//! AWS Signature Version 4.

/// The header that carries a SigV4 signature (and, outside SigV4, a token). Spelled as AWS documents spell it; header
/// names are compared without regard to case.
pub const AUTHORIZATION: &str = "Authorization";
/// The header with the time of signing, `YYYYMMDDTHHMMSSZ`.
pub const X_AMZ_DATE: &str = "x-amz-date";
/// The header with the session token of temporary credentials.
pub const X_AMZ_SECURITY_TOKEN: &str = "x-amz-security-token";
