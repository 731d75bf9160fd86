"""Who may ask: those with the token, and no pages of other sites."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

TOKEN_VARIABLE = "BILSTM_TAGGER_TOKEN"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_bearer = HTTPBearer(auto_error=False, description=f"The value of {TOKEN_VARIABLE}, where the server has one.")


async def authorised(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    """`check_access` as FastAPI calls it, which describes the token in the OpenAPI document.

    Raises:
        HTTPException: 401 or 403.
    """
    check_access(request)


def check_access(request: Request) -> None:
    """Refuses a request without the token, and one that the page of another site makes.

    Raises:
        HTTPException: 401 or 403.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise HTTPException(403, "pages of other sites may not use this server")
    token: str | None = request.app.state.token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if token is not None and not (
        scheme.lower() == "bearer" and secrets.compare_digest(given.strip().encode("latin-1"), token.encode())
    ):
        detail = "the token is missing or wrong; send the header 'Authorization: Bearer TOKEN'"
        raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})
