//! The Redis of the integration tests, alone, with a replica or under a Sentinel, started the same way.

#[path = "../../tests/it/servers/redis.rs"]
pub(crate) mod redis;
#[path = "../../tests/it/servers/sentinel.rs"]
pub(crate) mod sentinel;

/// Empties it. A server that holds a hundred thousand documents needs longer than the client waits by itself.
pub(crate) async fn empty(server: &redis::RedisServer) {
    let patient = ::redis::AsyncConnectionConfig::new()
        .set_response_timeout(Some(std::time::Duration::from_secs(60)));
    let client = ::redis::Client::open(server.url()).expect("an address");
    let conn = client.get_multiplexed_async_connection_with_config(&patient);
    let mut conn = conn.await.expect("a connection");
    let flushed: ::redis::RedisResult<()> = ::redis::cmd("FLUSHALL").query_async(&mut conn).await;
    flushed.expect("emptied");
}
