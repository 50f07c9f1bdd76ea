/// What Redis acknowledges of a batch, each apart from the others and in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Share {
    /// Its keys. A batch without effects has this share too, and is acknowledged as one whose keys are gone.
    Keys = 1,
    Families = 2,
    /// The second delete of its keys, where their views ask for one.
    KeysAgain = 4,
    FamiliesAgain = 8,
}

/// Those shares that are not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shares(u8);

impl Shares {
    pub fn new(shares: impl IntoIterator<Item = Share>) -> Self {
        Self(shares.into_iter().fold(0, |bits, share| bits | share as u8))
    }

    pub const fn contain(self, share: Share) -> bool {
        self.0 & share as u8 != 0
    }

    pub const fn remove(&mut self, share: Share) {
        self.0 &= !(share as u8);
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether keys and families are gone, perhaps not for the second time.
    pub const fn are_applied(self) -> bool {
        !self.contain(Share::Keys) && !self.contain(Share::Families)
    }
}
