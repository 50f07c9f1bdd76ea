//! What holds for the whole room.

mod doubt;
mod images;
mod model;
mod positions;
mod script;
mod transitions;
mod whole_table;
