from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from command_line import ENVIRONMENT, run

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.integrations.server.run import serve
from bilstm_tagger.tagging.tagger import Tagger

TEXT = "the boat left Turin in 1999 and Rain fell at 42 . " * 150  # takes a while


@contextmanager
def running(tagger: Tagger, folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`bilstm-tagger serve` as a process of its own, in a group of its own, and its host and port."""
    tagger.save(folder / "mine")
    words = ["serve", "--model", str(folder / "mine"), "--port", "0", "--timeout", "6", *options]
    line = [sys.executable, "-m", "bilstm_tagger", *words]
    with subprocess.Popen(line, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        address = re.search(r"serving mine at (http://127\.0\.0\.1:\d+)/ \(Ctrl-C stops it\)", told)
        try:
            assert address, told + process.stderr.read()
            yield process, urlsplit(address[1]).netloc
        finally:  # else a test that fails would wait for the server without end
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def ask(place: str, text: str) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection(place, timeout=60)
    connection.request("POST", "/tag", json.dumps({"text": text}), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("workers", [1, 2])
def test_slow_and_broken_clients_do_no_harm_and_a_signal_ends_all_in_order(
    tagger: Tagger, tmp_path: Path, workers: int
) -> None:
    """The signal goes to all processes, as from a service manager; what was taken is finished all the same."""
    with running(tagger, tmp_path, "--workers", str(workers), "--threads", "1") as (process, place):
        assert len(_workers(place)) == (workers if workers > 1 else 0)
        _end_in_order(process, place)


def _end_in_order(process: subprocess.Popen[str], place: str) -> None:
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
        os.killpg(process.pid, signal.SIGTERM)
        answers = [each.result() for each in taken]
    assert [status for status, _ in answers] == [200] * 4
    assert all(body["documents"][0]["text"] == TEXT for _, body in answers)  # type: ignore[index]
    assert process.wait(30) in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    assert process.stderr is not None
    assert process.stderr.read() == ""
    with pytest.raises(ConnectionError):
        ask(place, "a")


def _counts(place: str) -> str:
    connection = HTTPConnection(place, timeout=60)
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()


def _in_progress(place: str) -> float:
    return float(re.findall(r"^bilstm_tagger_requests_in_progress (\S+)", _counts(place), re.MULTILINE)[0])


def _workers(place: str) -> dict[int, float]:
    """Memory in bytes of the processes that tag, by their ids."""
    found = re.findall(
        r'^bilstm_tagger_worker_resident_memory_bytes\{pid="(\d+)"\} (\S+)', _counts(place), re.MULTILINE
    )
    return {int(process): float(size) for process, size in found}


def test_a_process_that_ends_is_replaced_and_if_it_cannot_be_the_server_ends(tagger: Tagger, tmp_path: Path) -> None:
    with running(tagger, tmp_path, "--workers", "2") as (process, place):
        before = _workers(place)
        assert len(before) == 2
        assert all(10_000_000 < size < 4_000_000_000 for size in before.values())
        with ThreadPoolExecutor(4) as threads:
            taken = [threads.submit(ask, place, TEXT) for _ in range(4)]
            while _in_progress(place) == 0 and not all(each.done() for each in taken):
                time.sleep(0.01)
            os.kill(min(before), signal.SIGKILL)
            answers = [each.result() for each in taken]
            told = "the process that worked for this request has ended; send less at a time or try again"
            assert {(status, body.get("detail")) for status, body in answers} <= {(200, None), (503, told)}
            while len(after := _workers(place)) < 2 or min(before) in after:
                list(threads.map(ask, [place] * 2, ["Ada came."] * 2))  # one of them notices if it had nothing to do
        assert len(after.keys() & before.keys()) == 1
        assert [ask(place, f"{n}")[0] for n in range(4)] == [200] * 4

        shutil.rmtree(tmp_path / "mine")
        os.kill(max(after), signal.SIGKILL)
        assert process.stderr is not None
        deadline = time.monotonic() + 60
        with ThreadPoolExecutor(2) as threads:  # two at a time, so that the one that was killed is given work, too
            while process.poll() is None and time.monotonic() < deadline:
                for each in [threads.submit(ask, place, "Ada came.") for _ in range(2)]:
                    with suppress(OSError, HTTPException):  # the server has ended
                        assert each.result()[0] in (200, 503)
        assert process.wait(1) == 1
        warning = "a process that tags has ended; another is started (if memory was short, use fewer --workers)"
        *warnings, error = process.stderr.read().splitlines()
        assert warnings == [f"warning: {warning}"] * 2
        assert error.startswith("error: ")
        assert "no such model folder" in error


def test_other_addresses_need_a_token() -> None:
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0 can be reached from elsewhere; set BILSTM_TAGGER_TOKEN"):
        serve({}, host="0.0.0.0", port=0)


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = f"cannot listen on 127.0.0.1, port {port}: Address already in use; choose another --host or --port"
        with pytest.raises(ConfigError) as error:
            serve({}, port=port)
    assert str(error.value) == told
    with pytest.raises(ConfigError, match="cannot listen on no-such-host"):
        serve({}, host="no-such-host", port=0, token="t")


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


@pytest.mark.parametrize(
    ("options", "cores", "workers"),
    [
        ([], 2, 2),
        ([], 1, 1),
        ([], 64, 8),
        (["--workers", "auto", "--threads", "4"], 8, 1),
        (["--device", "cuda"], 8, 1),
        (["--workers", "3", "--threads", "2"], 8, 3),
        (["--workers", "1"], 8, 1),
    ],
)
def test_processes_suit_the_cores(
    options: list[str], cores: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr("bilstm_tagger.files.split.usable_cores", lambda: cores)
    monkeypatch.setattr("bilstm_tagger.integrations.server.run.serve", lambda loaders, **given: asked.update(given))
    assert run("serve", *options).exit_code == 0
    assert asked["workers"] == workers


@pytest.mark.parametrize("workers", ["0", "many", "1000"])
def test_a_number_of_processes_that_is_none(workers: str) -> None:
    result = run("serve", "--workers", workers)
    assert result.exit_code == 2
    assert "neither auto nor a number from 1 to 256" in " ".join(result.stderr.replace("│", " ").split())
