//! freshet against real services: each test has a topic, a group and a Redis of its own, and one Kafka serves them all.
#![allow(unreachable_pub, reason = "nothing stands above a test binary")]

mod backpressure;
mod bad_input;
mod command_line;
mod commands;
mod dry_run;
mod end_to_end;
mod families;
mod first_start;
mod harness;
mod ledger;
mod lost_offsets;
mod rebalance;
mod redis_away;
