//! The configuration as it is written. The descriptions here become those of the JSON Schema.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, json_schema};
use serde::Deserialize;
use serde_json::Value;

/// The configuration of freshet: where Kafka and Redis are, which tables there are, and which cached values (views) are
/// made of them. In any text, `${NAME}` and `${NAME:-default}` come from the environment and `${file:/path}` from a
/// file; `$${` is a literal `${`.
#[derive(JsonSchema)]
#[schemars(rename = "freshet configuration", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes the file to the schema; its parts are read one by one, so that a mistake in one \
                              does not hide those in the others"
)]
pub(super) struct Configuration {
    pub kafka: Kafka,
    pub redis: Redis,
    #[serde(default)]
    pub http: Http,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Database")]
    pub database: Option<Database>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Audit")]
    pub audit: Option<Audit>,
    /// The tables whose change events are read, by a name of your choice.
    pub tables: BTreeMap<String, Table>,
    /// Many-to-one relations, each named `table.relation`. A path such as `customer.region.name` follows them.
    #[serde(default)]
    pub relations: BTreeMap<String, Relation>,
    /// The families of cached values, by a name of your choice.
    pub views: BTreeMap<String, View>,
    /// Groups of views that `freshet invalidate` takes together, each a list of views with the same holes.
    #[serde(default)]
    pub invalidate: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeadLetters")]
    pub dead_letters: Option<DeadLetters>,
}

/// Where the change events come from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Kafka {
    /// The brokers to begin with: `host:port`, separated by commas.
    pub brokers: String,
    /// The consumer group that all copies of freshet share.
    #[serde(default = "default_group")]
    pub group: String,
    /// Further properties of librdkafka, such as `security.protocol`. Those that would break a promise are refused.
    #[serde(default)]
    #[schemars(schema_with = "properties")]
    pub librdkafka: BTreeMap<String, Value>,
}

/// The cache.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Redis {
    /// `redis://[user[:password]@]host[:port][/database]`, or `rediss://…` for TLS. The password only as `${NAME}` or
    /// `${file:/path}`.
    pub url: String,
    /// How readers spell a key on the wire, with `{}` for the key. Django: `:1:{}`, or `prefix:1:{}` with a
    /// `KEY_PREFIX`.
    #[serde(default = "default_key_format")]
    pub key_format: String,
    /// How readers spell the values that freshet writes: `pickle` as Django and django-redis do unless told otherwise, or
    /// `json` as the JSON serializer of django-redis does. With `+zlib` as with django-redis' zlib compressor.
    #[serde(default)]
    pub value_format: ValueFormat,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum ValueFormat {
    #[default]
    Pickle,
    Json,
    #[serde(rename = "pickle+zlib")]
    PickleZlib,
    #[serde(rename = "json+zlib")]
    JsonZlib,
}

/// Metrics and health.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Http {
    /// The address and port that `/metrics`, `/livez` and `/readyz` are served on.
    #[serde(default = "default_listen")]
    pub listen: String,
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: default_listen() }
    }
}

/// Cached values of views with a `value` are compared with the database's now and then, as `freshet audit` does; metrics tell.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Audit {
    /// How long after the last audit the next one begins, such as `10m`.
    pub every: String,
    /// How many keys of each view are looked at, others each time; 1,000 unless given.
    #[serde(default = "default_sample")]
    #[schemars(range(min = 1))]
    pub sample: usize,
}

/// The database that the events are of, where freshet asks it for values. freshet only reads.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Database {
    /// `postgres://user[:password]@host[:port]/database`, with `?sslmode=require` for TLS, where the server's certificate must
    /// be one that the system trusts. The primary. The password only as `${NAME}` or `${file:/path}`.
    pub url: String,
    /// A streaming replica of it, on which statements are run once it shows what the primary has committed by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub replica_url: Option<String>,
}

/// Where events go that cannot be decoded. With this section an offset is committed only after the broker has
/// acknowledged the letters below it; without it such events are logged only.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct DeadLetters {
    /// The topic that they go to. It must exist, and may be no table's.
    #[serde(default = "default_dead_letters")]
    pub topic: String,
    /// How many letters of one partition may be written in a minute. Beyond, the partition waits.
    #[serde(default = "default_max_per_minute")]
    #[schemars(range(min = 1))]
    pub max_per_minute: u32,
}

/// A table whose change events are read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Table {
    /// The topic that its change events are in.
    pub topic: String,
    /// The column, or the list of columns, of its primary key. Absent for a table without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Names")]
    pub primary_key: Option<Names>,
    /// What the database sends of a row's old image: `full` after `ALTER TABLE … REPLICA IDENTITY FULL`, or else
    /// `default`. With `default` the old row is not in the events, and freshet keeps the last image of each row.
    #[serde(default)]
    pub replica_identity: Identity,
    /// Whether freshet keeps the last image of each row. Absent: it does where the old row is not in the events, or a
    /// relation reaches the table. With `false` such a table's changes delete whole families.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub tracked: Option<bool>,
    /// The type of columns that fill holes or are in a `value`: `integer`, `text`, `boolean` or `float` (binary64). Of a hole
    /// it decides which names are the view's when the whole family goes; absent: any, and a value that is followed by a
    /// separator must not hold the separator. In a `value` a column without a type is an integer.
    #[serde(default)]
    pub columns: BTreeMap<String, Type>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Identity {
    #[default]
    Default,
    Full,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Type {
    Integer,
    Text,
    Boolean,
    Float,
}

/// One name, or a list of names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum Names {
    One(String),
    Many(Vec<String>),
}

