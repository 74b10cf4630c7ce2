use std::collections::HashMap;

use gqlwire_proto::sigv4::{Credentials, Mismatch, SignableRequest, Verifier, VerifyError};

use super::{Call, Identity, Refusal};

/// The access keys whose signatures count.
#[derive(Debug, Default)]
pub(crate) struct AccessKeys(HashMap<String, Credentials>);

impl AccessKeys {
    pub(crate) fn insert(&mut self, credentials: Credentials) {
        self.0.insert(credentials.access_key_id.clone(), credentials);
    }

    /// Computes the signature anew from what arrived, and compares.
    pub(super) fn check(&self, call: &Call<'_>) -> Result<Identity, Refusal> {
        if self.0.is_empty() {
            return Err(Refusal::NotAuthorized);
        }
        let headers: Vec<(&str, &str)> = call.credentials.into_iter().flat_map(|object| object.iter()).collect();
        let request = SignableRequest {
            method: call.method,
            path: call.path,
            query: call.query,
            headers: &headers,
            body: call.body,
        };
        // Any region: the one that a local endpoint is signed for is the client's own choice.
        let verifier = Verifier::new().service("appsync");
        match verifier.verify(&request, |id| self.0.get(id), call.now) {
            Ok(verified) => Ok(Identity::Iam {
                access_key_id: verified.access_key_id,
            }),
            Err(error) => Err(said_as_aws(&error)),
        }
    }
}

fn said_as_aws(error: &VerifyError) -> Refusal {
    match error {
        VerifyError::Mismatch(mismatch) => Refusal::Signature(explained(mismatch)),
        VerifyError::UnknownAccessKey { .. } | VerifyError::SessionTokenInvalid | VerifyError::SessionTokenMissing => {
            Refusal::UnknownAccessKey
        }
        VerifyError::CredentialsExpired => {
            Refusal::Signature("The security token included in the request is expired".into())
        }
        other => {
            let mut text = other.to_string();
            // AWS begins its sentences with a capital.
            if let Some(first) = text.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            Refusal::Signature(text)
        }
    }
}

/// AWS tells the caller what it signed, which is the quickest way to find the byte that differs.
fn explained(mismatch: &Mismatch) -> String {
    format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details.\n\n\
         The Canonical String for this request should have been\n'{}'\n\n\
         The String-to-Sign should have been\n'{}'\n",
        mismatch.canonical_request(),
        mismatch.string_to_sign(),
    )
}
