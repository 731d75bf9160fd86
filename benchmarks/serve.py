"""The server under load: many clients at the same time, against `predict` on the same texts.

python -m benchmarks.serve --model en --clients 200 --seconds 60

Three figures: how long a lone client waits; how much all clients together get when each asks again at once; how long
they wait when together they ask for a share of what `predict` tags on this machine. The clients run on it, too.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.machine import memory_kinds, processor
from benchmarks.ways import running_server
from bilstm_tagger.files.split import usable_cores

ROOT = Path(__file__).parent.parent
TEXTS = 2_000
LONGEST = 200  # tokens of a text
LONE = 300  # requests of the lone client


@dataclass
class Load:
    """What some clients saw.

    Attributes:
        seconds: that the load lasted.
        latencies: seconds of each request that was answered.
        tokens: in the answers.
        errors: what went wrong.
        memory: of the server's processes in bytes, in the order of time.
    """

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    tokens: int = 0
    errors: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """The seconds within which this share of the requests was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each load")
    parser.add_argument("--share", type=float, default=0.6, help="of the rate of predict that paced clients ask for")
    parser.add_argument("--workers", default="auto", help="of the server")
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    arguments = parser.parse_args()
    texts = made_texts(random.Random(0))
    rate = predict_rate(arguments.model, texts)
    print(
        f"{processor()}, {usable_cores()} cores; {len(texts)} texts of 1 to {LONGEST} tokens, model {arguments.model}"
    )
    print(f"predict: {rate:,.0f} tokens/s")
    figures: dict[str, Any] = {"predict": rate}
    with running_server("--model", arguments.model, "--workers", arguments.workers) as (server, address):
        load(address, texts, clients=10, requests=LONE)  # so that each process has seen most words
        lone = load(address, texts, clients=1, requests=LONE)
        print(f"lone client: median {1000 * lone.percentile(0.5):.1f} ms, p99 {1000 * lone.percentile(0.99):.1f} ms")
        figures["lone"] = lone.percentile(0.5)
        pace = arguments.clients * LONGEST / 2 / (arguments.share * rate)
        for name, interval in (("at once", 0.0), ("paced", pace)):
            seen = load(
                address, texts, clients=arguments.clients, seconds=arguments.seconds, interval=interval, pid=server.pid
            )
            figures[name] = told(name, seen, rate, lone)
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


def told(name: str, seen: Load, rate: float, lone: Load) -> dict[str, Any]:
    """Print what clients saw; the figures."""
    median, p99 = seen.percentile(0.5), seen.percentile(0.99)
    share = seen.tokens / seen.seconds / rate
    print(
        f"{name}: {len(seen.latencies):,} answers, {len(seen.errors)} errors; "
        f"{seen.tokens / seen.seconds:,.0f} tokens/s "
        f"({share:.2f} of predict); median {1000 * median:.0f} ms, p99 {1000 * p99:.0f} ms "
        f"({p99 / lone.percentile(0.5):.1f} times the lone median)"
    )
    print("  memory in MB, from begin to end: " + " ".join(f"{each / 1e6:.0f}" for each in seen.memory))
    for error in sorted(set(seen.errors))[:5]:
        print(f"  {error}")
    return {
        "answers": len(seen.latencies),
        "errors": len(seen.errors),
        "tokens_per_second": seen.tokens / seen.seconds,
        "share_of_predict": share,
        "median": median,
        "p99": p99,
        "memory": seen.memory,
    }