/// A many-to-one relation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Relation {
    /// The column that holds the other row's primary key.
    pub column: String,
    /// The table of the other row.
    pub to: String,
}

/// A family of cached values: its keys, and the tables that it is computed from. Either `key` or `family` is given, or both
/// where readers ask for sets of parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct View {
    /// The key, with holes that a row fills: `orders_of:{customer_id}`. A literal brace is doubled. Beside a `family`, the key
    /// of a set of parameters that a reader asks for: `report:{md5_8(:from, :shop_id)}` (the first 8 hexadecimal digits of
    /// the MD5 of the values, joined by colons) or `report:{:shop_id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub key: Option<String>,
    /// A prefix and `*`: every key that begins with it is deleted on each change that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub family: Option<String>,
    /// Which sets of parameters a row of the first table of `from` affects, as a SQL condition over its columns and the key's
    /// parameters: `:shop_id is null or shop_id = :shop_id`. A change of such a row keeps the keys of those sets that readers
    /// have registered and that neither the old nor the new row affects. Texts are compared by `=`, and with columns that are
    /// declared to hold text. Absent: every change deletes the family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub affects: Option<String>,
    /// How many registered sets of parameters count, the youngest of them; 1,000 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 100_000))]
    pub max_sets: Option<usize>,
    /// The tables that the value is computed from: a name, a list of names, or a mapping from names to `fill` and
    /// `reads`.
    pub from: From,
    /// What the value of a key is, computed from the rows that fill the key: `freshet value` prints it. `/`
    /// divides as binary64, decimals are binary64, `round` goes to the even of two that are as near, lists are sorted by code
    /// point with nulls last and leave out a null `each`. A mapping from fields to SQL expressions, to further mappings, or to lists: `{ each: column, where: condition, order_by:
    /// [field desc], value: { … } }`. It is computed from the rows of the
    /// first table of `from`, and of those that relations lead to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "mapping")]
    pub value: Option<serde_json::Map<String, Value>>,
    /// Where the values come from that freshet writes. `stream`: it writes the `value` of a key into Redis when a row changes it, instead of deleting the key, and renews
    /// it before its `ttl` ends. It needs a `value` and a `ttl`. A key whose value is not known is deleted as in other views.
    /// `{ sql: FILE }`: it deletes a key and asks the `database` for its value then, under a lease as a reader does. The file's
    /// path begins at the configuration's folder. The statement names the key's holes, like `:shop_id`, and tells one row: the
    /// value is a mapping of its columns in their order, or what is in its only column, if that is `value` and of type `json`.
    /// No row: nothing is stored. It needs a `ttl`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Warm")]
    pub warm: Option<Warm>,
    /// How many keys of a view with `warm` are kept in Redis; 100,000 unless given. Beyond, those whose rows changed least
    /// recently are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 10_000_000))]
    pub max_groups: Option<usize>,
    /// How long the application lets a value live, such as `5m`, `300s` or `1h30m`. What freshet writes lives up to a tenth less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub ttl: Option<String>,
    /// How long after its first delete a key, or the family, is deleted again, such as `1s`; at most `1m`. For readers that do
    /// not use leases: one that read the database before a change may store the value after the first delete. Longer
    /// than a reader takes from its query to its store. The offset is committed after the second delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub settle: Option<String>,
    /// How long after its deletion no reader gets a lease of a key, such as `500ms`; at most `1m`. For readers with leases that
    /// read a replica of the database: longer than it lags. The family, whose keys are not known, is deleted again after
    /// it. Not beside `settle`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub hold: Option<String>,
    /// How many keys one change behind a relation may delete; beyond, the family is deleted.
    #[serde(default = "default_fan_out_limit")]
    #[schemars(range(min = 1))]
    pub fan_out_limit: usize,
}

/// Where the values come from that freshet writes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum Warm {
    From(Stream),
    Asked(Asked),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Stream {
    Stream,
}

/// What the database is asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Asked {
    /// The file that the statement stands in.
    pub sql: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum From {
    One(String),
    Many(Vec<String>),
    Each(BTreeMap<String, Option<Source>>),
}

/// What a view takes from one table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(super) struct Source {
    /// For each hole of the key the column or path that fills it. Absent: the columns that are named like the holes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub fill: Option<BTreeMap<String, String>>,
    /// The columns and paths that the value depends on, besides those that fill holes. A change of others deletes
    /// nothing. Absent: every change of a row counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<String>")]
    pub reads: Option<Vec<String>>,
}

const fn default_fan_out_limit() -> usize {
    10_000
}

fn default_dead_letters() -> String {
    "freshet.dead-letters".to_owned()
}

const fn default_sample() -> usize {
    1_000
}

const fn default_max_per_minute() -> u32 {
    100
}

fn default_group() -> String {
    "freshet".to_owned()
}

fn default_key_format() -> String {
    "{}".to_owned()
}

fn default_listen() -> String {
    "0.0.0.0:9090".to_owned()
}

/// Its parts may be nested, and are checked one by one.
fn mapping(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

/// librdkafka takes text only, but nobody writes numbers in quotes.
fn properties(_: &mut schemars::SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } })
}
