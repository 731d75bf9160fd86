from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from starlette.testclient import TestClient

from bilstm_tagger.integrations.server.limits import Limits


def test_every_answer_is_described(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/tag", "/files", "/export", "/models", "/health", "/metrics"}
    for path in ("/tag", "/files", "/export"):
        assert {"200", "401", "404", "408", "413", "422", "429", "503"} <= set(paths[path]["post"]["responses"])
    problem = paths["/tag"]["post"]["responses"]["422"]["content"]["application/json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/Problem"}


def test_a_method_that_a_route_does_not_have(client: TestClient) -> None:
    routes = {
        "/tag": "POST",
        "/files": "POST",
        "/export": "POST",
        "/models": "GET",
        "/health": "GET",
        "/metrics": "GET",
    }
    for path, known in routes.items():
        for method in {"GET", "POST", "PUT", "DELETE"} - {known}:
            answer = client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, known), (method, path)
    assert client.get("/tags").status_code == 404
    assert client.get("/health", params={"at": "1"}).status_code == 200, "as monitors ask"


def test_no_page_is_loaded_from_elsewhere(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404
    for name in ("", "app.js", "api.js", "documents.js", "view.js", "words.js", "edit.js", "colours.js", "style.css"):
        answer = client.get(f"/{name}")
        assert answer.status_code == 200
        assert "https://" not in answer.text
        assert "http://" not in answer.text
        for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", " style=", " onclick="):
            assert way not in answer.text, (name, way)


def test_nothing_that_is_made_up_breaks_the_server(client_of: Callable[..., TestClient]) -> None:
    """Schemathesis asks what the OpenAPI document allows, and what it does not; no answer may be a fault."""
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable

    client = client_of(limits=Limits(body_bytes=20_000, characters=2_000))
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app, headers={"Host": "localhost"})
    few = settings(
        max_examples=5,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seen: dict[str, set[int]] = {}

    def ask(case: Any) -> None:
        answer = case.call(session=client, headers={"Host": "localhost"})
        seen.setdefault(case.operation.path, set()).add(answer.status_code)
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)
        if answer.status_code >= 400:
            assert isinstance(json.loads(answer.content)["detail"], str)

    for operation in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            test = given(operation.ok().as_strategy(generation_mode=mode))(ask)
            with suppress(Unsatisfiable):  # nothing can be wrong with an operation without parameters
                few(test)()
    assert 200 in seen["/tag"]
    assert 422 in seen["/tag"]
    assert set(seen) == {"/tag", "/files", "/export", "/models", "/health", "/metrics"}
