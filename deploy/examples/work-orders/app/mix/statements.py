"""How many statements an answer took: the header X-Statements."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]


def counted(answer: Answer) -> Answer:
    def counting(request: HttpRequest) -> HttpResponse:
        statements = 0

        def execute(then: Callable[..., Any], *args: Any) -> Any:
            nonlocal statements
            statements += 1
            return then(*args)

        with connection.execute_wrapper(execute):
            response = answer(request)
        response.headers["X-Statements"] = str(statements)
        return response

    return counting
