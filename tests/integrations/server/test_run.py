from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from command_line import ENVIRONMENT, run

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.integrations.server.run import serve
from bilstm_tagger.tagging.tagger import Tagger

TEXT = "the boat left Turin in 1999 and Rain fell at 42 . " * 150  # takes a while


@pytest.fixture
def running(tagger: Tagger, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`bilstm-tagger serve` as a process of its own, and its host and port."""
    tagger.save(tmp_path / "mine")
    words = ["serve", "--model", str(tmp_path / "mine"), "--port", "0", "--timeout", "6", "--threads", "1"]
    line = [sys.executable, "-m", "bilstm_tagger", *words]
    with subprocess.Popen(line, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        address = re.search(r"serving mine at (http://127\.0\.0\.1:\d+)/ \(Ctrl-C stops it\)", told)
        assert address, told + process.stderr.read()
        yield process, urlsplit(address[1]).netloc
        process.kill()


def ask(place: str, text: str) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection(place, timeout=60)
    connection.request("POST", "/tag", json.dumps({"text": text}), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_slow_and_broken_clients_do_no_harm_and_a_signal_ends_all_in_order(
    running: tuple[subprocess.Popen[str], str],
) -> None:
    process, place = running
    host, port = place.split(":")
    started = b"POST /tag HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    slow = [socket.create_connection((host, int(port))) for _ in range(20)]
    for each in slow:
        each.sendall(started)
    for junk in (b"\x16\x03\x01junk\r\n\r\n", b"GET /" + b"a" * 100_000, b"POST /tag HTTP/1.1\r\nHost: a b\r\n\r\n"):
        with socket.create_connection((host, int(port))) as broken:
            broken.sendall(junk)
    gone = socket.create_connection((host, int(port)))
    gone.sendall(started)
    gone.close()
    assert ask(place, "Ada came.")[0] == 200
    for each in slow:
        each.settimeout(30)
        answer = b""
        while piece := each.recv(1000):
            answer += piece
        assert answer.startswith(b"HTTP/1.1 408")
        assert answer.endswith(b'{"detail":"the body did not arrive within 6 seconds; send it faster or in parts"}')
    with ThreadPoolExecutor(4) as threads:
        taken = [threads.submit(ask, place, TEXT) for _ in range(4)]
        while _in_progress(place) == 0 and not all(each.done() for each in taken):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        answers = [each.result() for each in taken]
    assert [status for status, _ in answers] == [200] * 4
    assert all(body["documents"][0]["text"] == TEXT for _, body in answers)  # type: ignore[index]
    assert process.wait(30) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    assert process.stderr is not None
    assert process.stderr.read() == ""
    with pytest.raises(ConnectionError):
        ask(place, "a")


def _in_progress(place: str) -> float:
    connection = HTTPConnection(place, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    return float(re.findall(r"^bilstm_tagger_requests_in_progress (\S+)", text, re.MULTILINE)[0])


def test_other_addresses_need_a_token(tagger: Tagger) -> None:
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0 can be reached from elsewhere; set BILSTM_TAGGER_TOKEN"):
        serve({"tiny": tagger}, host="0.0.0.0", port=0)


def test_a_port_that_is_taken_is_told_in_one_line(tagger: Tagger) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = f"cannot listen on 127.0.0.1, port {port}: Address already in use; choose another --host or --port"
        with pytest.raises(ConfigError) as error:
            serve({"tiny": tagger}, port=port)
    assert str(error.value) == told
    with pytest.raises(ConfigError, match="cannot listen on no-such-host"):
        serve({"tiny": tagger}, host="no-such-host", port=0, token="t")


def test_models_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    for module in [name for name in sys.modules if name.startswith("bilstm_tagger.integrations.server.")]:
        monkeypatch.delitem(sys.modules, module)
    result = run("serve")
    assert (result.exit_code, result.stderr) == (
        1,
        "error: the server needs fastapi: pip install 'bilstm-tagger[serve]'\n",
    )
    result = run("serve", "--model", "a/mine", "--model", "b/mine")
    assert result.exit_code == 2
    assert "give each model another name, NAME=FOLDER" in " ".join(result.stderr.replace("│", " ").split())
    from bilstm_tagger.cli.serve import model_names

    assert model_names(["en", "models/mine/", "x=models/mine"]) == {
        "en": "en", "mine": "models/mine/", "x": "models/mine",
    }  # fmt: skip
