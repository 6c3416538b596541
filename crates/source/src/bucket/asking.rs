//! How whoever gives out keys is asked: a few times where nobody answers, and never for long.

use futures_util::StreamExt;
use object_store::ClientOptions;
use object_store::HeaderValue;
use object_store::client::{HttpClient, HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use std::time::Duration;

/// How often it is asked where nobody answers, or who answers has a fault.
const TRIES: u32 = 3;
/// More than any answer has.
const LIMIT: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Asking {
    client: HttpClient,
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn is_good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Asking {
    /// Of a service somewhere: by way of a proxy, as the store itself is asked.
    pub(super) fn far(client: &ClientOptions) -> Result<Asking, String> {
        let client = client.clone().with_timeout(Duration::from_secs(20));
        let client = ReqwestConnector::default().connect(&client).map_err(|error| error.to_string())?;
        Ok(Asking { client })
    }

    /// Of what the machine or the container's host itself answers, to which no proxy leads.
    pub(super) fn near() -> Result<Asking, String> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .connect_timeout(Duration::from_secs(1))
            .timeout(Duration::from_secs(5))
            .redirect(reqwest::redirect::Policy::none());
        Ok(Asking { client: HttpClient::new(client.build().map_err(|error| error.to_string())?) })
    }

    /// What is answered to a request, made anew for each time. `Err`: nobody answers.
    pub(super) async fn ask(&self, request: impl Fn() -> Result<HttpRequest, String>) -> Result<Answer, String> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.once(request()?).await;
            let holds = answer.as_ref().is_ok_and(|answer| answer.status < 500 && answer.status != 429);
            if holds || tries == TRIES {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(200 << tries)).await;
        }
    }

    async fn once(&self, request: HttpRequest) -> Result<Answer, String> {
        let answer = self.client.execute(request).await.map_err(|error| innermost(&error))?;
        let status = answer.status().as_u16();
        let (mut bytes, mut pieces) = (Vec::new(), answer.into_body().bytes_stream());
        while let Some(piece) = pieces.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| innermost(&error))?);
            if bytes.len() > LIMIT {
                return Err("the answer goes on and on".to_owned());
            }
        }
        Ok(Answer { status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

/// A request with headers, whose body is empty for all but `POST`.
pub(super) fn request(
    method: &str,
    place: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<HttpRequest, String> {
    let mut request = HttpRequest::new(HttpRequestBody::from(body));
    *request.method_mut() = method.parse().map_err(|_| method.to_owned())?;
    *request.uri_mut() = place.parse().map_err(|_| format!("{place} is no address"))?;
    for (name, value) in headers {
        let mut value =
            HeaderValue::from_str(value).map_err(|_| format!("what goes into {name} is no line of text"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(*name, value);
    }
    Ok(request)
}

/// What happened at the bottom of an error.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
