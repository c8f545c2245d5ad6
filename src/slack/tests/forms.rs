//! What people do with the bot's forms, home tab and shortcuts.

use super::*;

async fn with_form(way: Way) -> Office {
    let office = Office::open(way).await;
    let command = office.slack.command("dana", "#payments", "/access ask");
    command.unwrap();
    office.settle().await;
    assert_eq!(office.title().as_deref(), Some("Ask"));
    office
}

async fn send(office: &Office, why: &str) {
    office.slack.submit("dana", &[("why", why)]).unwrap();
    office.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_form_is_opened_corrected_and_sent_over_both_ways() {
    for way in [Way::Socket, Way::Http] {
        let office = with_form(way).await;
        send(&office, "no").await;
        let errors = office.slack.form("dana").unwrap().errors;
        assert_eq!(errors, ["say more"], "{way:?}");
        send(&office, "INC-42 slow queries").await;
        assert_eq!(office.title(), None, "{way:?}");
        assert!(office.told("asked"), "{way:?}");
        let submitted: Vec<OnScreen> = office
            .bot
            .seen()
            .into_iter()
            .filter_map(|what| match what {
                What::Submitted { screen, .. } => Some(screen),
                _ => None,
            })
            .collect();
        let [first, second] = submitted.as_slice() else {
            panic!("sent {} times", submitted.len())
        };
        assert_eq!((&first.id, &first.root), (&second.id, &second.id));
        assert_eq!(
            (second.callback.as_str(), second.notes.as_str()),
            ("ask", "k7m3xq")
        );
        let text = Entered::Text("INC-42 slow queries".to_owned());
        let expected = [
            ("why".to_owned(), text),
            ("to".to_owned(), Entered::Nothing),
        ];
        assert_eq!(second.entered, expected.into());
        assert_eq!(office.slack.complaints(), [""; 0], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_is_replaced_and_all_are_closed_by_the_answer() {
    for way in [Way::Socket, Way::Http] {
        let office = with_form(way).await;
        send(&office, "next").await;
        assert_eq!(office.title().as_deref(), Some("Really?"), "{way:?}");
        office.slack.press("dana", "More").unwrap();
        office.settle().await;
        assert_eq!(office.title().as_deref(), Some("Even more"), "{way:?}");
        send(&office, "all").await;
        assert_eq!(office.title(), None, "{way:?}");
        assert_eq!(office.slack.complaints(), [""; 0], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_typeahead_offers_what_fits_and_what_is_chosen_is_sent() {
    for way in [Way::Socket, Way::Http] {
        let office = with_form(way).await;
        let view = office.slack.form("dana").unwrap().view;
        let spot = Spot::new(Where::View(view), "to-1", "to");
        let offered = office.slack.suggest("dana", &spot, "ord").await.unwrap();
        let labels: Vec<_> = offered["options"]
            .as_array()
            .unwrap()
            .iter()
            .map(|option| option["text"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(labels, ["orders/db", "orders/web"], "{way:?}");
        let none = office.slack.suggest("dana", &spot, "zzz").await.unwrap();
        assert_eq!(none["options"], json!([]), "{way:?}");
        let offered = office.slack.suggest("dana", &spot, "ord").await.unwrap();
        assert_eq!(offered["options"][0]["value"], json!("orders/db"));
        let filled = [("to", "orders/db"), ("why", "INC-42 slow")];
        office.slack.submit("dana", &filled).unwrap();
        office.settle().await;
        let sent = office.bot.seen().pop().unwrap();
        let What::Submitted { screen, .. } = sent else {
            panic!("not a form: {sent:?}")
        };
        let chosen = Entered::One("orders/db".to_owned());
        assert_eq!(screen.entered.get("to"), Some(&chosen), "{way:?}");
        assert_eq!(office.slack.complaints(), [""; 0], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_home_is_shown_and_a_stale_hash_is_noticed() {
    for way in [Way::Socket, Way::Http] {
        let office = Office::open(way).await;
        let open = async || {
            office.slack.open_home("dana").unwrap();
            office.settle().await;
            office.slack.home("dana").unwrap()[0].clone()
        };
        assert_eq!(open().await, "shown after 0 conflicts", "{way:?}");
        assert_eq!(open().await, "shown after 0 conflicts", "{way:?}");
        let dana = UserId(office.slack.person("dana").unwrap().id);
        let other = home("other");
        let elsewhere = office.bot.api.publish_home(&dana, &other, None);
        elsewhere.await.unwrap();
        assert_eq!(open().await, "shown after 1 conflicts", "{way:?}");
        office.slack.press("dana", "Again").unwrap();
        office.settle().await;
        assert_eq!(office.title().as_deref(), Some("Ask"), "{way:?}");
        assert_eq!(office.slack.complaints(), [""; 0], "{way:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn shortcuts_open_forms_and_name_their_message() {
    let office = Office::open(Way::Socket).await;
    let slow = "orders/web -> orders/db is slow";
    let at = office.slack.say("lee", "#payments", slow).unwrap();
    office.slack.shortcut("dana", "ask", None).unwrap();
    office.settle().await;
    assert_eq!(office.title().as_deref(), Some("Ask"));
    office
        .slack
        .shortcut("dana", "ask_about", Some(&at))
        .unwrap();
    office.settle().await;
    let used: Vec<_> = office
        .bot
        .seen()
        .into_iter()
        .filter_map(|what| match what {
            What::Shortcut { callback, on, .. } => Some((callback, on)),
            _ => None,
        })
        .collect();
    let on = OnMessage {
        channel: at.channel,
        ts: at.ts,
        thread: None,
        text: slow.to_owned(),
    };
    let expected = [("ask".to_owned(), None), ("ask_about".to_owned(), Some(on))];
    assert_eq!(used, expected);
}

#[tokio::test(start_paused = true)]
async fn channels_are_asked_for_their_name_and_members() {
    let office = Office::open(Way::Socket).await;
    let (slack, api) = (&office.slack, &office.bot.api);
    let payments = slack.channel("#payments").unwrap().id;
    let vault = slack.channel("#vault").unwrap().id;
    let name = api.channel_name(&payments).await.unwrap();
    assert_eq!(name.as_deref(), Some("payments"));
    let members = api.channel_members(&payments).await.unwrap().unwrap();
    let lee = UserId(slack.person("lee").unwrap().id);
    assert!(members.contains(&lee) && members.len() == 3, "{members:?}");
    for unseen in [vault.as_str(), "C0"] {
        assert_eq!(api.channel_name(unseen).await.unwrap(), None, "{unseen}");
        assert_eq!(api.channel_members(unseen).await.unwrap(), None, "{unseen}");
    }
}
