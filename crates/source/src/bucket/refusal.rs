//! Why a store does not give what it was asked for, in its own words and few of them.

use crate::{Refusal, SourceError};
use object_store::Error;

/// `what` was asked for.
pub(super) fn of(what: &str, error: &Error) -> SourceError {
    let said = error.to_string();
    let why = match error {
        Error::NotFound { .. } => Refusal::Gone,
        // Objects of cold classes are refused with 403.
        _ if said.contains("InvalidObjectState") => Refusal::Cold,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Refusal::Denied,
        _ if said.contains("NoSuchBucket") => Refusal::Gone,
        Error::Generic { .. } => Refusal::OutOfReach,
        _ => Refusal::Other,
    };
    let own = match (element(&said, "Code"), element(&said, "Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => innermost(error),
    };
    let text = match why {
        Refusal::Gone => format!("there is no such object or bucket ({own})"),
        Refusal::Denied => format!("the store does not let this user have it ({own})"),
        Refusal::Cold => {
            format!("it is kept in a cold class and has to be restored first, with the store's own tool ({own})")
        }
        Refusal::OutOfReach => format!("the store does not answer as it should, however often it is asked ({own})"),
        Refusal::Key | Refusal::Other => own,
    };
    SourceError::foreign(what, why, text)
}

/// What stands in an element of an answer's XML.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once('<')?;
    // A few words; a store can say what it likes.
    let end = content.char_indices().nth(200).map_or(content.len(), |(at, _)| at);
    content.get(..end).map(str::trim).filter(|content| !content.is_empty())
}

/// The first cause, which says what happened; those around it say where.
fn innermost(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string().lines().next().unwrap_or("no reason is given").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stores_own_words_are_told_and_nothing_around_them() {
        let said = |xml: &str| Error::PermissionDenied { path: "a/b".into(), source: xml.to_owned().into() };
        let error =
            of("s3://b/a", &said("403: <Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"));
        assert_eq!(
            error.to_string(),
            "s3://b/a: the store does not let this user have it (AccessDenied: Access Denied)"
        );
        let error = of("s3://b/a", &said("<Code>InvalidObjectState</Code><Message>storage class</Message>"));
        assert!(matches!(error, SourceError::Foreign { why: Refusal::Cold, .. }), "{error}");
        assert!(of("x", &Error::NotFound { path: "a".into(), source: "no".into() }).is_gone());
    }
}
