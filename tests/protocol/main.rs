//! The reader protocol, as a model: every order in which readers, writers, freshet and Redis can take their steps.
//!
//! # The protocol
//!
//! A reader misses, reads the database, and stores what it read. If a row changes and freshet deletes the key between the
//! last two, the old value is stored after the delete, and nobody deletes it again. So a reader that misses first takes a
//! lease: a key `L` beside the value's key `K`, set to a token if it is not there. freshet deletes `K` and `L` in one
//! command. A reader stores if `L` still holds its token and `K` is absent, and gives `L` back, in one script. A reader that
//! meets another's lease waits, and after a while computes a value that it does not store.
//!
//! Why this is right: a lease that is held when the fill comes has been held since before the database was read. A change
//! that was committed before the reading is in the value. A change that was committed later has its delete still to come,
//! as a delete in between would have taken the lease. It does not matter when `K` or `L` expires or is evicted.
//!
//! - A **family** is deleted name by name. Its leases go first and then its values, each as they are found at that moment;
//!   or all names are taken at one moment, and each goes with its partner.
//! - Inside a **transaction** a reader sees rows that a rollback takes back. It stores on commit, and at READ COMMITTED
//!   only: an older snapshot may lack a change whose delete came before the lease.
//! - A **nested** view is computed within the outer view's computation, and not read from the cache.
//! - A **replica** shows old rows after the delete. freshet sets `L` to a hold and then deletes `K`, so that nobody takes the
//!   lease until the replica has caught up. A hold can be evicted, and names of a family that do not exist cannot be held;
//!   what closes that is a second delete of `K` and `L` when the hold ends. With it, the hold is a convenience.
//! - A **warm write** replaces the value and removes the lease. With the value it stores a fence: how far in each topic the
//!   value's changes go. A write that does not cover the fence is refused, so that a writer which slept, or whose command
//!   was under way while it sent another, cannot bring an old value back.
//! - A **missing fence** (never set, expired, evicted) says nothing about who is late, and one that the write does not cover
//!   says that the writer is behind. So the script deletes `K` and the fence and gives the writer the lease; the writer
//!   notes the ends of the topics, reads on to them, and fills like a reader, with a fence.
//! - A **renewal** writes a value for no change. It deletes nothing: where there is no value it takes a lease that
//!   nobody has, and fills.
//! - A **delete** of a warmed key deletes its fence first, then lease and value. Whoever writes late finds none. A family goes
//!   by its leases, then by its fences, then by its values, each name with its partners.
//!
//! # The model
//!
//! `state::State` is all there is at one moment; `steps::steps` are the steps that may come next. A value is the number of
//! changes that it was read from, of two rows in tables of their own. `search::explore` follows every step from every state,
//! breadth first. *Settled* is a state in which the log is applied, the replica has caught up and nothing is under way.
//! It is *stale* if a value is there that is not the newest. `scene::RIGHT` and the scenes in `variants` say who takes part
//! and bound how much they do; within that bound the search sees every history.
//!
//! Time is not modelled: values, leases and fences go at any moment, and freshet may crash and repeat any events. Only a hold
//! lasts until the replica has what it was set for. What was deleted does not come back by itself, as when Redis restarts
//! from an old file: freshet deletes all families then.
//!
//! The search is our own, because the crate `stateright` would bring an HTTP server into the lock file and leave the model
//! as long as it is.
//!
//! # What it found
//!
//! `cargo test --test protocol -- --nocapture` prints the histories.
//!
//! | Variant | Ends stale after |
//! |---|---|
//! | leases, `K` and `L` deleted in one command | never |
//! | … in two commands, `L` first | never |
//! | … in two commands, `K` first | 6 steps |
//! | … `K` alone | 5 |
//! | … a fill takes any token for its own | 7 |
//! | … a fill does not ask whether `K` is absent | never, as long as all who set values remove leases |
//! | no leases | 5 |
//! | no leases, a second delete | 6 |
//! | … that comes after each fill which was under way | never |
//! | family: leases, then values | never |
//! | … all names at one moment, each with its partner | never |
//! | … all names at one moment | 7 |
//! | … one walk, the value's place before its lease's, each with its partner | 9 |
//! | … values, then leases | 9 |
//! | … leases of values that exist | 8 |
//! | … leases, then values; readers on a replica | 9 |
//! | … and a second delete when the replica has caught up | never |
//! | transaction: a fill on commit | never |
//! | … a fill at once | 7 |
//! | … a fill on commit, above READ COMMITTED | 8 |
//! | nested view: computed | never |
//! | … from the cache | 9 |
//! | replica: a hold, then the delete | never |
//! | … no hold | 7 |
//! | … the delete, then a hold | 8 |
//! | … a hold that is evicted | 9 |
//! | … and a second delete when the replica has caught up, with or without a hold | never |
//! | warmed: a fence that is missing or not covered leads through the lease, a delete takes it along first; two commands late, fences go at any time | never |
//! | … and a renewal that takes the lease where no value is | never |
//! | … and does not read on before it fills | 6 |
//! | … a delete takes the fence along last | 10 |
//! | … a family: leases, fences, values | never |
//! | … a family: leases, values | 14 |
//! | … readers on a replica, and a second write or delete when the replica has caught up | never |
//! | warmed: a missing fence leads through the lease, one that is not covered refuses, a delete raises one that is there | never |
//! | … but a delete sets a missing fence | 9 |
//! | … a missing fence is set and `K` deleted, the next write stores | 8 |
//! | … value and fence are set if the fence is missing, which it is not while a command is late | never |
//! | … the fence expires with the value while a command is late | 7 |
//! | … the fence is evicted while a command is late | 7 |
//! | … no fence | 6 |
//! | … a delete does not raise the fence | 6 |
//! | … the lease stays | 7 |
//! | … the lease stays, no value goes | never |
//! | … and a fill does not ask whether `K` is absent | 6 |
//! | … readers on a replica | 7 |
//! | … and a hold in place of the lease | never |
//! | … readers on a replica, a hold, and a missing fence leads through the lease | 9 |
//! | … and in place of the hold a second write or delete when the replica has caught up | never |

mod scene;
mod search;
mod state;
mod steps;
mod variants;
