//! Settings that the design knows and this version does not. Whoever writes one is told so, instead of "unknown".

const OF_THE_FILE: &[&str] = &["defaults", "admin"];
const OF_A_VIEW: &[&str] = &["jitter", "debounce", "max_per_second"];

/// Whether `name` is a setting of a later version at this place.
pub(super) fn is_later(parent: &str, name: &str) -> bool {
    let mut segments = parent.split('/').skip(1);
    let names = match (segments.next(), segments.next(), segments.next()) {
        (None, ..) => OF_THE_FILE,
        (Some("views"), Some(_), None) => OF_A_VIEW,
        _ => return false,
    };
    names.contains(&name)
}
