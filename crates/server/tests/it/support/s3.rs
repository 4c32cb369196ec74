//! A store that speaks like S3, over real HTTP: it checks what each request is signed with, and keeps objects in a folder.

use std::{fs, path::PathBuf};

use axum::{Router, error_handling::HandleError, http::StatusCode};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::{net::TcpListener, task::JoinHandle};

use super::run::scratch;

/// The id of the only key that it lets in.
pub const KEY: &str = "KEYOFTHETESTS";
/// The secret of that key.
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY";

/// A store with a bucket named `grimoire`.
pub struct S3 {
    address: String,
    folder: PathBuf,
    server: JoinHandle<()>,
}

impl S3 {
    pub async fn start() -> S3 {
        let folder = scratch("s3");
        fs::create_dir(folder.join("grimoire")).unwrap();
        let mut service = S3ServiceBuilder::new(FileSystem::new(&folder).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let failed = async |error: s3s::HttpError| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:?}"));
        let router: Router = Router::new().fallback_service(HandleError::new(service.build(), failed));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        S3 { address, folder, server }
    }

    /// What a server is told of a place in it.
    pub fn settings(&self, place: &str) -> [(&'static str, String); 4] {
        [
            ("FILES_URL", format!("s3://{place}")),
            ("AWS_ENDPOINT_URL", self.address.clone()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// The folder in which it keeps what lies in a place.
    pub fn folder(&self, place: &str) -> PathBuf {
        self.folder.join(place)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Settings as flags.
pub fn flags(settings: &[(&'static str, String)]) -> Vec<String> {
    settings.iter().map(|(name, value)| format!("--{}={value}", name.to_lowercase().replace('_', "-"))).collect()
}
