//! Opening and closing gates.

use drawbridge::cluster::{ClusterError, ObjectRef, SeenObject, Withdrawn};
use kube::api::{DeleteParams, PropagationPolicy};
use serde_json::{Value, json};

use super::arena::{Arena, contract};

contract!(
    apply_creates_the_object_with_every_mark,
    applying_the_same_again_changes_nothing,
    an_update_changes_only_the_object_with_the_uid,
    an_update_never_brings_back_what_was_deleted,
    fields_of_another_manager_are_not_taken_over,
    a_rehearsal_writes_nothing,
    withdraw_deletes_and_sees_that_it_is_gone,
    what_others_made_is_never_deleted,
    a_gate_without_its_labels_is_still_closed_by_its_uid,
    a_gate_that_is_not_overdue_any_more_is_kept,
    what_a_finalizer_holds_is_not_called_closed,
    a_closing_that_waits_for_the_garbage_collector_is_finished,
    nothing_is_gone_for_want_of_an_answer,
    a_namespace_that_is_missing_is_named,
);

async fn apply_creates_the_object_with_every_mark(arena: Arena) {
    let gate = arena.gate(0);
    let applied = arena.bot.apply(&gate, None).await.unwrap();
    assert!(applied.created);
    let seen = arena.bot.read(&arena.at(0)).await.unwrap().unwrap();
    assert_eq!(seen.uid(), applied.uid);
    assert_eq!(seen.resource_version, applied.resource_version);
    for part in ["labels", "annotations"] {
        assert_eq!(seen.manifest["metadata"][part], gate["metadata"][part]);
    }
    assert_eq!(seen.manifest["spec"], gate["spec"]);
    assert!(seen.bears_our_marks());
    assert_eq!(
        seen.manifest["metadata"]["managedFields"][0]["manager"],
        "drawbridge"
    );
    assert_eq!(
        seen.manifest["metadata"]["managedFields"][0]["operation"],
        "Apply"
    );
}

async fn applying_the_same_again_changes_nothing(arena: Arena) {
    let first = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let again = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    assert!(!again.created);
    assert_eq!(
        (again.uid, again.resource_version),
        (first.uid, first.resource_version)
    );
}

async fn an_update_changes_only_the_object_with_the_uid(arena: Arena) {
    let first = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let mut later = arena.gate(0);
    later["metadata"]["annotations"]["drawbridge.dev/expires-at"] = json!("2026-11-23T11:00:00Z");
    let updated = arena.bot.apply(&later, Some(&first.uid)).await.unwrap();
    assert!(!updated.created);
    assert_eq!(
        updated.seen.annotations["drawbridge.dev/expires-at"],
        "2026-11-23T11:00:00Z"
    );
    assert_eq!(updated.seen.created, first.seen.created);

    let wrong = "11111111-1111-1111-1111-111111111111";
    let refused = arena.bot.apply(&arena.gate(0), Some(wrong)).await;
    assert!(matches!(refused, Err(ClusterError::Gone)), "{refused:?}");
    let now = arena.bot.read(&arena.at(0)).await.unwrap().unwrap();
    assert_eq!(
        now.resource_version, updated.resource_version,
        "nothing was written"
    );
}

async fn an_update_never_brings_back_what_was_deleted(arena: Arena) {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.remove(&arena.at(0).name).await;
    let refused = arena.bot.apply(&arena.gate(0), Some(&applied.uid)).await;
    assert!(matches!(refused, Err(ClusterError::Gone)), "{refused:?}");
    assert_eq!(arena.bot.read(&arena.at(0)).await.unwrap(), None);
}

async fn fields_of_another_manager_are_not_taken_over(arena: Arena) {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let theirs = json!({"spec": {"podSelector": {"matchLabels": {"app": "other"}}}});
    arena.edit(&arena.at(0).name, theirs).await;
    let refused = arena.bot.apply(&arena.gate(0), Some(&applied.uid)).await;
    let Err(ClusterError::Conflict(words)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        words,
        "Apply failed with 1 conflict: conflict with \"administrator\" using \
         networking.k8s.io/v1: .spec.podSelector"
    );
}

