"""Taggers for worker processes, which can only be sent what a module holds."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import ClassVar

from rule_tagger import RuleTagger

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files import Profile
from bilstm_tagger.settings.read_spec import ReadSpec


class Rules(RuleTagger):
    """Knows how the training data was read, as a trained tagger does."""

    reading: ClassVar = {"ner": ReadSpec(format="conll", columns={"ner": -1})}


def load_rules(profile: Profile) -> Rules:
    return Rules()


class Ending(Rules):
    """Cannot read one word, and ends in other ways on others."""

    def read(self, source: str | Document) -> Document:
        if "unreadable" in str(source):
            raise TaggerError("cannot be tokenised")
        return super().read(source)

    def tag(self, document: Document) -> Document:
        if "deadly" in document.words:
            os._exit(3)
        if "torn" in document.words:
            return killed_while_sending(super().tag(document))
        if "endless" in document.words:
            time.sleep(1000)
        if "faulty" in document.words:
            raise ZeroDivisionError("a fault")
        if "failing" in document.words:
            raise TaggerError("the tagger failed")
        return super().tag(document)


def killed_while_sending(document: Document) -> Document:
    """A document too large for any pipe; this process is killed when a part of it is sent."""
    main = threading.main_thread().ident
    assert main is not None

    def kill() -> None:
        while sys._current_frames()[main].f_code is not Connection._send.__code__:
            time.sleep(0.0001)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill, daemon=True).start()
    document.id = "x" * 100_000_000
    return document


def load_ending(profile: Profile) -> Ending:
    return Ending()


class Counting(Rules):
    """Tells torch's number of threads as the document's name."""

    def tag(self, document: Document) -> Document:
        import torch

        tagged = super().tag(document)
        tagged.id = str(torch.get_num_threads())
        return tagged


def load_counting(profile: Profile) -> Counting:
    return Counting()
