"""Routes that refuse what they do not know: methods, and names in the query or the form of a request."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from bilstm_tagger.errors import choose


class StrictRoute(APIRoute):
    """A route that answers 405 to methods that it does not have; the files of the page, which lie under the same root,
    would answer that there is no such file.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the path is that of the route, whatever the method."""
        match, found = super().matches(scope)
        return Match.FULL if match is Match.PARTIAL else match, found


def check_query(request: Request) -> None:
    """Refuses any name in the query, for no route reads one.

    Raises:
        RequestValidationError: naming it.
    """
    for name in request.query_params:
        raise _unknown("query", f"{name!r} stands behind the address, where nothing is read; send it in the body")


async def check_names(request: Request) -> None:
    """Refuses names in the query and the form of a request that its route does not know.

    Raises:
        RequestValidationError: naming the first one, and the nearest name that the form has.
    """
    check_query(request)
    route: APIRoute = request.scope["route"]
    known = [field.alias for field in route.dependant.body_params]
    given: Iterable[str] = await request.form()  # which FastAPI has read before
    for name in given:
        if name not in known:
            raise _unknown("body", f"no {name!r}; {choose(name, known)}")


def _unknown(place: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": "unknown", "loc": (place,), "msg": message}])
