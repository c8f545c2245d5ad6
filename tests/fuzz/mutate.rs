//! Makes inputs: real ones changed a little, spliced, repeated, nested and cut, and now and then bytes
//! from nowhere. The same seed makes the same inputs.

use std::iter;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngCore};

/// Size of an ordinary input, in bytes: many small ones find more than a few large ones.
const ORDINARY: usize = 4 * 1024;

/// One input in so many may be as large as the target allows.
const LARGE_EVERY: u32 = 60;

/// What nests, as opening and closing.
const BRACKETS: [(&str, &str); 10] = [
    ("[", "]"),
    ("{\"a\":", "}"),
    ("(", ")"),
    ("<a://", ">"),
    ("- ", ""),
    ("a: {", "}"),
    ("!", ""),
    ("\"", "\""),
    ("${", "}"),
    ("[0].map(x, ", ")"),
];

/// Numbers at the edges of what numbers are kept in.
const NUMBERS: [&str; 22] = [
    "0",
    "-1",
    "1",
    "255",
    "256",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e400",
    "-0.0",
    "0000000000000000000000000000000000000000001",
    "99999999999999999999999999999999999999999999999999",
];

/// Characters that are shown, counted, folded or joined in unusual ways.
const ODD: [&str; 24] = [
    "\u{0}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{130}",
    "\u{df}",
    "\u{301}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{2066}",
    "\u{feff}",
    "\u{fffd}",
    "\u{ffff}",
    "\u{1f600}",
    "\u{e0041}",
    "\u{10ffff}",
    "\u{3000}",
    "\u{ff1a}",
    "\u{1b}[2J",
    "\r",
    "\t",
];

pub(crate) struct Mutator {
    rng: StdRng,
    corpus: Vec<Vec<u8>>,
    words: &'static [&'static str],
    largest: usize,
}

