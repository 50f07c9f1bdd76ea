import json
from pathlib import Path

import pytest
from redis.crc import key_slot

from freshet_django import LeaseKeyError
from freshet_django.lease import lease_key

# freshet's own tests read the same file: what one spells otherwise the other does not delete.
VECTORS = json.loads(Path(__file__).with_name("lease_keys.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("key", "lease"), [(key, lease) for key, lease in VECTORS.items() if lease is not None])
def test_a_lease_is_named_after_its_key_and_lies_in_its_slot(key, lease):
    assert lease_key(key) == lease
    if key:
        assert key_slot(lease.encode()) == key_slot(key.encode())


@pytest.mark.parametrize("key", [key for key, lease in VECTORS.items() if lease is None])
def test_a_closing_brace_without_a_tag_is_refused(key):
    with pytest.raises(LeaseKeyError, match="no hash tag"):
        lease_key(key)


def test_only_leases_refuse_such_a_key(cache):
    cache.set("a}b", 1)
    assert cache.get("a}b") == 1
    with pytest.raises(LeaseKeyError):
        cache.get_or_set("c}d", 1)
