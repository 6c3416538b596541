//! What the stores' own tools read to know where and as whom: variables of the environment.

use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often a request is tried again.
pub(super) const RETRIES: usize = 5;

/// Where a store is and who asks it: variables as the stores' own tools read them from the environment.
#[derive(Clone, Default)]
pub struct BucketSettings(BTreeMap<String, String>);

impl BucketSettings {
    /// Those of this process.
    pub fn of_process() -> BucketSettings {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        BucketSettings(std::env::vars_os().filter_map(text).filter(|(_, value)| !value.is_empty()).collect())
    }

    /// Another value for a variable.
    pub fn with(mut self, name: &str, value: &str) -> BucketSettings {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Variables whose names begin so, their names in small letters.
    pub(super) fn of(&self, prefix: &str) -> impl Iterator<Item = (String, &str)> {
        self.0
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
    }

    /// A proxy that has a certificate of its own.
    pub(super) fn has_encrypted_proxy(&self) -> bool {
        let names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
        names.iter().any(|name| self.get(name).is_some_and(|place| place.starts_with("https:")))
    }

    pub(super) fn google(&self, bucket: &str) -> Result<GoogleCloudStorage, String> {
        let mut builder = GoogleCloudStorageBuilder::new().with_bucket_name(bucket).with_retry(retry());
        for (name, value) in self.of("GOOGLE_") {
            if let Ok(key) = name.parse() {
                builder = builder.with_config(key, value);
            }
        }
        builder.build().map_err(|error| error.to_string())
    }

    pub(super) fn azure(&self, container: &str) -> Result<MicrosoftAzure, String> {
        let mut builder = MicrosoftAzureBuilder::new().with_container_name(container).with_retry(retry());
        for (name, value) in self.of("AZURE_") {
            // As its own tool names them.
            let name = match name.as_str() {
                "azure_storage_account" => "azure_storage_account_name".to_owned(),
                "azure_storage_key" => "azure_storage_account_key".to_owned(),
                _ => name,
            };
            if let Ok(key) = name.parse() {
                builder = builder.with_config(key, value);
            }
        }
        builder.build().map_err(|error| error.to_string())
    }
}

impl std::fmt::Debug for BucketSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are among them.
        write!(f, "BucketSettings({} variables)", self.0.len())
    }
}

pub(super) fn retry() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2. };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: Duration::from_secs(120) }
}

/// An object may take as long as it takes, but something must come.
pub(super) fn client() -> ClientOptions {
    ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(10))
        .with_read_timeout(Duration::from_secs(30))
}
