//! What the benchmarks share.
//!
//! Each benchmark is a program of its own and uses a part of it.
#![allow(dead_code, unreachable_pub, reason = "each benchmark uses a part, and has no other crate above it")]

pub mod events;
pub mod kafka;
pub mod process;
pub mod stack;

/// The value below which this share of the sorted values lies.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count"
    )]
    let at = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len());
    sorted[at - 1]
}

/// The number behind `--name` on the command line.
pub fn argument(name: &str, default: u64) -> u64 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name).skip(1);
    arguments
        .next()
        .map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} takes a number")))
}
