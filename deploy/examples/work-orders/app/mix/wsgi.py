"""The example app, whose values take a while to compute."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.wsgi import get_wsgi_application

from mix.plan import READS

COMPUTING = 0.04
"""Seconds beside the statements, as on a larger database, or on one that other machines keep busy."""


def _slow(compute: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(compute)
    def computed(*args: object) -> Any:
        value = compute(*args)
        time.sleep(COMPUTING)
        return value

    return computed


application = get_wsgi_application()

from workorder import statistics  # noqa: E402 The models are there once Django is set up.

for view in READS:
    setattr(statistics, view, _slow(getattr(statistics, view)))
