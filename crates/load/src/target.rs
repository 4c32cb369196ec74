use std::{fs, net::SocketAddr, path::Path};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use shared::sync::SUBPROTOCOL;

use crate::dialect::Dialect;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// PromptGrimoire.
    Ours,
    /// npm `@hocuspocus/server`.
    Hocuspocus,
    /// npm `@y/websocket-server`, the server that was part of y-websocket up to version 2.
    YWebsocket,
    /// PyPI `pycrdt-websocket`.
    Pycrdt,
}

impl Kind {
    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "PromptGrimoire",
            Self::Hocuspocus => "Hocuspocus",
            Self::YWebsocket => "y-websocket",
            Self::Pycrdt => "pycrdt-websocket",
        }
    }

    /// What it does before it relays an update and answers its writer.
    pub fn promise(self) -> &'static str {
        match self {
            Self::Ours => "commits it to Postgres, on the disk",
            _ => "nothing: it is in memory alone, and gone with the process",
        }
    }

    /// What its ack says, if it has one.
    pub fn ack(self) -> &'static str {
        if self == Self::Ours { "committed" } else { "in memory" }
    }

    /// As it is spelt in arguments.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Hocuspocus => "hocuspocus",
            Self::YWebsocket => "y-websocket",
            Self::Pycrdt => "pycrdt",
        }
    }
}

/// Rooms of our own server, made beforehand; others make a room of any name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prepared {
    /// A personal access token of the rooms' owner.
    pub token: String,
    /// Ids of conversations.
    pub rooms: Vec<String>,
}

/// A running server.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it is.
    pub kind: Kind,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its rooms, if they had to be prepared.
    pub prepared: Option<Prepared>,
}

/// Where a room is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Path and query of the WebSocket.
    pub path: String,
    /// How its messages are framed.
    pub dialect: Dialect,
    /// The WebSocket subprotocol of clients that want acks, where there is one.
    pub subprotocol: Option<&'static str>,
}

impl Target {
    /// Reads what was prepared, where something was.
    pub fn new(kind: Kind, address: SocketAddr, prepared: Option<&Path>) -> Result<Self> {
        let read = |path: &Path| -> Result<Prepared> {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(serde_json::from_str(&text)?)
        };
        Ok(Self { kind, address, prepared: prepared.map(read).transpose()? })
    }

    /// The room's name, as a stock provider is given it.
    pub fn room(&self, index: usize) -> Result<String> {
        match &self.prepared {
            Some(prepared) => prepared.rooms.get(index).cloned().context("too few rooms were prepared"),
            None => Ok(format!("room-{index}")),
        }
    }

    /// Where a stock provider connects to, without the room.
    pub fn url(&self) -> String {
        let path = if self.kind == Kind::Ours { "/sync" } else { "" };
        format!("ws://{}{path}", self.address)
    }

    /// The personal access token, where one is needed.
    pub fn token(&self) -> Option<&str> {
        self.prepared.as_ref().map(|prepared| prepared.token.as_str())
    }

    /// Where a room is, for our clients.
    pub fn place(&self, index: usize) -> Result<Place> {
        let room = self.room(index)?;
        let (path, dialect) = match (self.kind, self.token()) {
            (Kind::Ours, Some(token)) => (format!("/sync/{room}?token={token}"), Dialect::Plain),
            (Kind::Hocuspocus, _) => ("/".to_owned(), Dialect::Hocuspocus { name: room }),
            _ => (format!("/{room}"), Dialect::Plain),
        };
        let subprotocol = (self.kind == Kind::Ours).then_some(SUBPROTOCOL);
        Ok(Place { address: self.address, path, dialect, subprotocol })
    }
}
