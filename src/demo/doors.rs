//! The town's other doors: its Slack and its API server over TCP, so that a team's own tools can look
//! in (`kubectl get netpol --server …`, an SDK against the Web API).

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::play::Stage;

/// How long no more are let in when there are too many.
const PAUSE: Duration = Duration::from_millis(50);

/// Listeners that are not served yet.
#[derive(Debug, Default)]
pub(super) struct Doors {
    slack: Option<TcpListener>,
    kubernetes: Option<TcpListener>,
}

/// What is behind a door.
#[derive(Debug, Clone, Copy)]
enum Room {
    Slack,
    Kubernetes,
}

impl Doors {
    /// On the two ports after the page's, or any where these are taken.
    pub(super) async fn beside(page: SocketAddr) -> Result<Self> {
        Ok(Self {
            slack: Some(listen(page, 1).await?),
            kubernetes: Some(listen(page, 2).await?),
        })
    }

    /// Slack's address and the API server's.
    pub(super) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        let address = |door: &Option<TcpListener>| door.as_ref()?.local_addr().ok();
        (address(&self.slack), address(&self.kubernetes))
    }

    /// Serves them until `stop`.
    pub(super) fn open(self, stage: &Stage, tracker: &TaskTracker, stop: &CancellationToken) {
        let doors = [
            (self.slack, Room::Slack),
            (self.kubernetes, Room::Kubernetes),
        ];
        for (door, room) in doors {
            let Some(door) = door else { continue };
            let serving = serve(door, room, stage.clone(), tracker.clone());
            tracker.spawn(stop.clone().run_until_cancelled_owned(serving));
        }
    }
}

async fn listen(page: SocketAddr, offset: u16) -> Result<TcpListener> {
    let wanted = page.port().checked_add(offset).unwrap_or_default();
    if let Ok(door) = TcpListener::bind((page.ip(), wanted)).await {
        return Ok(door);
    }
    let any = TcpListener::bind((page.ip(), 0)).await;
    any.with_context(|| format!("listening on {}", page.ip()))
}

async fn serve(door: TcpListener, room: Room, stage: Stage, tracker: TaskTracker) {
    loop {
        // Out of sockets, usually: the next one may be free when somebody leaves.
        let Ok((stream, _)) = door.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        tracker.spawn(enter(room, stage.clone(), stream));
    }
}

/// Each connection is to the town that is there when it begins.
async fn enter(room: Room, stage: Stage, stream: TcpStream) {
    let (slack, api) = {
        let play = stage.play().await;
        (play.town.slack.clone(), play.town.api.clone())
    };
    match room {
        Room::Slack => slack.serve_stream(stream).await,
        Room::Kubernetes => api.serve_stream(stream).await,
    }
}
