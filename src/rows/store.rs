use std::hash::BuildHasher as _;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::image::{Form, Image, Link, link};
use super::pages::Pages;
use super::reverse::Reverse;
use crate::catalog::ColumnId;

/// The images of one table, and by link which of them point to a row.
///
/// A row has a number, which is free again when the row goes. A key and a link stand in the image and nowhere else: the
/// tables that find a row by them hold its number only.
#[derive(Debug)]
pub(super) struct Store {
    images: Pages<Option<Image>>,
    free: Vec<u32>,
    by_key: HashTable<u32>,
    links: Vec<(ColumnId, Reverse)>,
    hasher: RandomState,
}

impl Store {
    /// `links` are the columns that are asked for in reverse.
    pub(super) fn new(links: Vec<ColumnId>) -> Self {
        Self {
            images: Pages::new(),
            free: Vec::new(),
            by_key: HashTable::new(),
            links: links.into_iter().map(|column| (column, Reverse::new())).collect(),
            hasher: RandomState::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// How many rows there were at most at one time.
    #[cfg(test)]
    pub(super) fn numbers(&self) -> usize {
        self.images.len()
    }

    /// The images of the rows with these numbers; `None` beyond the last one.
    pub(super) fn images(&self, numbers: Range<usize>) -> Option<impl Iterator<Item = &Image>> {
        let to = numbers.end.min(self.images.len());
        let rows = (numbers.start..to).filter_map(|row| u32::try_from(row).ok());
        (to > numbers.start).then(|| rows.filter_map(|row| self.images[row].as_ref()))
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&Image> {
        self.number(key).map(|row| image(&self.images, row))
    }

    /// Puts an image in the place of the row's former one.
    pub(super) fn put(&mut self, form: &Form, new: Image) -> Option<Image> {
        let key = form.key(&new);
        if let Some(row) = self.number(key) {
            let old = image(&self.images, row);
            // Most updates leave the links as they are.
            let moved =
                self.links.iter().any(|(column, _)| form.packed(old, *column) != form.packed(&new, *column));
            if moved {
                self.unlink(form, row);
            }
            let old = self.images[row].replace(new);
            if moved {
                self.link(form, row);
            }
            return old;
        }
        let hash = self.hasher.hash_one(key);
        let row = self.free.pop().unwrap_or_else(|| {
            self.images.push(None);
            u32::try_from(self.images.len() - 1).expect("fewer rows than 4,294,967,295 fit in memory")
        });
        self.images[row] = Some(new);
        let Self { images, by_key, hasher, .. } = self;
        by_key.insert_unique(hash, row, |row| hasher.hash_one(form.key(image(images, *row))));
        self.link(form, row);
        None
    }

    pub(super) fn take(&mut self, form: &Form, key: &[u8]) -> Option<Image> {
        let row = self.number(key)?;
        self.remove(form, row)
    }

    /// Keeps those images only that the condition holds for.
    pub(super) fn retain(&mut self, form: &Form, keep: impl Fn(&Image) -> bool) {
        for row in (0..self.images.len()).filter_map(|row| u32::try_from(row).ok()) {
            if self.images[row].as_ref().is_some_and(|image| !keep(image)) {
                self.remove(form, row);
            }
        }
        let Self { images, free, by_key, links, hasher } = self;
        if by_key.is_empty() {
            *images = Pages::new();
            *free = Vec::new();
            for (_, reverse) in links.iter_mut() {
                *reverse = Reverse::new();
            }
        }
        by_key.shrink_to_fit(|row| hasher.hash_one(form.key(image(images, *row))));
        for (column, reverse) in links {
            reverse.shrink(|row| hasher.hash_one(form.packed(image(images, row), *column)));
        }
    }

    /// The rows whose link of this number is the key; `None` if some row's link is unknown.
    pub(super) fn pointing<'s>(
        &'s self,
        form: &Form,
        number: usize,
        key: &[u8],
    ) -> Option<impl Iterator<Item = &'s Image> + use<'s>> {
        let (column, reverse) = &self.links[number];
        let alike = |row| form.packed(image(&self.images, row), *column) == key;
        let rows = reverse.rows(reverse.first(self.hasher.hash_one(key), alike));
        reverse.is_whole().then(|| rows.map(|row| image(&self.images, row)))
    }

    fn number(&self, key: &[u8]) -> Option<u32> {
        let is_row = |row: &u32| image(&self.images, *row).has_key(key);
        self.by_key.find(self.hasher.hash_one(key), is_row).copied()
    }

    fn remove(&mut self, form: &Form, row: u32) -> Option<Image> {
        self.unlink(form, row);
        let old = self.images[row].take()?;
        let hash = self.hasher.hash_one(form.key(&old));
        if let Ok(entry) = self.by_key.find_entry(hash, |other| *other == row) {
            entry.remove();
        }
        self.free.push(row);
        Some(old)
    }

    fn link(&mut self, form: &Form, row: u32) {
        let Self { images, links, hasher, .. } = self;
        for (column, reverse) in links {
            let packed = |row| form.packed(image(images, row), *column);
            match link(packed(row)) {
                Link::Unknown => reverse.add_unknown(),
                Link::Nowhere => {}
                Link::To(key) => reverse.add(
                    row,
                    hasher.hash_one(key),
                    |other| packed(other) == key,
                    |other| hasher.hash_one(packed(other)),
                ),
            }
        }
    }

    /// To be called while the row's image is still there.
    fn unlink(&mut self, form: &Form, row: u32) {
        let Self { images, links, hasher, .. } = self;
        for (column, reverse) in links {
            match link(form.packed(image(images, row), *column)) {
                Link::Unknown => reverse.remove_unknown(),
                Link::Nowhere => {}
                Link::To(key) => reverse.remove(row, hasher.hash_one(key)),
            }
        }
    }
}

fn image(images: &Pages<Option<Image>>, row: u32) -> &Image {
    images[row].as_ref().expect("a number that is in a table is a row's")
}
