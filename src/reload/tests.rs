//! Folders that change, break and come back.

use std::path::Path;

use super::*;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

const RULE: &str = r##"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {name: orders}
spec:
  match: {templates: [connect]}
  requesters: {slack: {usergroups: ["@backend"]}}
  stages:
    - {name: owners, from: {usergroups: ["@oncall"]}}
"##;

struct Site {
    folder: tempfile::TempDir,
    reloader: Reloader,
    now: Time,
}

impl Site {
    /// A folder with one rule, which is in force.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("10.yaml"), RULE).unwrap();
        Self::over(folder, |path| path.to_owned())
    }

    fn over(folder: tempfile::TempDir, rules: impl FnOnce(&Path) -> PathBuf) -> Self {
        let folders = Folders {
            templates: None,
            rules: Some(rules(folder.path())),
        };
        let texts = read(&folders).unwrap();
        let load = Box::new(|texts: &[(String, String)]| rules::load(texts));
        let now = Time::UNIX_EPOCH;
        Self {
            reloader: Reloader::new(folders, load, &texts, now),
            folder,
            now,
        }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Two looks, so that what is new is found and found again.
    fn look(&mut self) -> Looked {
        self.now = EVERY.after(self.now);
        match self.reloader.look(self.now) {
            Looked::Same => self.reloader.look(self.now),
            looked => looked,
        }
    }

    fn standing(&self) -> Standing {
        self.reloader.board().standing()
    }
}

fn names(looked: &Looked) -> Vec<String> {
    let Looked::Good { rules, .. } = looked else {
        panic!("{looked:?}");
    };
    rules.rules().iter().map(|rule| rule.name.clone()).collect()
}

fn broken(looked: &Looked) -> &[String] {
    let Looked::Broken { problems, .. } = looked else {
        panic!("{looked:?}");
    };
    problems
}

#[test]
fn other_texts_come_into_force_once() {
    let mut site = Site::new();
    assert!(matches!(site.look(), Looked::Same));
    let before = site.standing();
    site.write("20.yml", &RULE.replace("orders", "payments"));
    site.write("notes.txt", "no rules");
    let looked = site.look();
    assert_eq!(names(&looked), ["orders", "payments"]);
    assert!(matches!(looked, Looked::Good { mended: false, .. }));
    assert!(matches!(site.look(), Looked::Same));
    let after = site.standing();
    assert_ne!(after.digest, before.digest);
    assert_eq!((after.ok, after.files), (true, before.files + 1));
    assert_eq!(after.since, Seconds(10).after(Time::UNIX_EPOCH));
    std::fs::remove_file(site.folder.path().join("10.yaml")).unwrap();
    assert_eq!(names(&site.look()), ["payments"]);
}

#[test]
fn what_is_seen_once_is_not_in_force_yet() {
    let mut site = Site::new();
    // As an editor leaves it for a moment: emptied, then written anew.
    site.write("10.yaml", "");
    assert!(matches!(site.reloader.look(site.now), Looked::Same));
    site.write("10.yaml", &RULE.replace("orders", "payments"));
    assert!(matches!(site.reloader.look(site.now), Looked::Same));
    assert_eq!(names(&site.reloader.look(site.now)), ["payments"]);
}

#[test]
fn broken_texts_are_told_once_and_the_last_good_ones_stay() {
    let mut site = Site::new();
    let before = site.standing();
    site.write("20.yaml", &"kind: AccessRul\n---\n".repeat(20));
    let looked = site.look();
    assert!(broken(&looked)[0].contains("20.yaml:1:"), "{looked:?}");
    assert!(matches!(site.look(), Looked::Same));
    let standing = site.standing();
    assert_eq!((standing.ok, standing.problems.len()), (false, 10));
    assert_eq!(
        (&standing.digest, standing.files),
        (&before.digest, before.files)
    );
    assert_eq!(standing.since, Seconds(5).after(Time::UNIX_EPOCH));

    site.write("20.yaml", "kind: [");
    assert_eq!(
        broken(&site.look()).len(),
        1,
        "other problems are told anew"
    );
    assert_eq!(
        site.standing().since,
        standing.since,
        "it was broken all the time"
    );

    std::fs::remove_file(site.folder.path().join("20.yaml")).unwrap();
    let looked = site.look();
    assert!(
        matches!(looked, Looked::Good { mended: true, .. }),
        "{looked:?}"
    );
    let standing = site.standing();
    assert_eq!((standing.ok, &standing.digest), (true, &before.digest));
    assert_eq!(standing.problems, [""; 0]);
}

#[test]
fn a_folder_that_is_gone_is_broken_and_not_a_folder_without_rules() {
    let mut site = Site::new();
    let path = site.folder.path().to_owned();
    let aside = path.with_extension("aside");
    std::fs::rename(&path, &aside).unwrap();
    let looked = site.look();
    assert!(broken(&looked)[0].contains("cannot be read"), "{looked:?}");
    assert!(matches!(site.look(), Looked::Same));
    std::fs::rename(&aside, &path).unwrap();
    assert!(matches!(site.look(), Looked::Good { mended: true, .. }));
}

#[test]
fn a_file_that_cannot_be_read_is_broken() {
    let mut site = Site::new();
    std::fs::write(site.folder.path().join("20.yaml"), [0xff, 0xfe]).unwrap();
    assert!(broken(&site.look())[0].contains("20.yaml` cannot be read"));
}

