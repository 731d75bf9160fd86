"""A quick way through FastAPI for requests whose body is JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from bilstm_tagger.integrations.server.access import check_access
from bilstm_tagger.integrations.server.strict_route import StrictRoute, check_query


class JSONRoute(StrictRoute):
    """A guarded route whose endpoint takes `asked`, the body, and `request`, and nothing else.

    FastAPI describes it in the OpenAPI document as any other. Looking for what an endpoint depends on takes it longer
    than all else that is done for a request beside tagging, and here there is nothing to be looked for.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What is called for a request."""
        model: type[BaseModel] = get_type_hints(self.endpoint)["asked"]

        async def handle(request: Request) -> Response:
            check_access(request)
            check_query(request)
            try:
                body = await request.body()
            except ClientDisconnect:
                raise HTTPException(400, "the body is not complete") from None
            asked = _checked(model, body, request.headers.get("content-type", ""))
            answer: Response = await self.endpoint(asked=asked, request=request)
            return answer

        return handle


def _checked(model: type[BaseModel], body: bytes, content_type: str) -> BaseModel:
    """What is asked for.

    Raises:
        RequestValidationError: if it is not what the model describes.
        HTTPException: 400 if it cannot be read at all.
    """
    if not body:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": "Field required"}])
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        sent = f"is sent as {kind[:100]}" if kind else "has no Content-Type"
        message = f"the body {sent}; send JSON with the header Content-Type: application/json"
        raise RequestValidationError([{"type": "media_type", "loc": ("body",), "msg": message}])
    try:
        values = json.loads(body)
    except json.JSONDecodeError as error:
        told = {"type": "json_invalid", "loc": ("body", error.pos), "msg": "", "ctx": {"error": error.msg}}
        raise RequestValidationError([told]) from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise HTTPException(400, "the body cannot be read as JSON in UTF-8") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None
