//! From a configuration and rows to values.

mod example;
mod model;
mod scene;
mod spelled;
mod trouble;
