"""Files tagged by a tagger of fixed rules, and what is written."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rule_tagger import RuleTagger

from bilstm_tagger.files import FilesReport, tag_files
from bilstm_tagger.files.earlier_output import MARK

CONLLU = """# newdoc id = d1
# text = Ada al fin.
1\tAda\t_\t_\t_\t_\t_\t_\t_\t_
2-3\tal\t_\t_\t_\t_\t_\t_\t_\t_
2\tal\ta\t_\t_\t_\t_\t_\t_\t_
3\tel\tthe\t_\t_\t_\t_\t_\t_\t_
4\tfin\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
5\t.\t_\t_\t_\t_\t_\t_\t_\t_

"""


def to_stream(tagger: RuleTagger, inputs: list[Path], **options: Any) -> tuple[str, FilesReport]:
    stream = io.StringIO()
    report = tag_files(tagger, inputs, stream=stream, **options)
    return stream.getvalue(), report


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def below(folder: Path) -> list[str]:
    """The names of all files below a folder, but for the mark that says that they are output."""
    return sorted(path.relative_to(folder).as_posix() for path in _files(folder))


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, but for the mark that says that they are output."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(_files(folder))}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.name != MARK)
