"""What was tagged, what was left out, and what failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.source import Tally


@dataclass(slots=True)
class FilesReport:
    """What was tagged, kept up to date while it happens.

    Attributes:
        found: number of files to tag.
        skipped: number of files in folders left out because of their suffix.
        left_out: what in folders is no regular file, or a link to one of the files, and was left out, each with its
            path and what it is.
        files: number of files that are tagged completely.
        documents: number of documents tagged.
        sentences: number of sentences in them.
        tokens: number of tokens in them.
        failures: what was wrong with files that could not be tagged, and folders that could not be read; each message
            names its file or folder.
        seconds: time since the start, without that of loading the model and the tokeniser.
        other: of the files left out because of their suffix, how many have which; without one, an empty string.
        tally: what readers had to tell.
        finished: number of files that an interrupted run had tagged, and which were left as they are.
        unread_folders: number of folders that could not be read; what is in them is not among those found.
        output: what in folders and of patterns is output of this or an earlier run, and so left out.
        suspected: what in folders and of patterns is called like output of an earlier run of files that are tagged too.
    """

    found: int
    skipped: int = 0
    left_out: list[str] = field(default_factory=list)
    files: int = 0
    documents: int = 0
    sentences: int = 0
    tokens: int = 0
    failures: list[TaggerError] = field(default_factory=list)
    seconds: float = 0.0
    other: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    finished: int = 0
    unread_folders: int = 0
    output: list[str] = field(default_factory=list)
    suspected: list[str] = field(default_factory=list)

    @property
    def nothing_read(self) -> bool:
        """Whether files failed and none gave anything, so that there is no result to write."""
        return bool(self.failures) and not self.files and not self.documents