impl Mutator {
    pub(crate) fn new(
        rng: StdRng,
        corpus: Vec<Vec<u8>>,
        words: &'static [&'static str],
        largest: usize,
    ) -> Self {
        Self {
            rng,
            corpus,
            words,
            largest,
        }
    }

    pub(crate) fn corpus(&self) -> &[Vec<u8>] {
        &self.corpus
    }

    /// Every word and bracket until nothing more fits, alone and behind a real beginning: what is
    /// quadratic, or as deep as it is long, shows here.
    pub(crate) fn pumped(&mut self) -> Vec<Vec<u8>> {
        let open = BRACKETS.iter().map(|(open, _)| *open);
        let words: Vec<&str> = self.words.iter().copied().chain(open).collect();
        let alone = words.iter().map(|word| self.pump(b"", word, b""));
        let closed = BRACKETS.iter().map(|(open, close)| {
            let close = close.repeat(self.largest / 2 / (open.len() + close.len()));
            self.pump(b"", open, close.as_bytes())
        });
        let middle = |seed: &[u8], word: &&str| {
            let (head, tail) = seed.split_at(seed.len() / 2);
            self.pump(head, word, tail)
        };
        let inside = words.iter().zip(self.corpus.iter().cycle());
        let inside = inside.map(|(word, seed)| middle(seed, word));
        let mut all: Vec<Vec<u8>> = alone.chain(closed).chain(inside).collect();
        all.shuffle(&mut self.rng);
        all
    }

    fn pump(&self, head: &[u8], word: &str, tail: &[u8]) -> Vec<u8> {
        let room = self.largest.saturating_sub(head.len() + tail.len());
        let body = word.as_bytes().repeat(room / word.len());
        [head, &body, tail].concat()
    }

    pub(crate) fn next_input(&mut self) -> Vec<u8> {
        let most = match self.rng.random_ratio(1, LARGE_EVERY) {
            true => self.largest,
            false => ORDINARY.min(self.largest),
        };
        if self.rng.random_ratio(1, 50) {
            let mut bytes = vec![0; self.rng.random_range(0..=64)];
            self.rng.fill_bytes(&mut bytes);
            return bytes;
        }
        let mut input = self.seed();
        for _ in 0..self.rng.random_range(1..=4) {
            input = self.changed(input, most);
            input.truncate(most);
        }
        input
    }

    fn seed(&mut self) -> Vec<u8> {
        self.corpus.choose(&mut self.rng).unwrap().clone()
    }

    fn changed(&mut self, input: Vec<u8>, most: usize) -> Vec<u8> {
        match self.rng.random_range(0..12) {
            0 => self.flipped(input),
            1 => self.cut(input),
            2 => self.truncated(input),
            3 => self.spliced(input),
            4 => self.repeated(input, most),
            5 => self.nested(input, most),
            6 | 7 => self.renumbered(input),
            8 => self.inserted(input, &ODD),
            9 | 10 if !self.words.is_empty() => self.inserted(input, self.words),
            _ => self.swapped(input),
        }
    }

    /// A range of the input, on the edges of words more often than not.
    fn range(&mut self, input: &[u8]) -> (usize, usize) {
        let from = self.place(input);
        let to = self.place(input);
        (from.min(to), from.max(to))
    }

    fn place(&mut self, input: &[u8]) -> usize {
        let at = self.rng.random_range(0..=input.len());
        if self.rng.random_ratio(1, 3) {
            return at;
        }
        let edge = |byte: &u8| !byte.is_ascii_alphanumeric();
        let rest = input.get(at..).unwrap_or_default();
        at + rest.iter().position(edge).unwrap_or(rest.len())
    }

    fn flipped(&mut self, mut input: Vec<u8>) -> Vec<u8> {
        let place = self.rng.random_range(0..=input.len());
        let byte = self.rng.random();
        match input.get_mut(place) {
            Some(old) => *old = byte,
            None => input.push(byte),
        }
        input
    }

    fn cut(&mut self, mut input: Vec<u8>) -> Vec<u8> {
        let (from, to) = self.range(&input);
        let to = to.min(from + 200);
        input.drain(from..to);
        input
    }

    fn truncated(&mut self, mut input: Vec<u8>) -> Vec<u8> {
        let at = self.place(&input);
        input.truncate(at);
        input
    }

    fn spliced(&mut self, input: Vec<u8>) -> Vec<u8> {
        let other = self.seed();
        let head = self.place(&input);
        let tail = self.place(&other);
        [&input[..head], &other[tail..]].concat()
    }

    /// Some part of it, again and again.
    fn repeated(&mut self, input: Vec<u8>, most: usize) -> Vec<u8> {
        let (from, to) = self.range(&input);
        let part = &input[from..to.min(from + 400)];
        let room = most.saturating_sub(input.len()) / part.len().max(1);
        let times = self.rng.random_range(0..=3_usize).pow(6).min(room);
        [&input[..from], &part.repeat(times), &input[from..]].concat()
    }

    /// Some part of it inside many brackets.
    fn nested(&mut self, input: Vec<u8>, most: usize) -> Vec<u8> {
        let (from, to) = self.range(&input);
        let (open, close) = BRACKETS.choose(&mut self.rng).copied().unwrap();
        let room = most.saturating_sub(input.len()) / (open.len() + close.len());
        let depth = self.rng.random_range(1..=6_usize).pow(4).min(room);
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        let (head, part, tail) = (&input[..from], &input[from..to], &input[to..]);
        [head, open.as_bytes(), part, close.as_bytes(), tail].concat()
    }

    /// One of its numbers becomes another.
    fn renumbered(&mut self, input: Vec<u8>) -> Vec<u8> {
        let digit = |at: usize| input.get(at).is_some_and(u8::is_ascii_digit);
        let starts = (0..input.len()).filter(|at| digit(*at) && (*at == 0 || !digit(at - 1)));
        let starts: Vec<usize> = starts.collect();
        let Some(start) = starts.choose(&mut self.rng).copied() else {
            return self.inserted(input, &NUMBERS);
        };
        let end = (start..=input.len()).find(|at| !digit(*at)).unwrap();
        let number = NUMBERS.choose(&mut self.rng).unwrap();
        [&input[..start], number.as_bytes(), &input[end..]].concat()
    }

    fn inserted(&mut self, input: Vec<u8>, words: &[&str]) -> Vec<u8> {
        let at = self.place(&input);
        let word = words.choose(&mut self.rng).unwrap();
        [&input[..at], word.as_bytes(), &input[at..]].concat()
    }

    /// A word of it becomes a word of another input.
    fn swapped(&mut self, input: Vec<u8>) -> Vec<u8> {
        let other = self.seed();
        let (from, to) = word_at(&other, self.place(&other));
        let word = other[from..to].to_vec();
        let (from, to) = word_at(&input, self.place(&input));
        [&input[..from], &word, &input[to..]].concat()
    }
}

/// The word behind a place.
fn word_at(input: &[u8], place: usize) -> (usize, usize) {
    let inside = |at: usize| input.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let from = (place..input.len()).find(|at| inside(*at)).unwrap_or(place);
    let to = iter::successors(Some(from), |at| inside(*at).then_some(at + 1)).last();
    (from, to.unwrap_or(from))
}
