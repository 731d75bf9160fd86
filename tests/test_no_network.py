"""Nothing is fetched and nothing is told: no socket is opened by an import, a training, or tagging."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tiny import sentences, write_conll

CLOSED = """
import socket, sys, tempfile
from pathlib import Path

def closed(*arguments, **named):
    raise AssertionError(f"a socket was opened: {arguments}")

class Closed(socket.socket):
    def connect(self, address): closed(address)
    def connect_ex(self, address): closed(address)
    def sendto(self, *arguments): closed(*arguments)

socket.socket = Closed
for name in ("create_connection", "getaddrinfo", "gethostbyname", "gethostbyname_ex", "getnameinfo"):
    setattr(socket, name, closed)

import importlib, pkgutil
import bilstm_tagger
for module in pkgutil.walk_packages(bilstm_tagger.__path__, "bilstm_tagger."):
    if module.name != "bilstm_tagger.__main__":
        importlib.import_module(module.name)

from bilstm_tagger import Tagger, evaluate, load_settings, train
from bilstm_tagger.cli import main

corpus, place = sys.argv[1:]
settings = load_settings(overrides={
    "data.train": corpus, "tasks.ner.column": 3, "training.epochs": 1, "training.min_steps": 0, "training.threads": 1,
    "encoder.hidden_size": 4, "embedder.size": 4,
})
tagger = train(settings, output=Path(place, "model"))
assert Tagger.load(Path(place, "model"))("Ada left Turin.").words
evaluate(tagger, corpus, columns={"ner": 3})
sys.argv = ["bilstm-tagger", "predict", "--text", "Ada left Turin."]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
try:
    socket.create_connection(("localhost", 1))
except AssertionError:
    print("closed to the end")
"""


def test_no_socket_is_opened(tmp_path: Path) -> None:
    corpus = write_conll(tmp_path / "train.conll", sentences(22))
    hidden = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "HF_HUB_OFFLINE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden} | {"OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CLOSED, str(corpus), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert "closed to the end" in done.stdout
