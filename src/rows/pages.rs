use std::ops::{Index, IndexMut};

const PAGE: usize = 4_096;

/// A vector that grows by a page: one that grows by doubling has room for twice as many rows as there are.
#[derive(Debug)]
pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
}

impl<T> Pages<T> {
    pub(super) const fn new() -> Self {
        Self { pages: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.pages.last().map_or(0, |last| (self.pages.len() - 1) * PAGE + last.len())
    }

    pub(super) fn push(&mut self, element: T) {
        if let Some(last) = self.pages.last_mut().filter(|last| last.len() < PAGE) {
            last.push(element);
        } else {
            let mut page = Vec::with_capacity(PAGE);
            page.push(element);
            self.pages.push(page);
        }
    }
}

impl<T> Index<u32> for Pages<T> {
    type Output = T;

    fn index(&self, index: u32) -> &T {
        &self.pages[index as usize / PAGE][index as usize % PAGE]
    }
}

impl<T> IndexMut<u32> for Pages<T> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.pages[index as usize / PAGE][index as usize % PAGE]
    }
}
