use super::image::Image;
use super::reason::Reason;
use crate::catalog::{Catalog, ColumnId, Fill, Path, RelationId, Source, TableId};
use crate::change::Value;
use crate::rows::{Found, Rows};

/// The way from a row to what fills the holes of a key: its own columns, or those of a row that relations lead to.
#[derive(Debug, Clone)]
pub struct Route {
    /// Empty if the row itself fills the holes.
    pub relations: Box<[RelationId]>,
    /// One for each hole, of the last relation's table.
    pub columns: Box<[ColumnId]>,
    /// As the configuration writes it, seen from this row: `shop_id`, `customer.region_id`.
    pub text: String,
    /// The whole paths, if this is only the rest of them.
    pub rest_of: Option<String>,
}

impl Route {
    /// The route of a source's own row, or a path that cannot be followed row by row.
    pub(super) fn of<'s>(catalog: &Catalog, source: &'s Source) -> Result<Self, &'s Path> {
        let path = |fill: &'s Fill| match fill {
            Fill::Path(path) => Some(path),
            Fill::Column(_) => None,
        };
        let first = source.fills.iter().find_map(path);
        let relations = first.map_or(&[][..], |first| &first.relations);
        let table = catalog.table(source.table);
        let (mut columns, mut texts) = (Vec::new(), Vec::new());
        for fill in &source.fills {
            let (column, text, way) = match fill {
                Fill::Column(column) => (*column, table.columns[column.index()].name.as_str(), &[][..]),
                Fill::Path(path) if !path.followed => return Err(path),
                Fill::Path(path) => (path.column, path.text.as_str(), &path.relations[..]),
            };
            // The configuration refuses a mixture: of two rows that fill one key together neither is known to be the
            // right partner when the other changes.
            if let Some(first) = first.filter(|_| *way != *relations) {
                return Err(first);
            }
            columns.push(column);
            texts.push(text);
        }
        Ok(Self {
            relations: relations.into(),
            columns: columns.into(),
            text: texts.join(", "),
            rest_of: None,
        })
    }

    /// Each row on the way fills the holes too, by the rest of the way and whether or not a row leads to it: the row that
    /// led to it may be gone before its change is read.
    pub(super) fn rests<'r>(&'r self, catalog: &'r Catalog) -> impl Iterator<Item = (TableId, Self)> + 'r {
        self.relations.iter().enumerate().map(move |(at, relation)| {
            let rest = |path: &str| path.splitn(at + 2, '.').last().unwrap_or_default().to_owned();
            let text: Vec<String> = self.text.split(", ").map(rest).collect();
            let route = Self {
                relations: self.relations[at + 1..].into(),
                columns: self.columns.clone(),
                text: text.join(", "),
                rest_of: Some(self.text.clone()),
            };
            (catalog.relation(*relation).to, route)
        })
    }

    /// Whether both lead to the same holes by the same way.
    pub(super) fn leads_as(&self, other: &Self) -> bool {
        (&self.relations, &self.columns) == (&other.relations, &other.columns)
    }

    /// The columns of the row itself that decide where the route leads: the link, or those that fill the holes.
    pub(super) fn own<'r>(&'r self, catalog: &'r Catalog) -> &'r [ColumnId] {
        match self.relations.first() {
            Some(relation) => std::slice::from_ref(&catalog.relation(*relation).column),
            None => &self.columns,
        }
    }

    /// The row that fills the holes, seen from an image of a row of `table`; the rows on the way as they are now.
    pub(super) fn follow<'r>(
        &self,
        catalog: &Catalog,
        rows: &'r Rows,
        (mut table, mut image): (TableId, Image<'r>),
        unknown: Reason,
    ) -> Led<'r> {
        for relation in &self.relations {
            let relation = catalog.relation(*relation);
            let link = match image.value(catalog.table(table), relation.column) {
                None if matches!(image, Image::Absent) => return Led::Nowhere,
                None => return Led::Doubt(unknown),
                Some(Value::Null) => return Led::Nowhere,
                Some(Value::Missing) => return Led::Doubt(Reason::MissingColumn),
                Some(Value::Unavailable) => return Led::Doubt(Reason::UnavailableColumn),
                Some(link) => link,
            };
            (table, image) = match rows.find(relation.to, &link) {
                Found::Known(kept) => (relation.to, Image::Kept { rows, table: relation.to, kept }),
                Found::Absent => return Led::Nowhere,
                Found::Unseen => return Led::Unseen(relation.to, link),
                Found::Unknown => return Led::Doubt(Reason::UnknownFarRow),
            };
        }
        Led::To(table, image)
    }
}

/// Where a route leads.
pub(super) enum Led<'r> {
    To(TableId, Image<'r>),
    /// A null link, or a row that was deleted.
    Nowhere,
    /// A row that no event told of yet, by its key. When it comes it fills the holes by itself.
    Unseen(TableId, Value<'r>),
    Doubt(Reason),
}
