"""Which modules are changed, and which tests should notice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PACKAGE = Path("bilstm_tagger")

# What a user's data passes through: patterns below the package, and the folders of tests.
TARGETS: dict[str, tuple[str, ...]] = {
    "schemes/*.py": ("schemes", "evaluation", "corpus"),
    "io/*.py": ("io",),
    "nn/crf.py": ("nn", "tagging"),
    "nn/log_sweeps.py": ("nn", "tagging"),
    "nn/posteriors.py": ("nn", "tagging"),
    "nn/fast_lstm.py": ("nn", "tagging"),
    "nn/heads.py": ("nn", "tagging", "training"),
    "nn/model.py": ("nn", "tagging", "training"),
    "tagging/*.py": ("tagging",),
    "document/*.py": ("document",),
    "vocab/vocab.py": ("vocab", "model_folder"),
    "evaluation/strict.py": ("evaluation",),
    "evaluation/counting.py": ("evaluation",),
    "evaluation/scores.py": ("evaluation",),
    "corpus/*.py": ("corpus",),
    "corpus/formats/*.py": ("corpus", "files"),
    "files/*.py": ("files",),
    "files/by_language.py": ("files", "cli/test_automatic.py"),
    "model_folder/*.py": ("model_folder",),
    "model_folder/folder.py": ("model_folder", "cli/test_calibrate.py"),
    "training/checkpoint.py": ("training",),
    "training/optim.py": ("training",),
    "training/data.py": ("training",),
}


def modules(root: Path, named: Sequence[str] = ()) -> dict[Path, tuple[str, ...]]:
    """For each module, relative to the root, the folders of the tests that should notice a change to it.

    Args:
        root: of the sources.
        named: parts of paths; only modules with one of them in their path.
    """
    found = {
        path.relative_to(root): folders
        for pattern, folders in TARGETS.items()
        for path in sorted((root / PACKAGE).glob(pattern))
        if path.name != "__init__.py" or path.stat().st_size > 2000
    }
    return {path: each for path, each in found.items() if not named or any(part in str(path) for part in named)}


def tests_of(root: Path, path: Path, folders: Sequence[str]) -> list[str]:
    """Arguments of pytest, those most likely to notice first: the module's own file, its folder, further folders."""
    own = sorted((root / "tests" / folders[0]).rglob(f"test_{path.stem}*.py"))
    return [*(str(each.relative_to(root)) for each in own), *(f"tests/{folder}" for folder in folders)]