async fn a_rehearsal_writes_nothing(arena: Arena) {
    arena.bot.rehearse(&arena.gate(0)).await.unwrap();
    assert_eq!(arena.bot.read(&arena.at(0)).await.unwrap(), None);
    let mut wrong = arena.gate(0);
    wrong["spec"]["policyTypes"] = json!(["Sideways"]);
    let refused = arena.bot.rehearse(&wrong).await;
    assert!(
        matches!(refused, Err(ClusterError::Invalid(_))),
        "{refused:?}"
    );
}

async fn withdraw_deletes_and_sees_that_it_is_gone(arena: Arena) {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let at = arena.at(0).with_uid(applied.uid);
    assert_eq!(arena.bot.withdraw(&at).await.unwrap(), Withdrawn::Closed);
    assert_eq!(arena.bot.read(&at).await.unwrap(), None);
    assert_eq!(
        arena.bot.withdraw(&at).await.unwrap(),
        Withdrawn::AlreadyGone
    );

    // Without the uid, as after a lost answer, the marks are enough.
    arena.bot.apply(&arena.gate(1), None).await.unwrap();
    assert_eq!(
        arena.bot.withdraw(&arena.at(1)).await.unwrap(),
        Withdrawn::Closed
    );
}

async fn what_others_made_is_never_deleted(arena: Arena) {
    let name = arena.at(0).name;
    let foreign = arena.foreign(&name).await;
    let recorded = arena.at(0).with_uid("11111111-1111-1111-1111-111111111111");
    for at in [arena.at(0), recorded] {
        let done = arena.bot.withdraw(&at).await.unwrap();
        assert!(matches!(done, Withdrawn::NotOurs(_)), "{done:?}");
    }
    // Our labels on an object that is not named after the request do not make it ours either.
    arena.foreign("theirs").await;
    let labels = arena.gate(0)["metadata"]["labels"].clone();
    arena
        .edit("theirs", json!({"metadata": {"labels": labels}}))
        .await;
    let done = arena
        .bot
        .withdraw(&ObjectRef::policy(&arena.namespace, "theirs"))
        .await
        .unwrap();
    assert!(matches!(done, Withdrawn::NotOurs(_)), "{done:?}");
    let still = arena.policies().get(&name).await.unwrap();
    assert_eq!(still.metadata.uid, foreign.metadata.uid);
}

async fn a_gate_without_its_labels_is_still_closed_by_its_uid(arena: Arena) {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let stripped = json!({"metadata": {"labels": null, "annotations": null}});
    arena.edit(&arena.at(0).name, stripped).await;
    let at = arena.at(0).with_uid(applied.uid);
    assert_eq!(arena.bot.withdraw(&at).await.unwrap(), Withdrawn::Closed);
}

async fn a_gate_that_is_not_overdue_any_more_is_kept(arena: Arena) {
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let done = arena
        .bot
        .withdraw_if(&arena.at(0), |_| false)
        .await
        .unwrap();
    assert!(matches!(done, Withdrawn::Kept(_)), "{done:?}");
    assert!(arena.bot.read(&arena.at(0)).await.unwrap().is_some());
}

async fn what_a_finalizer_holds_is_not_called_closed(arena: Arena) {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    let name = arena.at(0).name;
    arena
        .edit(
            &name,
            json!({"metadata": {"finalizers": ["example.com/hold"]}}),
        )
        .await;
    let at = arena.at(0).with_uid(applied.uid);
    let held = arena.bot.withdraw(&at).await;
    assert!(matches!(held, Err(ClusterError::Conflict(_))), "{held:?}");
    arena
        .edit(&name, json!({"metadata": {"finalizers": null}}))
        .await;
    assert_eq!(
        arena.bot.withdraw(&at).await.unwrap(),
        Withdrawn::AlreadyGone
    );
}

/// There is none on these servers, and on a cluster without one the gate would stay open.
async fn a_closing_that_waits_for_the_garbage_collector_is_finished(arena: Arena) {
    let orphan = DeleteParams {
        propagation_policy: Some(PropagationPolicy::Orphan),
        ..DeleteParams::default()
    };
    for (n, by) in [(0, DeleteParams::foreground()), (1, orphan)] {
        let applied = arena.bot.apply(&arena.gate(n), None).await.unwrap();
        let at = arena.at(n).with_uid(applied.uid);
        arena.policies().delete(&at.name, &by).await.unwrap();
        let seen = arena.bot.read(&at).await.unwrap().unwrap();
        assert!(seen.deleting && !seen.is_held(), "{seen:?}");
        let done = arena.bot.withdraw(&at).await.unwrap();
        assert_eq!(done, Withdrawn::Closed);
        assert_eq!(arena.bot.read(&at).await.unwrap(), None);
    }
}

