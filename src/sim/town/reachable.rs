//! The API server as one generation of the bot reaches it: not at all once it is dead, and over its line.

use std::io;
use std::task::{Context, Poll, ready};

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame};
use tower::{BoxError, Service};

use super::generation::Generation;
use crate::sim::cluster::{ApiServer, SimBody};

/// The API server, for one generation.
#[derive(Debug, Clone)]
pub(super) struct Reachable {
    pub(super) server: ApiServer,
    pub(super) generation: Generation,
}

impl<B> Service<Request<B>> for Reachable
where
    ApiServer: Service<Request<B>, Response = Response<SimBody>, Error = BoxError>,
    <ApiServer as Service<Request<B>>>::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<SimBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(ready!(self.server.poll_ready(cx)))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let watches = request.uri().query().is_some_and(|q| q.contains("watch="));
        let (mut server, generation) = (self.server.clone(), self.generation.clone());
        async move {
            let links = generation.links();
            generation.touch();
            if generation.is_dead() || !links.api.carries().await {
                return Err(reset().into());
            }
            let answer = tokio::select! {
                biased;
                () = generation.death() => return Err(reset().into()),
                () = links.api.is_cut() => return Err(reset().into()),
                answer = server.call(request) => answer,
            };
            generation.touch();
            if generation.is_dead() || !links.api.carries().await {
                return Err(reset().into());
            }
            let answer = answer?;
            Ok(match watches {
                true => answer.map(|body| StreamBody::new(over(generation, body)).boxed_unsync()),
                false => answer,
            })
        }
        .boxed()
    }
}

/// What comes over a line for as long as it holds.
fn over(
    generation: Generation,
    body: SimBody,
) -> impl Stream<Item = Result<Frame<Bytes>, io::Error>> + Send {
    futures::stream::unfold(Some((generation, body)), |open| async {
        let (generation, mut body) = open?;
        let links = generation.links();
        let next = tokio::select! {
            biased;
            () = generation.death() => Some(Err(reset())),
            () = links.api.is_cut() => Some(Err(reset())),
            frame = body.frame() => frame,
        };
        let next = match links.api.carries().await {
            true => next?,
            false => Err(reset()),
        };
        let ended = next.is_err();
        Some((next, (!ended).then_some((generation, body))))
    })
}

fn reset() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
