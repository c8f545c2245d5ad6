//! Drives a target: its corpus as it is, words pumped up to the largest size, then mutations until time
//! is up. Must never be the reason for a verdict by itself: what was too slow is
//! measured again, and other work of the machine is not counted.

use std::any::Any;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::MEMORY;
use super::mutate::Mutator;
use super::seeds::{self, Seeds};

/// All targets together, in an ordinary run.
const SECONDS: u64 = 12;

/// What every target may take however small its input is, in an unoptimised build on a busy machine.
const GRACE: Duration = Duration::from_millis(250);

/// Stack of a worker thread of the bot: what overflows it ends the process.
const STACK: usize = 2 * 1024 * 1024;

/// One way in.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Asserts what must hold for any bytes.
    pub(crate) run: fn(&[u8]),
    /// Real inputs, besides those in the target's own folder.
    pub(crate) seeds: &'static [Seeds],
    /// What inputs are made of: words, brackets, keys.
    pub(crate) words: &'static [&'static str],
    /// Largest input tried, in bytes: beyond what the entrance takes.
    pub(crate) largest: usize,
    /// Time that a byte may take, in an unoptimised build.
    pub(crate) a_byte: Duration,
    /// Memory that may be held at once beside 400 bytes a byte.
    pub(crate) memory: usize,
}

impl Target {
    pub(crate) const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }
}

/// One at a time: time and memory are measured.
static TURN: Mutex<()> = Mutex::new(());

/// Does this while nothing else is measured.
pub(crate) fn alone(measure: impl FnOnce()) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    measure();
}

/// Tries a target for its share of the time.
pub(crate) fn drive(target: &Target, among: usize) {
    alone(|| try_for(target, among));
}

fn try_for(target: &Target, among: usize) {
    let longer = setting("FUZZ_SECONDS");
    let all = Duration::from_secs(longer.unwrap_or(SECONDS));
    let usual = longer.map_or(20_261_127, |_| RandomState::new().build_hasher().finish());
    let seed = setting("FUZZ_SEED").unwrap_or(usual);
    let share = all / u32::try_from(among).unwrap();
    let target = *target;
    let run = thread::Builder::new().stack_size(STACK);
    let run = run.spawn(move || Run::new(target, seed).last(share));
    let tried = run.unwrap().join();
    match tried {
        Ok(tried) => println!("{}: {tried} inputs, FUZZ_SEED={seed}", target.name),
        Err(why) => panic!("FUZZ_SEED={seed}: {}", said(why.as_ref())),
    }
}

fn setting(name: &str) -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's own switch, no setting of the product"
    )]
    let value = env::var(name).ok()?;
    Some(value.parse().expect("a number"))
}

struct Run {
    target: Target,
    mutator: Mutator,
    tried: usize,
}

impl Run {
    fn new(target: Target, seed: u64) -> Self {
        let mut corpus = seeds::folder(&corpus(target.name));
        corpus.extend(target.seeds.iter().flat_map(Seeds::read));
        assert!(!corpus.is_empty(), "{} has no seeds", target.name);
        let rng = StdRng::seed_from_u64(seed);
        Self {
            mutator: Mutator::new(rng, corpus, target.words, target.largest),
            target,
            tried: 0,
        }
    }

    fn last(mut self, share: Duration) -> usize {
        let begun = Instant::now();
        for input in self.mutator.corpus().to_vec() {
            self.check(&input);
        }
        for input in self.mutator.pumped() {
            // They are large: an ordinary run has time for some.
            if begun.elapsed() > share / 2 {
                break;
            }
            self.check(&input);
        }
        while begun.elapsed() < share {
            let input = self.mutator.next_input();
            self.check(&input);
        }
        self.tried
    }

    fn check(&mut self, input: &[u8]) {
        self.tried += 1;
        // A stack that overflows ends the process: what did it is found here.
        let last = kept(self.target.name, "last");
        fs::write(&last, input).unwrap();
        let Some(why) = broken(&self.target, input) else {
            return;
        };
        let small = smaller(&self.target, input);
        let why = broken(&self.target, &small).unwrap_or(why);
        let file = kept(self.target.name, "broken");
        fs::write(&file, &small).unwrap();
        let mut shown = small.escape_ascii().to_string();
        shown.truncate(2_000);
        let (name, len, at) = (self.target.name, small.len(), file.display());
        panic!("{name} breaks: {why}\n{len} bytes, kept in {at}:\n{shown}");
    }
}

fn corpus(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("tests/fuzz/corpus").join(name)
}

fn kept(name: &str, what: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}-{what}"))
}

/// What an input breaks.
fn broken(target: &Target, input: &[u8]) -> Option<String> {
    let size = u32::try_from(input.len()).unwrap();
    let allowed = GRACE + target.a_byte * size;
    // Whatever else the machine does can slow one try, hardly three.
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let begun = worked();
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        fastest = fastest.min(worked().saturating_sub(begun));
        if let Err(why) = outcome {
            return Some(said(why.as_ref()));
        }
        let held = MEMORY.peak_usage().saturating_sub(before);
        let most = target.memory + 400 * input.len();
        if held > most {
            return Some(format!(
                "(bounded memory) {held} bytes held, {most} allowed"
            ));
        }
        if fastest <= allowed {
            return None;
        }
    }
    Some(format!("(bounded time) {fastest:?}, {allowed:?} allowed"))
}

/// How long this thread has worked, as the kernel counts it; where that is not told, by the clock.
pub(crate) fn worked() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

fn said(why: &(dyn Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| why.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// The same failure in fewer bytes, as far as a few seconds get.
fn smaller(target: &Target, input: &[u8]) -> Vec<u8> {
    let end = Instant::now() + Duration::from_secs(10);
    let mut small = input.to_vec();
    let mut piece = small.len() / 2;
    while piece > 0 && Instant::now() < end {
        let mut at = 0;
        while at < small.len() && Instant::now() < end {
            let mut less = small.clone();
            less.drain(at..(at + piece).min(small.len()));
            if broken(target, &less).is_some() {
                small = less;
            } else {
                at += piece;
            }
        }
        piece /= 2;
    }
    small
}
