from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from server_under_test import TEXTS
from starlette.testclient import TestClient

from bilstm_tagger.corpus.formats.jsonl import to_record
from bilstm_tagger.document.probable import keep_probable
from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.tagging.tagger import Tagger


def plain(value: Any) -> Any:
    """As JSON gives it back."""
    return json.loads(json.dumps(value))


def test_tags_and_probabilities_are_those_of_the_tagger_to_the_last_digit(
    client: TestClient, tagger: Tagger, named: str
) -> None:
    texts = [*TEXTS, named]
    answer = client.post("/tag", json={"texts": texts, "probabilities": True})
    assert answer.status_code == 200
    expected = [plain(to_record(document)) for document in tagger.pipe(texts, probabilities=True)]
    assert answer.json() == {"model": "tiny", "documents": expected}
    assert any(span["probability"] for document in expected for span in document["spans"])


@pytest.mark.parametrize("text", TEXTS)
def test_one_text_is_answered_as_predict_writes_it(client: TestClient, tagger: Tagger, text: str) -> None:
    answer = client.post("/tag", json={"text": text})
    assert answer.json()["documents"] == [plain(to_record(tagger(text)))]


def test_offsets_count_characters(client: TestClient) -> None:
    text = TEXTS[4]
    document = client.post("/tag", json={"text": text}).json()["documents"][0]
    tokens = [text[a:b] for a, b in zip(document["start_char"], document["end_char"], strict=True)]
    assert tokens == document["tokens"]
    assert "😀" in tokens


def test_alternatives_and_best_sequences_are_those_of_the_tagger(
    client: TestClient, tagger: Tagger, named: str
) -> None:
    asked = {"text": named, "probabilities": True, "alternatives": 3, "n_best": 4}
    answer = client.post("/tag", json=asked).json()["documents"][0]
    document = tagger(named, probabilities=True, n_best=4)
    for task in document.tasks:
        for token, told in enumerate(answer["alternatives"][task]):
            known = document.probabilities[task].of_token(token)
            assert list(told.values()) == [round(share, 6) for share in list(known.values())[:3]]
            assert all(round(known[tag], 6) == share for tag, share in told.items())
        best = document.probabilities[task].n_best
        assert best is not None
        assert answer["n_best"][task] == [
            [{"probability": round(each.probability, 6), "tags": each.tags} for each in sentence] for sentence in best
        ]
        assert [tag for sentence in answer["n_best"][task] for tag in sentence[0]["tags"]] == answer["tags"][task]
    for span, known_span in zip(answer["spans"], document.spans, strict=True):
        known = known_span.alternatives or {}
        assert span["alternatives"] == {label: round(share, 6) for label, share in list(known.items())[:3]}


def test_improbable_names_are_left_out(client: TestClient, tagger: Tagger, named: str) -> None:
    document = tagger(named, probabilities=True)
    shares = sorted(span.probability or 0.0 for span in document.spans)
    least = shares[-1]
    answer = client.post("/tag", json={"text": named, "min_probability": least}).json()["documents"][0]
    assert answer["tags"] == keep_probable(document, least).tags
    assert 0 < len(answer["spans"]) < len(shares)
    assert "probabilities" not in answer
    assert all("probability" not in span for span in answer["spans"])


def test_many_clients_at_once_get_their_own(client: TestClient, tagger: Tagger) -> None:
    texts = [f"Ada {n} left London for {'Leeds ' * (n % 7)}." for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda text: client.post("/tag", json={"text": text}), texts))
    assert [each.json()["documents"][0]["text"] for each in answers] == texts
    assert [each.json()["documents"][0]["tags"] for each in answers] == [each.tags for each in tagger.pipe(texts)]
    counts = client.get("/metrics").text
    assert 'bilstm_tagger_requests_total{path="/tag",status="200"} 40.0' in counts
    tokens = sum(len(each.json()["documents"][0]["tokens"]) for each in answers)
    assert f'bilstm_tagger_tokens_total{{model="tiny"}} {tokens:.1f}' in counts
    assert f'bilstm_tagger_batch_tokens_sum{{model="tiny"}} {tokens:.1f}' in counts
    assert "bilstm_tagger_requests_in_progress 0.0" in counts


