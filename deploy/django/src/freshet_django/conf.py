"""The setting ``FRESHET``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .views import Configuration

_DEFAULTS: dict[str, Any] = {"CONFIG": None, "LEASE_TTL": 10.0, "WAIT": 1.0, "CACHE": "default"}


def setting(name: str) -> Any:
    given = getattr(settings, "FRESHET", {})
    if unknown := set(given) - set(_DEFAULTS):
        raise ImproperlyConfigured(
            f"FRESHET has no setting {', '.join(sorted(unknown))}; it has {', '.join(_DEFAULTS)}"
        )
    return given.get(name, _DEFAULTS[name])


def milliseconds(name: str) -> int:
    return int(float(setting(name)) * 1000)


def configuration() -> Configuration:
    """freshet's own file. It is read once in a process."""
    path = setting("CONFIG")
    if path is None:
        raise ImproperlyConfigured('FRESHET["CONFIG"] is missing; give it the path of freshet.yaml')
    return _read(Path(path))


def view_of(key: str) -> str:
    """The view that a key belongs to, or nothing."""
    return "" if setting("CONFIG") is None else configuration().view_of(key)


@lru_cache
def _read(path: Path) -> Configuration:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ImproperlyConfigured(
            f"freshet's configuration {path} cannot be read: {error.strerror}; "
            'give FRESHET["CONFIG"] the path of a freshet.yaml that this process may read'
        ) from error
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(
            f"freshet's configuration {path} is no UTF-8 at byte {error.start}; save it as UTF-8"
        ) from error
    return Configuration.parse(text, str(path))
