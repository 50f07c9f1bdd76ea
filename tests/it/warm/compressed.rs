use std::process::Command;

use super::{VIEW, World, created, customer, order};
use crate::harness::{Freshet, python, said};

/// The real django-redis, told to compress.
const READ: &str = "
import os
from django.conf import settings
settings.configure(CACHES={'default': {
    'BACKEND': 'django_redis.cache.RedisCache',
    'LOCATION': os.environ['REDIS_URL'],
    'OPTIONS': {
        'COMPRESSOR': 'django_redis.compressors.zlib.ZlibCompressor',
        'SERIALIZER': 'django_redis.serializers.' + os.environ['SERIALIZER'],
    },
}})
from django.core.cache import cache
print(repr(cache.get('orders:7')))
";

#[test]
fn django_redis_reads_what_is_compressed() {
    for (format, serializer) in
        [("json+zlib", "json.JSONSerializer"), ("pickle+zlib", "pickle.PickleSerializer")]
    {
        let world = World::new(1);
        world.customers.send(0, &[customer("c", 1, true)]);
        world.orders.send(0, &[created(order(1, 7, 1, 5))]);
        let redis = format!("value_format: {format}, key_format: \":1:{{}}\"");
        let configuration = world.configuration(VIEW).replace("value_format: json", &redis);
        let _freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
        world.wait_for_names(&[":1:orders:7"]);
        let stored: Vec<u8> =
            redis::cmd("GET").arg(":1:orders:7").query(&mut world.redis.connect()).expect("a value");
        assert_eq!(stored[0], 0x78, "no zlib stream: {stored:?}");
        let read = Command::new(python())
            .args(["-c", READ])
            .env("REDIS_URL", world.redis.url())
            .env("SERIALIZER", serializer)
            .output();
        assert_eq!(said(&read.expect("Python starts"), 0).trim(), "{'total': 1, 'sum': 5, 'vips': 1}");
    }
}
