//! Answers: how long they may be, what they tell, and what is done when there is none.

use std::sync::atomic::AtomicUsize;

use serde_json::{Value, json};
use tower::service_fn;

use super::*;

/// A server that answers everything so.
fn wire(status: u16, size: usize) -> Wire {
    let service = service_fn(move |_: Request<Body>| async move {
        let answer = http::Response::builder().status(status);
        answer.body(Body::from(vec![b'x'; size]))
    });
    let client = kube::Client::new(service, "default");
    Wire {
        unary: Unary::always(client.clone()),
        watch: client,
    }
}

async fn asked(status: u16, size: usize) -> Result<usize, ClusterError> {
    let asked = Asked::new("list", "", "pods", None);
    let request = Request::get("/").body(Vec::new()).unwrap();
    let answer = wire(status, size).once(request, &asked, CALL_LIMIT).await;
    answer.map(|answer| answer.body.len())
}

#[tokio::test]
async fn an_answer_is_read_up_to_the_bound_and_a_larger_one_is_none() {
    assert_eq!(asked(200, MAX_ANSWER).await.unwrap(), MAX_ANSWER);
    let larger = asked(200, MAX_ANSWER + 1).await;
    assert!(
        matches!(larger, Err(ClusterError::Unreadable(_))),
        "{larger:?}"
    );
}

#[tokio::test]
async fn many_calls_that_fail_together_leave_their_client_once_and_wait_for_no_new_one() {
    let (go, may_go) = std::sync::mpsc::channel::<()>();
    let made = Arc::new(AtomicUsize::new(0));
    let (count, may_go) = (Arc::clone(&made), std::sync::Mutex::new(may_go));
    let unary = Unary::made_by(move || {
        // The first is made at the start; later ones take as long as a program that hangs.
        if count.fetch_add(1, Ordering::SeqCst) > 0 {
            may_go.lock().unwrap().recv().unwrap();
        }
        Ok(wire(200, 0).watch)
    })
    .unwrap();
    let silent = unary.client.load_full();
    for _ in 0..10 {
        unary.leave(&silent);
    }
    assert!(Arc::ptr_eq(&unary.client.load(), &silent));
    go.send(()).unwrap();
    let done = unary.making.lock().await;
    assert!(!Arc::ptr_eq(&unary.client.load(), &silent));
    drop(done);
    // Calls of the old one that end only now say nothing of the new one.
    unary.leave(&silent);
    drop(unary.making.lock().await);
    assert_eq!(made.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn of_a_long_refusal_the_beginning_is_told() {
    let Err(ClusterError::Invalid(said)) = asked(400, 1_000_000).await else {
        panic!("it was refused");
    };
    assert_eq!(said.chars().count(), LONGEST_REASON + 1);
    let Err(ClusterError::Invalid(said)) = asked(400, LONGEST_REASON).await else {
        panic!("it was refused");
    };
    assert_eq!(said.chars().count(), LONGEST_REASON);
}

/// Whether a delete of the object `u` that is answered so says that it is gone.
fn says_gone(status: u16, body: &Value) -> bool {
    let status = StatusCode::from_u16(status).unwrap();
    let body = Bytes::from(body.to_string());
    Answer { status, body }.says_gone("u")
}

#[test]
fn only_a_status_of_success_that_names_the_object_says_that_it_is_gone() {
    let told = |status: &str, uid: &str| {
        json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": status,
            "details": {"name": "a", "kind": "networkpolicies", "uid": uid}})
    };
    assert!(says_gone(200, &told("Success", "u")));
    // Taken on, not done.
    assert!(!says_gone(202, &told("Success", "u")));
    let policy = json!({"deletionTimestamp": "2026-11-23T17:24:47Z", "uid": "u"});
    for untold in [
        told("Success", "v"),
        told("Failure", "u"),
        json!({"kind": "Status", "status": "Success"}),
        json!({"kind": "NetworkPolicy", "metadata": policy, "spec": {}}),
        json!({"kind": "Namespace", "metadata": {}, "status": {"phase": "Terminating"}}),
        json!({"kind": "Event", "status": "Success", "details": {"uid": "u"}}),
        json!({}),
        json!("Success"),
    ] {
        assert!(!says_gone(200, &untold), "{untold}");
    }
}
