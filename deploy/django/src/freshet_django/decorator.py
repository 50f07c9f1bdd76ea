"""Functions whose results are cached as values of a view."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar, cast

from django.core.cache.backends.base import DEFAULT_TIMEOUT

from . import conf
from .api import aget_or_set, get_or_set
from .views import View

P = ParamSpec("P")
T = TypeVar("T")


def cached(
    view: str, *, timeout: Any = DEFAULT_TIMEOUT, cache_none: bool = False
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """
    Caches what a function returns, as a value of the view. A coroutine function stays one.

    The function's arguments are named like the holes of the view's key, and fill them: one more would not be in the
    key, so calls that differ in it would share a value. Where the two differ, decorating raises TypeError; it reads
    ``FRESHET["CONFIG"]`` for that. None says that there is no value, and is stored only with `cache_none`. The
    function without the cache is its ``__wrapped__``.
    """
    if not isinstance(view, str):
        raise TypeError('@cached needs the name of a view: write @cached("name_of_the_view")')

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)
        _check_arguments(function.__name__, signature, conf.configuration().view(view))

        def holes(*args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return bound.arguments

        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                compute = partial(function, *args, **kwargs)
                return await aget_or_set(view, holes(*args, **kwargs), compute, timeout=timeout, cache_none=cache_none)

            return cast(Callable[P, T], awaited)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            compute = partial(function, *args, **kwargs)
            return get_or_set(view, holes(*args, **kwargs), compute, timeout=timeout, cache_none=cache_none)

        return called

    return decorate


def _check_arguments(function: str, signature: inspect.Signature, view: View) -> None:
    of_many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    single = [name for name, parameter in signature.parameters.items() if parameter.kind not in of_many]
    holes = view.holes()
    if unfilled := [name for name in holes if name not in single]:
        raise TypeError(
            f"{function} has no argument {_listed(unfilled)}, a hole in the key of the view {view.name}; "
            f"its arguments must be {_listed(holes)}"
        )
    if unused := [name for name in signature.parameters if name not in holes]:
        raise TypeError(
            f"{function}'s argument {_listed(unused)} fills no hole in the key of the view {view.name}, so calls that "
            f"differ in it would share a value; its arguments must be {_listed(holes)}"
        )


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