#[test]
fn kubernetes_swap_of_a_link_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, rule) in [("..one", "orders"), ("..two", "payments")] {
        std::fs::create_dir(at(name)).unwrap();
        std::fs::write(at(name).join("r.yaml"), RULE.replace("orders", rule)).unwrap();
    }
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, at(name)).unwrap();
    link("..one", "..data");
    link("..data/r.yaml", "r.yaml");
    link("..two", "..new");
    let (new, data) = (at("..new"), at("..data"));
    let mut site = Site::over(folder, Path::to_owned);
    assert!(matches!(site.look(), Looked::Same));
    std::fs::rename(new, data).unwrap();
    assert_eq!(names(&site.look()), ["payments"]);
}

#[test]
fn digests_tell_names_and_contents_apart() {
    let texts = |pairs: &[(&str, &str)]| -> Texts {
        let owned = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        owned.collect()
    };
    let one = digest(&texts(&[("a", "bc")]));
    assert_eq!(one.len(), 16);
    for other in [
        texts(&[]),
        texts(&[("ab", "c")]),
        texts(&[("a", "bd")]),
        texts(&[("a", "b"), ("c", "")]),
    ] {
        assert_ne!(digest(&other), one, "{other:?}");
    }
}

/// A town whose bot looks at a site's folder and tells `#incidents`; a second one does so too.
async fn living(site: Site) -> (Town, tempfile::TempDir, Arc<Notify>, CancellationToken) {
    let plan = Plan::of_stories(7, Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)))));
    let town = Town::found(&plan).await.unwrap();
    let Site {
        folder, reloader, ..
    } = site;
    let (asked, stop) = (Arc::new(Notify::new()), CancellationToken::new());
    let second = Reloader {
        candidate: None,
        folders: reloader.folders.clone(),
        load: Box::new(|texts: &[(String, String)]| rules::load(texts)),
        seen: reloader.seen.clone(),
        board: Board(Arc::new(Mutex::new(reloader.board().standing()))),
    };
    let tracker = tokio_util::task::TaskTracker::new();
    let alerts = || Alerts::to(Some("#incidents".to_owned()));
    for (reloader, asked) in [(reloader, Arc::clone(&asked)), (second, Arc::default())] {
        let parts = town.parts().unwrap();
        tracker.spawn(reloader.run(parts, alerts(), asked, stop.clone()));
        wait(&town, 2).await;
    }
    (town, folder, asked, stop)
}

async fn wait(town: &Town, seconds: u64) {
    let clock = town.clock();
    clock.sleep_until(Seconds(seconds).after(clock.now())).await;
}

fn told(town: &Town, text: &str) -> usize {
    let seen = town.slack.seen_by("kim");
    let said = seen.iter().filter(|message| message.says(text));
    said.filter(|message| message.place == "#incidents").count()
}

#[tokio::test(start_paused = true)]
async fn broken_rules_are_told_once_by_all_replicas_and_so_is_their_end() {
    let (town, folder, _, stop) = living(Site::new()).await;
    let rules = || town.parts().unwrap().rules.load_full();
    assert!(rules().rule("payments").is_some(), "the town's own");
    let file = folder.path().join("20.yaml");
    std::fs::write(&file, "kind: AccessRul").unwrap();
    wait(&town, 12).await;
    assert_eq!(told(&town, "The changed rules are broken"), 1);
    assert_eq!(told(&town, "20.yaml:1:"), 1, "the first problem is shown");
    assert!(
        rules().rule("payments").is_some(),
        "the last good ones stay"
    );
    std::fs::write(&file, RULE.replace("orders", "billing")).unwrap();
    wait(&town, 12).await;
    assert_eq!(told(&town, "The rules are good again"), 1);
    assert!(rules().rule("billing").is_some() && rules().rule("payments").is_none());
    std::fs::remove_file(&file).unwrap();
    wait(&town, 12).await;
    assert!(rules().rule("billing").is_none());
    assert_eq!(told(&town, "rules are"), 2, "good changes are not told");
    stop.cancel();
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_slack_could_not_hear_is_told_when_it_is_back() {
    let (town, folder, _, stop) = living(Site::new()).await;
    town.slack.be_away(true);
    let file = folder.path().join("20.yaml");
    std::fs::write(&file, "kind: AccessRul").unwrap();
    wait(&town, 30).await;
    town.slack.be_away(false);
    wait(&town, 30).await;
    assert_eq!(told(&town, "The changed rules are broken"), 1);
    // Nobody needs to hear of what is over.
    town.slack.be_away(true);
    std::fs::write(&file, "kind: AccessRules").unwrap();
    wait(&town, 30).await;
    std::fs::remove_file(&file).unwrap();
    wait(&town, 30).await;
    town.slack.be_away(false);
    wait(&town, 30).await;
    assert_eq!(told(&town, "The changed rules are broken"), 1);
    assert_eq!(told(&town, "The rules are good again"), 1);
    stop.cancel();
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_is_not_kept_waiting() {
    let (town, folder, asked, stop) = living(Site::new()).await;
    wait(&town, 4).await;
    let began = town.clock().now();
    let file = folder.path().join("20.yaml");
    std::fs::write(&file, RULE.replace("orders", "billing")).unwrap();
    let in_force = || town.parts().unwrap().rules.load().rule("billing").is_some();
    asked.notify_one();
    while !in_force() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    // Seen at once, and found the same a moment later.
    assert!(town.clock().now() - began < chrono::TimeDelta::seconds(3));
    stop.cancel();
    town.close().await;
}
