"""Where models are: a path, or a name of those that come with the package."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bilstm_tagger.errors import ModelError, choose
from bilstm_tagger.io.atomic import recover_folder

SHIPPED = ("en", "en-news")


def find_folder(name: str | Path) -> Path:
    """The folder of that path, or of a model that comes with the package by its name.

    Raises:
        ModelError: if there is neither.
    """
    if not str(name):
        raise ModelError("the name of the model is empty; name a folder or a model that comes with the package")
    path = Path(name)
    recover_folder(path)
    if path.is_dir():
        return path
    shipped = shipped_models()
    if str(name) in shipped:
        return shipped[str(name)]
    known = f"; of the models that come with the package, {choose(str(name), shipped)}" if shipped else ""
    raise ModelError(f"{path}: no such model folder{known}")


def shipped_models() -> dict[str, Path]:
    """Folders of the models that come with the package, by name: inside the wheel, or beside an editable install."""
    package = Path(__file__).parent.parent
    places = [
        package / "models",
        *([package.parent / "models"] if (package.parent / "pyproject.toml").exists() else []),
    ]
    return {name: place / name for name in SHIPPED for place in places if is_model_folder(place / name)}


def is_model_folder(folder: Path) -> bool:
    """Whether a finished model is there."""
    return (folder / "config.json").is_file()


def fingerprint(folder: Path) -> str:
    """What tells a model from others: its JSON files, which have the checksum of the weights, and the sizes of all."""
    hashed = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            hashed.update(f"{path.name}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
            if path.suffix == ".json":
                hashed.update(path.read_bytes())
    return hashed.hexdigest()
