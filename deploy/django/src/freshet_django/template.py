"""A key with holes: ``dept_workload:{department_id}``, a parameter: ``x:{:a}``, or a hash of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_PARAMETER = re.compile(r":([A-Za-z0-9_]+)")
_MD5_8 = re.compile(r"md5_8\(\s*(:\w+(?:\s*,\s*:\w+)*)\s*\)", re.ASCII)


class TemplateError(ValueError):
    pass


@dataclass(frozen=True)
class Hole:
    """What stands between two literals: a row's value, a reader's parameter, or the hash of several parameters."""

    names: tuple[str, ...]
    is_parameter: bool = False
    hashed: bool = False

    def spell(self, values: Mapping[str, Any]) -> str:
        if self.hashed:
            return md5_8(*(values.get(name) for name in self.names))
        (name,) = self.names
        if self.is_parameter:
            return _spell(values.get(name))
        if values.get(name) is None:
            # A null column fills no hole: freshet deletes no such key, so none may be written.
            raise ValueError(f"nothing fills the hole {name!r}; a key needs a value for each hole")
        return str(values[name])


@dataclass(frozen=True)
class Template:
    """Literals and the holes between them. There is a literal more than there are holes."""

    literals: list[str]
    holes: list[Hole]

    @classmethod
    def parse(cls, text: str) -> Template:
        literals, holes = [""], []
        for token in _TOKEN.split(text):
            if token in ("{{", "}}"):
                literals[-1] += token[0]
            elif token in ("{", "}"):
                raise TemplateError(f"a brace in the key {text!r} has no partner; a literal brace is doubled")
            elif token.startswith("{"):
                holes.append(_hole(token[1:-1], text))
                literals.append("")
            else:
                literals[-1] += token
        return cls(literals, holes)

    @property
    def names(self) -> list[str]:
        return [name for hole in self.holes for name in hole.names]

    @property
    def has_parameters(self) -> bool:
        return any(hole.is_parameter for hole in self.holes)

    def spell(self, values: Mapping[str, Any]) -> str:
        key = self.literals[0]
        for hole, literal in zip(self.holes, self.literals[1:], strict=True):
            key += hole.spell(values) + literal
        return key

    def regex(self) -> str:
        """A hole ends before the character behind it, or, at the end of a key, before the one that stands before it."""
        regex = re.escape(self.literals[0])
        for index, literal in enumerate(self.literals[1:]):
            end = literal[:1] or self.literals[index][-1:]
            regex += (f".[^{re.escape(end)}]*" if end else ".+") + re.escape(literal)
        return regex


def _hole(inner: str, text: str) -> Hole:
    if match := _MD5_8.fullmatch(inner.strip()):
        names = [name.strip().removeprefix(":") for name in match[1].split(",")]
        return Hole(tuple(names), is_parameter=True, hashed=True)
    if match := _PARAMETER.fullmatch(inner.strip()):
        return Hole((match[1],), is_parameter=True)
    if not _NAME.fullmatch(inner):
        raise TemplateError(
            f"{{{inner}}} in the key {text!r} is no hole; write {{name}}, or under a family {{:name}} or "
            "{md5_8(:one, :other)}"
        )
    return Hole((inner,))


def _spell(value: Any) -> str:
    """A parameter as it stands in a key: freshet spells null, which absent, empty and 0 are, as the empty text."""
    return str(value) if value else ""


def md5_8(*values: Any) -> str:
    """
    The first 8 hexadecimal digits of ``md5(f"{a or ''}:{b or ''}")``.

    So None, the empty text and the number 0 share a key, and the text "0" has its own.
    """
    text = ":".join(map(_spell, values))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8]


def canonical(value: Any) -> int | str | None:
    """
    A parameter as it is registered. Values that share a key are one: what is absent, empty or 0 is null.

    An integer stays one, and all else is the text that its key is made from. So the key follows from what is
    registered.
    """
    if not value:
        return None
    return value if type(value) is int else str(value)
