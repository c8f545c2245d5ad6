//! Cards and notices of emergencies, escalations, extensions, automatic and shortened approvals.

use super::{Gallery, show};
use crate::request::fixtures::{
    DANA, KIM, LEE, PIA, RIA, applied, approve, at, attempt, dana_asks, user,
};
use crate::request::{
    Address, Audience, Command, End, ExtendedBy, Extends, IncidentRef, Notice, PostKey, PostStatus,
    Request, Subject, Terms,
};
use crate::units::Seconds;

fn extension() -> Request {
    let extends = Extends {
        emergency: false,
        within: true,
        id: "k7m3xb".parse().unwrap(),
        until: at(1800),
        so_far: Seconds::minutes(30),
        automatic: 0,
    };
    dana_asks()
        .with_asked(|asked| asked.extends = Some(extends))
        .request()
}

#[test]
fn cards_of_other_ways() {
    let mut all = Gallery(String::new());
    let rescue = dana_asks().with_emergency().escalating();
    let asked = rescue.clone().request();
    all.card("may be opened at once", &asked);
    let to = Address::Person(user(KIM));
    let kim = show(&asked, Subject::Card(Audience::Approvers), to);
    all.hang("may be opened at once, to one who is not asked", &kim);
    let own = rescue.with_way(|way| way.rescuers.push(user(DANA)));
    let own = own.request();
    all.card("may be opened at once by the requester", &own);
    let escalated = asked.after(1800, Command::Escalate);
    all.card("escalated", &escalated);
    let to = Address::Person(user(PIA));
    let pia = show(&escalated, Subject::Card(Audience::Approvers), to);
    all.hang("escalated, to one of the next circle", &pia);
    all.card("lapsed after that", &escalated.after(3600, Command::Lapse));
    let mut silent = dana_asks().without_channel().request();
    let status = PostStatus::GivenUp {
        code: "user_not_found".into(),
    };
    silent.posts.set(PostKey(0), status);
    all.card("somebody could not be written to", &silent);
    let shorter = Command::Approve {
        by: user(LEE),
        face: asked.posts.face,
        terms: Terms {
            shorter: Some(Seconds::minutes(10)),
            repeat: false,
        },
    };
    let two = dana_asks().need(2).request();
    all.card("one approved for less", &two.after(5, shorter));
    all.card("an extension", &extension());
    all.card("an extension, open", &extension().opened());
    let emergency = dana_asks().at_once().request();
    all.card("opening at once", &emergency);
    all.card("open at once", &emergency.opened());
    let incident = IncidentRef {
        id: "k7m3xc".parse().unwrap(),
        channel: "C0INC".into(),
        opened_by: user(LEE),
        declared: true,
    };
    let of = dana_asks().with_asked(|asked| asked.incident = Some(incident));
    let of = of.request();
    all.card("of an incident", &of);
    let closed = of.after(5, Command::IncidentClosed);
    all.card("of an incident that was closed", &closed);
    let by = ExtendedBy {
        id: "k7m3xb".parse().unwrap(),
        until: at(3600),
    };
    let open = dana_asks().request().opened();
    let goes_on = open.after(100, Command::Extended { by });
    all.card("goes on as another", &goes_on.closed(End::Expired));
    insta::assert_snapshot!("cards_of_other_ways", all.0);
}

#[test]
fn notices_of_other_ways() {
    let mut all = Gallery(String::new());
    let asked = dana_asks().escalating().request();
    let escalated = asked.after(1800, Command::Escalate);
    all.notice("escalated", &escalated, &Notice::Escalated(0));
    let approved = escalated.after(1900, approve(PIA, &escalated));
    all.notice(
        "escalated, later approved",
        &approved,
        &Notice::Escalated(0),
    );
    let emergency = dana_asks().then_security().at_once().request();
    all.notice("emergency", &emergency, &Notice::Emergency);
    let open = emergency.after(60, attempt()).after(61, applied());
    all.notice("open at once", &open, &Notice::Granted);
    let chased = open.after(12 * 3600, Command::Chase);
    all.notice("review wanted", &chased, &Notice::ReviewWanted(1));
    let again = chased.after(24 * 3600, Command::Chase);
    all.notice(
        "review wanted, asked again",
        &again,
        &Notice::ReviewWanted(1),
    );
    let review = Command::Review {
        by: user(RIA),
        words: Some("right, but *late*".into()),
    };
    let reviewed = again.after(25 * 3600, review);
    all.notice(
        "review wanted, later given",
        &reviewed,
        &Notice::ReviewWanted(2),
    );
    all.notice("reviewed", &reviewed, &Notice::Reviewed);
    let left = Seconds(298);
    let longer = extension().opened();
    all.notice("an extension is open", &longer, &Notice::Granted);
    all.notice("an extension ends soon", &longer, &Notice::Warning { left });
    let automatic = dana_asks().without_stages().request().opened();
    all.notice("open by the rule", &automatic, &Notice::Granted);
    all.notice(
        "open by the rule, ends soon",
        &automatic,
        &Notice::Warning { left },
    );
    insta::assert_snapshot!("notices_of_other_ways", all.0);
}
