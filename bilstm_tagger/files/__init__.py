"""Tagging files and folders: three streams in a row, one that reads, one that tags, one that writes.

Each stream takes what the one before it gives, a few documents at a time, so memory stays flat over any number of
files, and a batch for the network may hold sentences of many of them. The second stream runs in this process
(`streams`) or in several (`pool`).
"""

from __future__ import annotations

from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.files.inputs import INPUT_FORMATS
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.pool import WorkerPool
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.report import FilesReport
from bilstm_tagger.files.shard import Shard
from bilstm_tagger.files.tag_files import tag_files
from bilstm_tagger.files.worker import ModelLoader, collect_rarely

__all__ = [
    "INPUT_FORMATS",
    "OUTPUT_FORMATS",
    "FilesReport",
    "ModelLoader",
    "Profile",
    "Shard",
    "TagOptions",
    "WorkerPool",
    "collect_rarely",
    "tag_files",
]