def made_texts(draw: random.Random) -> list[str]:
    """Texts of 1 to `LONGEST` tokens out of the running text of the sample corpus."""
    from bilstm_tagger.corpus import read_corpus

    documents = read_corpus(ROOT / "data" / "sample" / "en-train.conllu", {"upos": "UPOS"})
    sentences = [sentence.text for document in documents for sentence in document.sentences]
    words = [word for sentence in sentences for word in sentence.split()]
    texts = []
    for _ in range(TEXTS):
        size = draw.randint(1, LONGEST)
        first = draw.randrange(len(words) - LONGEST)
        texts.append(" ".join(words[first : first + max(1, size * 6 // 7)]))  # signs are tokens as well
    return texts


def predict_rate(model: str, texts: Sequence[str]) -> float:
    """Tokens per second of `predict` on the texts, as it tells them; loading is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "texts.txt")
        source.write_text("\n".join(texts * 5) + "\n", "utf-8")
        words = ["predict", str(source), "--input-format", "lines", "--model", model, "--output", folder, "--force"]
        run = subprocess.run(
            [sys.executable, "-m", "bilstm_tagger", *words], cwd=ROOT, capture_output=True, text=True, check=True
        )
    return float(re.findall(r"([\d,]+) tokens/s", run.stderr)[-1].replace(",", ""))


def load(
    address: str,
    texts: Sequence[str],
    *,
    clients: int,
    seconds: float = math.inf,
    requests: int | None = None,
    interval: float = 0.0,
    pid: int | None = None,
) -> Load:
    """Let clients ask for one text after the other.

    Args:
        address: of the server.
        texts: to tag, each client begins at another one.
        clients: at the same time, each with a connection of its own.
        seconds: that they ask.
        requests: of each client, if not as many as it can.
        interval: seconds from the begin of a request to that of the next.
        pid: of the server, to see its memory.
    """
    seen = Load()
    place = urlsplit(address).netloc
    requested = [_request(place, json.dumps({"text": text}).encode()) for text in texts]
    begin = time.monotonic()
    threads = [
        threading.Thread(target=_client, args=(address, requested, number, begin + seconds, requests, interval, seen))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if pid is not None:
            seen.memory.append(_memory(pid))
        threads[0].join(5.0)
        if not threads[0].is_alive():
            for thread in threads:
                thread.join()
    seen.seconds = time.monotonic() - begin
    return seen


def _request(place: str, body: bytes) -> bytes:
    """A request as it goes over the connection."""
    head = (
        f"POST /tag HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _client(
    address: str,
    requested: Sequence[bytes],
    number: int,
    end: float,
    requests: int | None,
    interval: float,
    seen: Load,
) -> None:
    place = urlsplit(address)
    connection: socket.socket | None = None
    draw = random.Random(number)
    due = time.monotonic() + draw.random() * interval
    asked = 0
    while time.monotonic() < end and (requests is None or asked < requests):
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        due += interval
        asked += 1
        try:
            if connection is None:
                connection = socket.create_connection((place.hostname, place.port), timeout=60)
            connection.sendall(requested[draw.randrange(len(requested))])
            status, content = _answer(connection)
        except OSError as error:
            seen.errors.append(f"{type(error).__name__}: {error}")
            connection = None
            continue
        if status != 200:
            seen.errors.append(f"{status} {content[:200]!r}")
            continue
        seen.latencies.append(time.monotonic() - began)
        seen.tokens += _tokens(content)


def _answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer; `http.client` takes several times as long, on the cores of the server."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _received(connection)
    head, _, body = received.partition(b"\r\n\r\n")
    parts, missing = [body], int(head.lower().partition(b"content-length:")[2].split(maxsplit=1)[0]) - len(body)
    while missing > 0:
        parts.append(_received(connection))
        missing -= len(parts[-1])
    return int(head[9:12]), b"".join(parts)


def _received(connection: socket.socket) -> bytes:
    received = connection.recv(262_144)
    if not received:
        raise ConnectionError("the server closed the connection")
    return received


def _tokens(answer: bytes) -> int:
    """Number of tokens in an answer, without reading all of it: one more than commas between offsets."""
    numbers = answer.partition(b'"start_char":[')[2].partition(b"]")[0]
    return numbers.count(b",") + 1 if numbers else 0


def _memory(pid: int) -> int:
    """Bytes that a process and those it has started take; what they share counts once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    return 1024 * memory_kinds(pid)["Pss"] + sum(_memory(int(child)) for child in children)


if __name__ == "__main__":
    main()
