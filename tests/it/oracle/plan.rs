//! A transaction that is to be run.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Run(String),
    Savepoint,
    RollBackToSavepoint,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub kind: &'static str,
    pub steps: Vec<Step>,
    pub commits: bool,
    /// Statements of another connection's transaction, which begins after the first step and commits before the last.
    pub meanwhile: Vec<String>,
}

impl Plan {
    pub fn new(kind: &'static str, statements: Vec<String>) -> Self {
        let steps = statements.into_iter().map(Step::Run).collect();
        Self { kind, steps, commits: true, meanwhile: Vec::new() }
    }

    pub fn one(kind: &'static str, statement: String) -> Self {
        Self::new(kind, vec![statement])
    }

    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Run(statement) => Some(statement.as_str()),
            _ => None,
        })
    }
}
