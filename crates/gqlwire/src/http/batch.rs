//! The answers to a batch.

use gqlwire_proto::Response;
use serde_json::value::RawValue;

use super::Shown;
use super::answer::verdict;
use crate::error::summary;
use crate::redact::Secrets;
use crate::transport::{Outcome, RawResponse};
use crate::{Error, ErrorKind};

/// Tells the answer to a batch of so many from everything else that a server may answer with.
///
/// It is an error where there is nothing for any of them; what one alone is refused with is for [`split`].
pub(super) fn judge(
    mut answer: RawResponse,
    count: usize,
    url: &Shown,
    secrets: &Secrets,
) -> Result<RawResponse, Error> {
    if secrets.occur_in(&answer.body) && !holds_only_responses(&answer, url) {
        secrets.redact(&mut answer.body);
    }
    let odd = |message: String, errors| {
        let error = Error::new(
            ErrorKind::Protocol,
            format!("{url} answered {}: {message}", answer.status),
        );
        let error = error
            .with_answer(answer.status, answer.headers.clone())
            .with_errors(errors);
        match answer.status.is_client_error() {
            true => error,
            false => error.after_sending(),
        }
    };
    let Ok(answers) = serde_json::from_str::<Vec<&RawValue>>(&answer.body) else {
        verdict(&answer, url)?;
        let errors = Response::<Box<RawValue>>::from_json(&answer.body).map(|response| response.errors);
        let errors = errors.unwrap_or_default();
        let says = summary(&errors, "with one response and no errors");
        return Err(odd(
            format!("one response to a batch of {count}, which it may not take: {says}"),
            errors,
        ));
    };
    if answers.len() != count && (answer.status.is_success() || !answers.is_empty()) {
        return Err(odd(
            format!(
                "{} responses to a batch of {count}: it cannot be told which is whose",
                answers.len()
            ),
            Vec::new(),
        ));
    }
    if !answer.status.is_success() {
        let mut refusals = answers.iter().map(|item| verdict(&item_of(&answer, item), url));
        if let Some(Err(first)) = refusals.next()
            && refusals.all(|refusal| refusal.is_err())
        {
            return Err(first);
        }
    }
    Ok(answer)
}

fn holds_only_responses(answer: &RawResponse, url: &Shown) -> bool {
    let items = serde_json::from_str::<Vec<&RawValue>>(&answer.body).unwrap_or_default();
    !items.is_empty() && items.iter().all(|item| verdict(&item_of(answer, item), url).is_ok())
}

/// The answers to a batch of so many, each for itself.
pub(super) fn split(answer: &RawResponse, count: usize, url: &Shown) -> Vec<Outcome> {
    let items: Vec<&RawValue> = serde_json::from_str(&answer.body).unwrap_or_default();
    let outcome = |index: usize| {
        let item = items.get(index).copied().unwrap_or(RawValue::NULL);
        let item = item_of(answer, item);
        verdict(&item, url).map(|()| item)
    };
    (0..count).map(outcome).collect()
}

fn item_of(answer: &RawResponse, item: &RawValue) -> RawResponse {
    RawResponse {
        status: answer.status,
        headers: answer.headers.clone(),
        body: item.get().to_owned(),
    }
}
