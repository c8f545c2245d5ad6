//! Keeps other web pages out. A page that a visitor has open elsewhere may send requests to this
//! machine; it must neither read the town nor act in it, least of all with a real cluster behind.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri, header};

/// What the page may load and do: itself, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a visitor must know beside real servers. It comes with the page's address once, and is a cookie
/// from then on, which other pages cannot make the browser send.
#[derive(Debug, Clone)]
pub(super) struct Key(pub(super) Option<String>);

impl Key {
    fn cookie(&self) -> Option<String> {
        self.0.as_ref().map(|key| format!("drawbridge={key}"))
    }

    /// Whether the request brings the cookie.
    fn opens(&self, headers: &HeaderMap) -> bool {
        let Some(wanted) = self.cookie() else {
            return true;
        };
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut cookies = cookies.filter_map(|value| value.to_str().ok());
        cookies.any(|all| all.split(';').any(|one| one.trim() == wanted))
    }

    /// Whether the request brings the key itself.
    fn is_in(&self, uri: &Uri) -> bool {
        let given = uri.query().and_then(|query| query.strip_prefix("key="));
        given.is_some() && given == self.0.as_deref()
    }
}

/// Lets a request through if our own page can have sent it, and marks the answer.
pub(super) async fn guard(State(key): State<Key>, request: Request<Body>, next: Next) -> Response {
    if let Err(why) = check(request.method(), request.headers()) {
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    if let (true, Some(cookie)) = (key.is_in(request.uri()), key.cookie()) {
        let cookie = format!("{cookie}; HttpOnly; SameSite=Strict; Path=/");
        let to = [
            (header::SET_COOKIE, cookie),
            (header::LOCATION, "/".to_owned()),
        ];
        return (StatusCode::SEE_OTHER, to).into_response();
    }
    if !key.opens(request.headers()) {
        let why = "open the whole address that the demo printed";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, header::HeaderValue::from_static(value));
    }
    response
}

fn check(method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).ok_or("the request names no host")?;
    // A name that somebody else's DNS points here is not ours; addresses and `localhost` are.
    if !is_ours(host) {
        return Err("the demo answers to localhost and to addresses only");
    }
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    let json = |kind: &str| kind.split(';').next().map(str::trim) == Some("application/json");
    // Other pages cannot send this kind without asking first, and nobody says yes to them.
    if !text(header::CONTENT_TYPE).is_some_and(json) {
        return Err("acts are JSON");
    }
    match text(header::ORIGIN) {
        Some(origin) if origin.strip_prefix("http://") != Some(host) => {
            Err("another page may not act here")
        }
        _ => Ok(()),
    }
}

fn is_ours(host: &str) -> bool {
    let Ok(uri) = format!("http://{host}/").parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default();
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(method: &Method, headers: &[(&'static str, &str)]) -> Result<(), &'static str> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        check(method, &headers.collect())
    }

    #[test]
    fn our_own_page_may_read_and_act() {
        for host in [
            "127.0.0.1:7474",
            "localhost:7474",
            "[::1]:7474",
            "192.0.2.7",
        ] {
            sent(&Method::GET, &[("host", host)]).unwrap();
            let origin = format!("http://{host}");
            sent(
                &Method::POST,
                &[
                    ("host", host),
                    ("origin", &origin),
                    ("content-type", "application/json; charset=utf-8"),
                ],
            )
            .unwrap();
        }
    }

    #[test]
    fn beside_real_servers_a_visitor_brings_the_key() {
        let key = Key(Some("k3y".to_owned()));
        let with = |cookie: &str| HeaderMap::from_iter([(header::COOKIE, cookie.parse().unwrap())]);
        assert!(key.opens(&with("drawbridge=k3y")));
        assert!(key.opens(&with("theme=dark; drawbridge=k3y")));
        for wrong in [
            "drawbridge=",
            "drawbridge=k3yy",
            "drawbridge=K3Y",
            "x=drawbridge=k3y",
        ] {
            assert!(!key.opens(&with(wrong)), "{wrong}");
        }
        assert!(!key.opens(&HeaderMap::new()));
        assert!(key.is_in(&"/?key=k3y".parse().unwrap()));
        assert!(!key.is_in(&"/?key=".parse().unwrap()));
        assert!(!key.is_in(&"/".parse().unwrap()));
        // Everything embedded: there is nothing to guard.
        assert!(Key(None).opens(&HeaderMap::new()));
        assert!(!Key(None).is_in(&"/?key=".parse().unwrap()));
    }

    #[test]
    fn other_pages_may_not() {
        let json = ("content-type", "application/json");
        let host = ("host", "127.0.0.1:7474");
        // DNS rebinding: the attacker's name leads to this machine.
        assert!(sent(&Method::GET, &[("host", "evil.example:7474")]).is_err());
        assert!(sent(&Method::GET, &[("host", "127.0.0.1.evil.example")]).is_err());
        assert!(sent(&Method::GET, &[]).is_err());
        // A form or a simple request of another page.
        let form = ("content-type", "text/plain");
        assert!(sent(&Method::POST, &[host, form]).is_err());
        assert!(sent(&Method::POST, &[host]).is_err());
        for origin in ["https://evil.example", "http://127.0.0.1:8080", "null"] {
            assert!(sent(&Method::POST, &[host, json, ("origin", origin)]).is_err());
        }
    }
}
