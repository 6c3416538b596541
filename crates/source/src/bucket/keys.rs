//! Keys that somebody gives out for a while: held, and asked for anew before they expire.

use super::container::ContainerService;
use super::given::GivenKeys;
use super::instance::Instance;
use super::process;
use super::sts::AskedRole;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// Whoever failed is not asked again so soon: many requests would each wait for it.
const PAUSE: Duration = Duration::from_secs(20);

/// Who gives out keys.
#[derive(Debug)]
pub(super) enum Giver {
    Role(AskedRole),
    Instance(Instance),
    Container(ContainerService),
    /// A profile's `credential_process`.
    Process(String),
}

impl Giver {
    async fn ask(&self) -> Result<GivenKeys, String> {
        match self {
            Giver::Role(role) => role.ask().await,
            Giver::Instance(instance) => instance.ask().await,
            Giver::Container(container) => container.ask().await,
            Giver::Process(command) => process::ask(command).await,
        }
    }
}

/// Keys of a giver, asked for when they are needed.
#[derive(Debug)]
pub(super) struct RenewedKeys {
    giver: Giver,
    held: Mutex<Held>,
}

#[derive(Debug)]
enum Held {
    Nothing,
    Keys(Arc<AwsCredential>, Option<Instant>),
    Refused(String, Instant),
}

impl RenewedKeys {
    pub(super) fn of(giver: Giver) -> Arc<RenewedKeys> {
        Arc::new(RenewedKeys { giver, held: Mutex::new(Held::Nothing) })
    }

    async fn keys(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut held = self.held.lock().await;
        match &*held {
            Held::Keys(keys, until) if until.is_none_or(|until| Instant::now() < until) => return Ok(Arc::clone(keys)),
            Held::Refused(why, until) if Instant::now() < *until => return Err(NoKeys(why.clone()).into()),
            _ => {}
        }
        match self.giver.ask().await {
            Ok(given) => {
                let until = given.until();
                let keys = Arc::new(given.credential);
                *held = Held::Keys(Arc::clone(&keys), until);
                Ok(keys)
            }
            Err(why) => {
                *held = Held::Refused(why.clone(), Instant::now() + PAUSE);
                Err(NoKeys(why).into())
            }
        }
    }
}

impl CredentialProvider for RenewedKeys {
    type Credential = AwsCredential;

    fn get_credential<'s, 'f>(
        &'s self,
    ) -> Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(self.keys())
    }
}

/// Why nobody gives keys: nothing was asked of the store itself.
#[derive(Debug)]
pub(super) struct NoKeys(String);

impl std::fmt::Display for NoKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoKeys {}

impl From<NoKeys> for object_store::Error {
    fn from(why: NoKeys) -> object_store::Error {
        object_store::Error::Generic { store: "credentials", source: Box::new(why) }
    }
}
