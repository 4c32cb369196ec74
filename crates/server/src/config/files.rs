//! Where uploaded files lie, where that is not the folder of data.

use super::{Bucket, ConfigError, Secret, arguments::FilesSettings, text, web_address, wrong};

/// Where S3 itself, and most that speak like it, want nothing said.
const REGION: &str = "us-east-1";

/// Characters of a prefix; a key has 1,024 bytes.
const MAX_PREFIX: usize = 500;

impl FilesSettings {
    /// What is said of a store without `FILES_URL` is left unread: many machines have `AWS_…` in their environment for other
    /// reasons.
    pub(super) fn check(self) -> Result<Option<Bucket>, ConfigError> {
        let Some(url) = text("FILES_URL", self.files_url)? else { return Ok(None) };
        let (name, prefix) = place(&url).ok_or_else(|| {
            wrong("FILES_URL", &url, "not a bucket, or a place in one, such as s3://bucket or s3://bucket/prefix")
        })?;
        let id = text("AWS_ACCESS_KEY_ID", self.aws_access_key_id)?;
        let secret = text("AWS_SECRET_ACCESS_KEY", self.aws_secret_access_key)?;
        let missing = match (&id, &secret) {
            (Some(_), None) => Some("AWS_SECRET_ACCESS_KEY"),
            (None, Some(_)) => Some("AWS_ACCESS_KEY_ID"),
            _ => None,
        };
        if let Some(missing) = missing {
            return Err(ConfigError::Wrong(format!("{missing} is missing: a key of a store has an id and a secret")));
        }
        let endpoint = text("AWS_ENDPOINT_URL", self.aws_endpoint_url)?;
        Ok(Some(Bucket {
            name,
            prefix,
            key: id.zip(secret).map(|(id, secret)| (id, Secret::new(secret))),
            session_token: text("AWS_SESSION_TOKEN", self.aws_session_token)?.map(Secret::new),
            region: text("AWS_REGION", self.aws_region)?.unwrap_or_else(|| REGION.to_owned()),
            endpoint: endpoint.map(|value| web_address("AWS_ENDPOINT_URL", &value)).transpose()?,
        }))
    }
}

/// A bucket's name, and the prefix of what is kept in it. Both are plain, so that nobody has to escape them anywhere.
fn place(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("s3://")?;
    let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    let is_plain = |text: &str, more: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c));
    let is_name = (3..=63).contains(&name.len()) && is_plain(name, ".-") && !name.starts_with(['.', '-']);
    let is_step = |step: &str| !step.is_empty() && !matches!(step, "." | "..") && is_plain(step, "._-=");
    let is_prefix = prefix.is_empty() || (prefix.len() <= MAX_PREFIX && prefix.split('/').all(is_step));
    (is_name && is_prefix).then(|| (name.to_owned(), prefix.to_owned()))
}
