"""Deletes values of views by hand, for what no row tells."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.cache.backends.base import BaseCache

from . import conf, transactions
from .chosen import chosen_cache
from .leased import LeasedCache
from .views import View, escape_glob

_PROBE = "freshet-probe"


def invalidate(view_or_group: str, /, **holes: Any) -> None:
    """
    Deletes the value, and the lease, of the view's key or of each view of the group; without holes, of every key.

    A parameter that is left out is None: of ``report:{:shop_id}:{:year}``, ``shop_id=5`` names the one key whose year
    is None. Other holes must all be given.

    Within a transaction it does so on commit: before, a reader would only store the old value again. Of a connection
    without autocommit Django tells no commit, so it does so at once: call it again when you have committed.
    """
    views = conf.configuration().view_or_group(view_or_group)
    cache = chosen_cache()
    act = [
        partial(_invalidate, cache, view.key(holes)) if holes else partial(_invalidate_all, cache, view)
        for view in views
    ]

    def invalidate_now() -> None:
        for one in act:
            one()

    # Each may commit while another is rolled back.
    opened = transactions.open_transactions()
    for connection in opened:
        if connection.in_atomic_block:
            connection.on_commit(invalidate_now, robust=True)
    if not opened or not all(map(transactions.tells_of_commit, opened)):
        invalidate_now()


def _invalidate(cache: BaseCache, key: str) -> None:
    if isinstance(cache, LeasedCache):
        cache.revoke(key)
    else:
        cache.delete(key)


def _invalidate_all(cache: BaseCache, view: View) -> None:
    if not isinstance(cache, LeasedCache):
        # It cannot be asked for its keys; a local cache loses little.
        cache.clear()
        return
    before, after = cache.wire_key(_PROBE, None).split(_PROBE)

    def matches(name: str) -> bool:
        inner = name.removeprefix(before).removesuffix(after)
        return name == before + inner + after and view.pattern.fullmatch(inner) is not None

    cache.revoke_all(escape_glob(before) + view.glob + escape_glob(after), matches)