async fn nothing_is_gone_for_want_of_an_answer(arena: Arena) {
    assert_eq!(arena.bot.read(&arena.at(0)).await.unwrap(), None);
    // A kind that is not installed is an error, not an absence.
    let unknown = ObjectRef {
        api_version: "example.com/v1".into(),
        kind: "Gate".into(),
        ..arena.at(0)
    };
    let answer = arena.bot.read(&unknown).await;
    // The bot has no permission on it in the real cluster, which is asked first.
    assert!(
        matches!(
            answer,
            Err(ClusterError::Nowhere(_) | ClusterError::Forbidden { .. })
        ),
        "{answer:?}"
    );
}

async fn a_namespace_that_is_missing_is_named(arena: Arena) {
    let mut gate: Value = arena.gate(0);
    gate["metadata"]["namespace"] = json!("nowhere");
    match arena.bot.apply(&gate, None).await {
        Err(ClusterError::Nowhere(words)) => assert_eq!(words, "namespaces \"nowhere\" not found"),
        // Nobody opted in there, which the real server checks first.
        Err(ClusterError::Forbidden { grant }) => assert_eq!(
            grant,
            "patch networkpolicies.networking.k8s.io in namespace `nowhere`; bind the ClusterRole \
             `drawbridge-grant` there"
        ),
        other => panic!("{other:?}"),
    }
}

/// A gate that the bot's watch shows.
async fn shown(arena: &Arena) -> ObjectRef {
    let applied = arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.watched().await;
    arena.managed(|mine| mine.len() == 1).await;
    arena.at(0).with_uid(applied.uid)
}

#[tokio::test(start_paused = true)]
async fn what_the_watch_shows_goes_with_one_delete() {
    let arena = Arena::in_process().await;
    let at = shown(&arena).await;
    arena.sim().take_calls();
    assert_eq!(arena.bot.withdraw(&at).await.unwrap(), Withdrawn::Closed);
    let calls = arena.sim().take_calls();
    let verbs: Vec<&str> = calls.iter().map(|call| call.verb).collect();
    assert_eq!(verbs, ["delete"]);
    assert_eq!(arena.bot.read(&at).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_as_shown_any_more_is_looked_at_before_it_is_deleted() {
    let arena = Arena::in_process().await;
    let at = shown(&arena).await;
    arena.sim().lose_events(true);
    let expires_at = "drawbridge.dev/expires-at";
    let later = json!({"metadata": {"annotations": {expires_at: "2026-11-23T12:00:00Z"}}});
    arena.edit(&at.name, later).await;
    let overdue = |seen: &SeenObject| seen.annotations[expires_at] == "2026-11-23T10:00:00Z";
    let done = arena.bot.withdraw_if(&at, overdue).await.unwrap();
    assert!(matches!(done, Withdrawn::Kept(_)), "{done:?}");
    assert_eq!(arena.bot.withdraw(&at).await.unwrap(), Withdrawn::Closed);
    assert_eq!(arena.bot.read(&at).await.unwrap(), None);
    // It is shown still.
    assert_eq!(
        arena.bot.withdraw(&at).await.unwrap(),
        Withdrawn::AlreadyGone
    );
    let foreign = arena.foreign(&at.name).await;
    let done = arena.bot.withdraw(&at).await.unwrap();
    assert!(matches!(done, Withdrawn::NotOurs(_)), "{done:?}");
    let still = arena.policies().get(&at.name).await.unwrap();
    assert_eq!(still.metadata.uid, foreign.metadata.uid);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_only_marks_what_is_shown_is_not_called_closed() {
    let arena = Arena::in_process().await;
    let at = shown(&arena).await;
    let held = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    arena.edit(&at.name, held).await;
    let is_held = |one: &SeenObject| one.manifest.pointer("/metadata/finalizers").is_some();
    arena.managed(|mine| mine.iter().all(is_held)).await;
    let done = arena.bot.withdraw(&at).await;
    assert!(matches!(done, Err(ClusterError::Conflict(_))), "{done:?}");
    assert!(arena.bot.read(&at).await.unwrap().unwrap().deleting);
}
