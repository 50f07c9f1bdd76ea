"""The views, their keys and the groups of ``freshet.yaml``, as far as a reader needs them."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured

from .template import Template, TemplateError, canonical


@dataclass(frozen=True)
class View:
    """A view: which names are its keys, and how one of them is spelled."""

    name: str
    family: str | None
    template: Template | None

    def key(self, values: Mapping[str, Any]) -> str:
        """The key as the application writes it, without the cache's prefix and version."""
        template = self._key_template()
        self.check(values)
        return template.spell(values)

    def holes(self) -> list[str]:
        """The names of the key's holes, in its order."""
        return self._key_template().names

    def _key_template(self) -> Template:
        if self.template is None:
            raise ValueError(
                f"the view {self.name} is the declared family {self.family}* without a key; "
                "name the key yourself, with cache.get_or_set"
            )
        return self.template

    def check(self, names: Iterable[str]) -> None:
        holes = self.template.names if self.template is not None else []
        for name in names:
            if name not in holes:
                raise ValueError(f"the view {self.name} has no hole {name!r}{_has(name, holes)}")

    @property
    def has_parameters(self) -> bool:
        return self.template is not None and self.template.has_parameters

    def parameters(self, values: Mapping[str, Any]) -> str:
        """The canonical JSON of a set of parameters: an array in the order in which the key names them."""
        if self.template is None or not self.has_parameters:
            raise ValueError(f"the view {self.name} has no parameters, so there is nothing to register")
        self.check(values)
        row = [canonical(values.get(name)) for name in self.template.names]
        return json.dumps(row, ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the names that are keys of this view, and no others."""
        if self.family is not None:
            return re.compile(re.escape(self.family) + ".*", re.DOTALL)
        assert self.template is not None
        return re.compile(self.template.regex(), re.DOTALL)

    @cached_property
    def glob(self) -> str:
        """For ``SCAN``: wider than `pattern`, which decides."""
        if self.family is not None:
            return escape_glob(self.family) + "*"
        assert self.template is not None
        return "*".join(escape_glob(literal) for literal in self.template.literals)


@dataclass(frozen=True)
class Configuration:
    views: dict[str, View]
    groups: dict[str, list[str]]
    key_format: str
    path: str = field(default="freshet.yaml")

    @classmethod
    def parse(cls, text: str, path: str) -> Configuration:
        try:
            content = yaml.safe_load(text) or {}
            views = {str(name): _view(str(name), view) for name, view in content["views"].items()}
            groups = {str(name): list(group) for name, group in (content.get("invalidate") or {}).items()}
            key_format = str((content.get("redis") or {}).get("key_format", "{}"))
        except yaml.YAMLError as error:
            raise ImproperlyConfigured(
                f"{path} is no YAML: {error}\nMend it there; `freshet check` says all that is wrong with it"
            ) from error
        except TemplateError as error:
            raise ImproperlyConfigured(f"{path}: {error}") from error
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A ValueError is PyYAML's, of a date that is none.
            raise ImproperlyConfigured(
                f"{path} is no configuration of freshet ({error!r}); `freshet check` says what is wrong"
            ) from error
        return cls(views, groups, key_format, path)

    def view(self, name: str) -> View:
        try:
            return self.views[name]
        except KeyError:
            raise ValueError(f"{self.path} has no view {name!r}{_has(name, self.views)}") from None

    def view_or_group(self, name: str) -> list[View]:
        if name in self.views:
            return [self.views[name]]
        if name in self.groups:
            return [self.view(view) for view in self.groups[name]]
        known = [*self.views, *self.groups]
        raise ValueError(f"{self.path} has no view and no group {name!r}{_has(name, known)}")

    def view_of(self, key: str) -> str:
        return next((name for name, view in self.views.items() if view.pattern.fullmatch(key)), "")


def escape_glob(literal: str) -> str:
    return re.sub(r"([*?\[\]\\])", r"\\\1", literal)


def _view(name: str, content: Mapping[str, Any]) -> View:
    family, key = content.get("family"), content.get("key")
    if family is None and key is None:
        raise TemplateError(f"the view {name} has neither a key nor a family")
    prefix = None if family is None else family.removesuffix("*").replace("{{", "{").replace("}}", "}")
    template = None if key is None else Template.parse(key)
    if template is not None and template.has_parameters and family is None:
        raise TemplateError(
            f"the key {key!r} of the view {name} has parameters, which no row fills; add the family that its keys are "
            f'in, such as family: "{template.literals[0] or name + ":"}*"'
        )
    return View(name, prefix, template)


def _has(name: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; it has {', '.join(known)}" if known else ""
