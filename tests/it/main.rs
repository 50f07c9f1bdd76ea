//! freshet against real services: each test has a topic, a group and a Redis of its own, and one Kafka serves them all.
#![allow(unreachable_pub, reason = "nothing stands above a test binary")]

mod audit;
mod bad_input;
mod check;
mod command_line;
mod commands;
mod dead_letters;
mod dry_run;
mod end_to_end;
mod families;
mod first_start;
mod gaps;
mod harness;
mod kafka_faults;
mod leases;
mod ledger;
mod live_names;
mod lost_offsets;
mod memory;
mod oracle;
mod parameters;
mod rebalance;
mod redis_away;
mod redis_faults;
mod refill;
mod settle;
mod sql_truth;
mod tracked;
mod value;
mod warm;
