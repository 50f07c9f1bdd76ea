"""Where the services are: from the environment, or from the stack that `deploy/local/up` has started."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def addresses(file: Path) -> dict[str, str]:
    """The names that the local stack writes down, with the environment before them."""
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line) | dict(os.environ)


def choice(name: str, default: str, *others: str) -> str:
    value = os.environ.get(name, default)
    if value not in (default, *others):
        allowed = ", ".join(repr(each) for each in (default, *others))
        raise ImproperlyConfigured(f"{name} is {value!r}; it can be {allowed}")
    return value


def database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must be postgres://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }
