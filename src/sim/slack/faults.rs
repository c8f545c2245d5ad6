//! What can be made to go wrong on purpose.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::time::Duration;

use super::Slack;

/// How a call goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 429, with `Retry-After` in seconds or without it.
    RateLimited(Option<u64>),
    /// 500 without a body that could be understood.
    ServerError,
    /// An error code with 200, such as `internal_error`.
    Code(&'static str),
    /// Nothing is done and no answer ever comes.
    NoAnswer,
    /// The connection is cut before anything is done.
    Cut,
    /// The call is carried out, then the connection is cut: the caller cannot know.
    CutAfter,
}

/// How an attempt to deliver something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The app is not reached.
    Lost,
    /// The app is reached, but Slack never hears its answer: what can be retried comes again.
    AnswerLost,
    /// Over HTTP a gateway before the app answers with this status; over a socket nothing arrives.
    Status(u16),
}

/// Faults that wait for their call, and faults of deliveries.
#[derive(Debug, Default)]
pub(super) struct Faults {
    waiting: Vec<(String, Fault)>,
    /// Every connection is cut and none is accepted.
    pub(super) away: bool,
    /// Socket Mode was switched off in the app's settings.
    pub(super) link_disabled: bool,
    /// Every delivery waits that long first.
    pub(super) delay: Duration,
    /// That many deliveries are carried twice.
    pub(super) twice: usize,
    /// What happens to the next attempts to deliver something.
    mishaps: VecDeque<Mishap>,
    /// How many faults have met their call, and how many their delivery.
    met: Met,
    /// That many sockets are told that there are too many.
    crowded: usize,
    /// Most calls are one too many.
    storm: Option<Storm>,
    /// Calls whose first answer was lost; `None`: answers arrive.
    lost: Option<HashSet<Vec<u8>>>,
}

/// How many planned faults something has met so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Met {
    /// Calls of the Web API.
    pub calls: u64,
    /// Deliveries, those that were carried twice included.
    pub deliveries: u64,
}

/// Slack limits most calls.
#[derive(Debug)]
struct Storm {
    /// Of so many calls one is answered.
    one_in: usize,
    /// `Retry-After` of the others, in seconds.
    after: u64,
    calls: usize,
}

impl Faults {
    /// A limit, if this call is one of the many that are not answered.
    pub(super) fn take_limit(&mut self) -> Option<Fault> {
        let storm = self.storm.as_mut()?;
        storm.calls += 1;
        let answered = storm.calls % storm.one_in == 0;
        (!answered).then_some(Fault::RateLimited(Some(storm.after)))
    }

    /// Takes the first fault that waits for this call.
    pub(super) fn take(&mut self, method: &str) -> Option<Fault> {
        let position = self
            .waiting
            .iter()
            .position(|(name, _)| name == method || name == "*")?;
        self.met.calls += 1;
        Some(self.waiting.remove(position).1)
    }

    /// What happens to this attempt to deliver something.
    pub(super) fn take_mishap(&mut self) -> Option<Mishap> {
        let mishap = self.mishaps.pop_front();
        self.met.deliveries += u64::from(mishap.is_some());
        mishap
    }

    /// Whether the next socket is one too many.
    pub(super) fn take_crowded(&mut self) -> bool {
        let crowded = self.crowded > 0;
        self.crowded = self.crowded.saturating_sub(1);
        crowded
    }

    /// Whether the answer to this call is to be lost: it is the first such call.
    pub(super) fn take_answer(&mut self, method: &str, arguments: &[&[u8]]) -> bool {
        let Some(lost) = &mut self.lost else {
            return false;
        };
        let call = std::iter::once(method.as_bytes()).chain(arguments.iter().copied());
        lost.insert(call.collect::<Vec<_>>().join(&b' '))
    }

    /// Whether the next delivery is to be carried twice.
    pub(super) fn take_twice(&mut self) -> bool {
        let more = self.twice > 0;
        self.met.deliveries += u64::from(more);
        self.twice = self.twice.saturating_sub(1);
        more
    }
}

impl Slack {
    /// The next `times` calls of a Web API method go wrong. `*` means any method, `response_url` a
    /// response URL, `link` the opening of a socket.
    pub fn fail_next(&self, method: &str, times: usize, fault: &Fault) {
        self.with(|state| {
            let waiting = std::iter::repeat_n((method.to_owned(), fault.clone()), times);
            state.faults.waiting.extend(waiting);
        });
    }

    /// From now on one in `one_in` calls is answered, whatever it is; the others get 429 with this
    /// `Retry-After` in seconds. `one_in` of 1 ends it.
    pub fn limit_most_calls(&self, one_in: usize, after: u64) {
        self.with_quietly(|state| {
            state.faults.storm = (one_in > 1).then_some(Storm {
                one_in,
                after,
                calls: 0,
            });
        });
    }

    /// Nothing that was planned to go wrong does any more. Slack stays away if it is.
    pub fn heal(&self) {
        self.with_quietly(|state| {
            let faults = &mut state.faults;
            faults.waiting.clear();
            faults.mishaps.clear();
            (faults.twice, faults.crowded) = (0, 0);
            faults.delay = Duration::ZERO;
            faults.storm = None;
        });
    }

    /// How many calls are still to go wrong.
    pub fn faults_waiting(&self) -> usize {
        self.read(|state| state.faults.waiting.len())
    }

    /// How many planned faults something has met so far.
    pub fn faults_met(&self) -> Met {
        self.read(|state| state.faults.met)
    }

    /// From now on the first answer to each distinct call of the Web API (method and arguments) is lost
    /// after it was carried out.
    pub fn lose_first_answers(&self) {
        self.with(|state| state.faults.lost = Some(HashSet::new()));
    }

    /// Cuts every connection and accepts none (`true`) until called with `false`. Deliveries fail and
    /// are retried as Slack does when it reaches nobody.
    pub fn be_away(&self, away: bool) {
        self.with(|state| {
            state.faults.away = away;
            if away {
                state.links.abort();
            }
        });
    }

    /// Cuts every socket without a word, as a network does.
    pub fn drop_sockets(&self) {
        self.with(|state| state.links.abort());
    }

    /// Warns every socket now; each is closed when [`super::Timing::warning`] has passed.
    pub fn refresh_sockets(&self) {
        self.with(|state| state.links.warn());
    }

    /// Switches Socket Mode off (`true`) as an administrator can: sockets end with `link_disabled`.
    pub fn disable_link(&self, disabled: bool) {
        self.with(|state| {
            state.faults.link_disabled = disabled;
            if disabled {
                state.links.end("link_disabled");
            }
        });
    }

    /// Every delivery from now on waits that long first.
    pub fn delay_deliveries(&self, delay: Duration) {
        self.with(|state| state.faults.delay = delay);
    }

    /// The next `times` deliveries are carried twice, with the same `event_id` or `trigger_id`.
    pub fn deliver_twice(&self, times: usize) {
        self.with(|state| state.faults.twice += times);
    }

    /// The next `times` attempts to deliver something go wrong, retries included.
    pub fn fail_deliveries(&self, times: usize, mishap: Mishap) {
        self.with_quietly(|state| {
            let mishaps = std::iter::repeat_n(mishap, times);
            state.faults.mishaps.extend(mishaps);
        });
    }

    /// The next `times` sockets are told `too_many_websockets` instead of being greeted, as happens
    /// when other processes of the app hold all connections.
    pub fn crowd_sockets(&self, times: usize) {
        self.with_quietly(|state| state.faults.crowded += times);
    }
}
