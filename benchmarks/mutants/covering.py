"""Which tests run which lines, so that a change is tried on those alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benchmarks.mutants.changes import Change

Lines = Mapping[int, list[str]]  # the tests that run a line, by its number
BEFORE = 8  # lines of a statement, which counts as run where it begins


def covering_tests(data: Path, root: Path, paths: list[Path]) -> dict[Path, Lines]:
    """Read what a run of pytest with `--cov-context=test` has written.

    Args:
        data: its file.
        root: of the sources that ran.
        paths: the modules, relative to the root.
    """
    from coverage import CoverageData

    found = CoverageData(str(data))
    found.read()
    return {
        path: {line: sorted({_function(each) for each in tests if each}) for line, tests in contexts.items()}
        for path in paths
        for contexts in [found.contexts_by_lineno(str(root / path))]
    }


def _function(context: str) -> str:
    """The test function without the values of its arguments, whose names may be hard to pass on."""
    return context.partition("|")[0].partition("[")[0]


def tests_of_change(change: Change, source: str, lines: Lines, own: list[str]) -> list[str]:
    """The tests that run the changed lines, those of the module's own file first.

    Args:
        change: the change.
        source: the module before it.
        lines: as `covering_tests` gives them.
        own: the module's own files of tests; for lines that run at import alone these are all.

    Returns:
        Their names; none where it is not known what runs the lines.
    """
    if re.search(r"^@compiled", source, re.MULTILINE):  # what is compiled is not seen
        return []
    first = next((line for line in range(change.line, max(0, change.line - BEFORE), -1) if lines.get(line)), None)
    if first is None:
        return own
    return sorted(lines[first], key=lambda test: (test.partition("::")[0] not in own, test))
