/// How readers spell a key on the wire: what they put before and after it (Django: `prefix:version:key`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyFormat {
    pub prefix: String,
    pub suffix: String,
}

impl KeyFormat {
    /// Reads a format such as `:1:{}`. `None` unless it holds `{}` exactly once.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, suffix) = text.split_once("{}")?;
        let plain = |part: &str| !part.contains(['{', '}']);
        (plain(prefix) && plain(suffix))
            .then(|| Self { prefix: prefix.to_owned(), suffix: suffix.to_owned() })
    }
}
