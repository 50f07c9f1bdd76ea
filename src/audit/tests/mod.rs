mod bounds;
mod python;
mod suspects;