def test_models_are_told_and_chosen(client_of: Callable[..., TestClient], tagger: Tagger) -> None:
    client = client_of(taggers={"one": tagger, "two": tagger})
    told = client.get("/models").json()
    assert [model["name"] for model in told["models"]] == ["one", "two"]
    tasks = told["models"][0]["tasks"]
    assert list(tasks) == tagger.tasks
    assert tasks["ner"] == {"spans": True, "labels": sorted({tag[2:] for tag in tagger.vocab.tags["ner"]} - {""})}
    assert tasks["upos"] == {"spans": False, "labels": list(tagger.vocab.tags["upos"])}
    assert client.post("/tag", json={"text": "a", "model": "two"}).json()["model"] == "two"
    assert client.post("/tag", json={"text": "a"}).json()["model"] == "one"
    answer = client.post("/tag", json={"text": "a", "model": "three"})
    assert (answer.status_code, answer.json()["detail"]) == (404, "no model 'three' is served; there are: one, two")


@pytest.mark.parametrize(
    ("headers", "what"),
    [
        ({}, "has no Content-Type"),
        ({"Content-Type": "text/plain; charset=utf-8"}, "is sent as text/plain"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "is sent as application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.parametrize("route", ["/tag", "/export"])
def test_a_body_that_is_not_declared_as_json(
    client: TestClient, route: str, headers: dict[str, str], what: str
) -> None:
    answer = client.post(route, content=b'{"text": "a"}', headers=headers)
    told = f"the body {what}; send JSON with the header Content-Type: application/json"
    assert (answer.status_code, answer.json()) == (422, {"detail": told})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"text": "a"', "the body is not JSON"),
        (b"", "field required"),
        (b"{}", "give either text or texts"),
        (b'{"text": "a", "texts": []}', "give either text or texts"),
        (b'{"text": 1}', "text: input should be a valid string"),
        (b'{"texts": ["a", null]}', "texts.1: input should be a valid string"),
        (b'{"text": "a", "lable": 1}', "the body: no 'lable'; known: text, texts, model, "),
        (b'{"text": "a", "probabilties": true}', "the body: no 'probabilties'; did you mean 'probabilities'? known"),
        (b'{"text": "a", "n_best": 11}', "n_best: input should be less than or equal to 10"),
        (b'{"text": "a", "min_probability": NaN}', "min_probability: input should be"),
        (b'{"text": "a", "min_probability": "0.5"}', "min_probability: input should be a valid number"),
        (b'{"text": "a", "n_best": true}', "n_best: input should be a valid integer"),
        (b'{"text": "a", "alternatives": "3"}', "alternatives: input should be a valid integer"),
        (b'{"text": "a", "probabilities": 1}', "probabilities: input should be a valid boolean"),
        (b'{"text": "\\ud800"}', "the text holds half a character"),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(client: TestClient, body: bytes, told: str) -> None:
    answer = client.post("/tag", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    detail = answer.json()["detail"]
    assert isinstance(detail, str)
    assert told in detail
    assert "\n" not in detail


def test_limits_of_size(client_of: Callable[..., TestClient]) -> None:
    client = client_of(limits=Limits(body_bytes=2_000, characters=100, texts=3))
    for body, told in (
        ({"text": "a" * 101}, "101 characters of text in one request; at most 100 are allowed"),
        ({"texts": ["a" * 60, "b" * 60]}, "120 characters of text in one request; at most 100 are allowed"),
        ({"texts": ["a"] * 4}, "4 texts in one request; at most 3 are allowed"),
        ({"text": "a" * 3_000}, "the body is larger than 2,000 bytes; send it in parts"),
    ):
        answer = client.post("/tag", json=body)
        assert (answer.status_code, answer.json()["detail"]) == (413, told)
    chunks = (b"x" * 1_000 for _ in range(5))  # of no told length
    answer = client.post("/tag", content=chunks, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["detail"]) == (
        413,
        "the body is larger than 2,000 bytes; send it in parts",
    )
    assert client.post("/tag", json={"text": "a" * 100}).status_code == 200


class SlowTagger(Tagger):
    """Waits before it tags."""

    gate: threading.Event

    def pipe(self, *arguments: Any, **options: Any) -> Any:
        assert self.gate.wait(30)
        return super().pipe(*arguments, **options)


@pytest.fixture
def slow(tagger: Tagger) -> SlowTagger:
    slow = SlowTagger(tagger.info, tagger.runtime)
    slow.gate = threading.Event()
    return slow


def test_more_than_may_wait_are_refused_and_then_taken_again(
    client_of: Callable[..., TestClient], slow: SlowTagger
) -> None:
    client = client_of(taggers={"slow": slow}, limits=Limits(waiting=3))
    with ThreadPoolExecutor(3) as threads:
        taken = [threads.submit(client.post, "/tag", json={"text": "a"}) for _ in range(3)]
        while "bilstm_tagger_requests_in_progress 3.0" not in client.get("/metrics").text:
            time.sleep(0.01)
        answer = client.post("/tag", json={"text": "a"})
        assert answer.status_code == 429
        assert answer.json()["detail"] == "3 requests are waiting already; try again in a second"
        assert answer.headers["retry-after"] == "1"
        assert client.get("/health").status_code == 200
        slow.gate.set()
        assert [each.result().status_code for each in taken] == [200, 200, 200]
    assert client.post("/tag", json={"text": "a"}).status_code == 200


def test_what_takes_too_long_is_ended(client_of: Callable[..., TestClient], slow: SlowTagger) -> None:
    client = client_of(taggers={"slow": slow}, limits=Limits(seconds=0.1))
    answer = client.post("/tag", json={"text": "a"})
    assert answer.status_code == 503
    assert answer.json()["detail"] == ("the answer took longer than 0.1 seconds; send less text at a time or try again")
    slow.gate.set()


def test_other_hosts_sites_and_clients_without_the_token_are_refused(client_of: Callable[..., TestClient]) -> None:
    client = client_of(token="geheim-ü")
    for headers in ({}, {"Authorization": "Bearer falsch"}, {"Authorization": "Basic geheim"}):
        for method, path in (("POST", "/tag"), ("POST", "/export"), ("GET", "/models"), ("GET", "/metrics")):
            answer = client.request(method, path, json={"text": "a"} if method == "POST" else None, headers=headers)
            assert answer.status_code == 401, path
            assert "Authorization: Bearer TOKEN" in answer.json()["detail"]
    right = {"Authorization": "Bearer geheim-ü".encode()}
    assert client.post("/tag", json={"text": "a"}, headers=right).status_code == 200
    assert client.get("/health").status_code == 200
    assert client.get("/health", headers={"Host": "evil.example"}).status_code == 400
    own = {**right, "Origin": "http://localhost"}
    other = {**right, "Origin": "http://evil.example"}
    assert client.post("/tag", json={"text": "a"}, headers=own).status_code == 200
    answer = client.post("/tag", json={"text": "a"}, headers=other)
    assert (answer.status_code, answer.json()["detail"]) == (403, "pages of other sites may not use this server")
    assert "access-control-allow-origin" not in answer.headers


def test_hosts_can_be_named(client_of: Callable[..., TestClient]) -> None:
    client = client_of(allowed_hosts=["tagger.example"])
    assert client.get("/health", headers={"Host": "tagger.example:8000"}).status_code == 200
    assert client.get("/health").status_code == 400


def test_every_answer_forbids_scripts_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/app.js", "/health", "/nothing", "/tag"):
        policy = client.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
        assert "unsafe" not in policy
