//! Why a store does not give what it was asked for, in its own words and few of them.

use super::keys::NoKeys;
use crate::{Refusal, SourceError};
use object_store::Error;
use std::io::ErrorKind;

/// `what` was asked for.
pub(super) fn of(what: &str, error: &Error) -> SourceError {
    let said = error.to_string();
    if let Some(why) = no_keys(error) {
        return SourceError::foreign(what, Refusal::Denied, format!("there are no credentials: {why}"));
    }
    let why = match error {
        Error::NotFound { .. } => Refusal::Gone,
        // Objects of cold classes are refused with 403.
        _ if said.contains("InvalidObjectState") => Refusal::Cold,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Refusal::Denied,
        _ if said.contains("NoSuchBucket") => Refusal::Gone,
        // A list that is refused comes without its kind.
        _ if OF_KEYS.iter().any(|code| said.contains(code)) || is_refusal(&said) => Refusal::Denied,
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
        Refusal::Denied if OF_MACHINES.iter().any(|place| said.contains(place)) => format!(
            "there are no credentials: none in the environment or a profile, and the cloud gives this machine none ({own})"
        ),
        Refusal::Denied if OF_KEYS.iter().any(|code| said.contains(code)) || said.contains("401 Unauthorized") => {
            format!("the store refuses the credentials ({own})")
        }
        Refusal::Denied if element(&said, "Code").is_none() => {
            format!("the store refuses the credentials, or does not let their user have it ({own})")
        }
        Refusal::Denied => format!("the store does not let this user have it ({own})"),
        Refusal::Cold => {
            format!("it is kept in a cold class and has to be restored first, with the store's own tool ({own})")
        }
        Refusal::OutOfReach if is_away(error) => format!("the store cannot be reached ({own})"),
        Refusal::OutOfReach => format!("the store does not answer as it should, however often it is asked ({own})"),
        Refusal::Key | Refusal::Other => own,
    };
    SourceError::foreign(what, why, text)
}

/// What stores say of credentials that they do not know, or that are wrong or too old.
const OF_KEYS: [&str; 10] = [
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
    "InvalidToken",
    "ExpiredToken",
    "TokenRefreshRequired",
    "InvalidSecurity",
    "RequestTimeTooSkewed",
    "AuthenticationFailed",
    "NoAuthenticationInformation",
    "UNAUTHENTICATED",
];

/// Where clouds tell their machines who they are.
const OF_MACHINES: [&str; 3] = ["169.254.169.254", "169.254.170.2", "metadata.google.internal"];

fn is_refusal(said: &str) -> bool {
    said.contains("403 Forbidden") || said.contains("401 Unauthorized")
}

/// Who should have given keys, said why not.
fn no_keys(error: &Error) -> Option<&NoKeys> {
    causes(error).find_map(|cause| cause.downcast_ref::<NoKeys>())
}

/// An error and what caused it.
fn causes(error: &Error) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |own| own.source())
}

/// Nobody answered at all.
fn is_away(error: &Error) -> bool {
    causes(error).any(|own| {
        let kind = own.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let away = matches!(
            kind,
            Some(
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::AddrNotAvailable
                    | ErrorKind::TimedOut
            )
        );
        away || ["dns error", "failed to lookup address", "tcp connect error"].iter().any(|w| own.to_string() == *w)
    })
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
