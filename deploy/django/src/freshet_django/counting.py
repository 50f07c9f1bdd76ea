"""What happened to the reads of each view, counted in this process."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass

logger = logging.getLogger("freshet_django")


@dataclass(frozen=True)
class Counts:
    """The reads of one view. ``hit / (hit + miss)`` is its hit rate."""

    hit: int = 0
    """Reads that found a value, at once or after waiting for it."""
    miss: int = 0
    """Reads that computed."""
    wait: int = 0
    """Reads that met another reader's lease. Each is a hit or a miss as well."""
    refused: int = 0
    """Values that were computed under a lease and not stored: a change overtook them, or a transaction forbade it."""


# A signal handler, or a lease that the garbage collector gives back, may count while its thread is counting.
_lock = threading.RLock()
_counted: Counter[tuple[str, str]] = Counter()


def note(event: str, view: str, key: str) -> None:
    with _lock:
        _counted[view, event] += 1
    logger.debug("%s view=%s key=%s", event, view or "-", key)


def counts() -> dict[str, Counts]:
    """The counts of each view since this process began. Reads of keys that belong to no view are under ``""``."""
    with _lock:
        counted = dict(_counted)
    views = {view for view, _ in counted}
    return {
        view: Counts(**{event: number for (of, event), number in counted.items() if of == view})
        for view in sorted(views)
    }
