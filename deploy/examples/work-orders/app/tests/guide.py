"""The diff that GUIDE.md shows: the app with its signal handlers, and with freshet, made from the app's own files."""

import ast
import difflib
from pathlib import Path

from django.conf import settings

CHANGED = ("shop/settings.py", "workorder/apps.py", "workorder/cached.py")
DELETED = "workorder/before.py"

# How the app chooses between the two; a team has one of them.
CHOICE = ("FRESHET_BEFORE", "BACKENDS", "leased, stock")
ONLY_AFTER = "FRESHET"


def diff() -> str:
    files = [(name, *(_without_choice(_read(name), before) for before in (True, False))) for name in CHANGED]
    return "".join(_unified(*each) for each in [*files, (DELETED, _read(DELETED), "")])


def _read(name: str) -> str:
    return (Path(settings.BASE_DIR) / name).read_text()


def _unified(name: str, before: str, after: str) -> str:
    lines = (text.splitlines(keepends=True) for text in (before, after))
    return "".join(difflib.unified_diff(*lines, f"a/{name}", f"b/{name}" if after else "/dev/null", n=1))


def _without_choice(source: str, before: bool) -> str:
    """The file as it is for one of the two: what FRESHET_BEFORE chooses is chosen."""
    lines = source.splitlines()
    edits: list[tuple[int, int, list[str]]] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef(body=[ast.If(orelse=[]) as only]) if _chooses(only) and not before:
                # With the blank line above it.
                edits.append((node.lineno - 2, node.end_lineno, []))
            case ast.If() if _chooses(node):
                chosen = node.body if before else node.orelse
                kept = lines[chosen[0].lineno - 1 : chosen[-1].end_lineno] if chosen else []
                inner = node.body[0].col_offset - node.col_offset
                edits.append((node.lineno - 1, node.end_lineno, [line[inner:] for line in kept]))
            case ast.Assign(targets=[target]) if _goes(ast.unparse(target), before):
                first = node.lineno - 1
                while lines[first - 1].startswith("#"):
                    first -= 1
                edits.append((first, node.end_lineno, []))
    outer = [edit for edit in edits if not any(each[0] < edit[0] and edit[1] <= each[1] for each in edits)]
    for first, end, text in sorted(outer, reverse=True):
        lines[first:end] = text
    leased, stock = settings.BACKENDS["django"]
    text = "\n".join(lines) + "\n"
    return text.replace("stock if FRESHET_BEFORE else leased", f'"{stock if before else leased}"')


def _chooses(node: ast.If) -> bool:
    return "FRESHET_BEFORE" in ast.unparse(node.test)


def _goes(target: str, before: bool) -> bool:
    return target.strip("()") in CHOICE or (before and target == ONLY_AFTER)
