"""Where models are: a path, a name of those that come with the package, or one of the Hugging Face hub."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bilstm_tagger.errors import ConfigError, ModelError, choose
from bilstm_tagger.io.atomic import recover_folder
from bilstm_tagger.io.file_names import check_file_name
from bilstm_tagger.model_folder.hub import fetch, hub_name

SHIPPED = ("en", "en-news")
AUTO = "auto"  # in place of a name: `predict` chooses among models


def find_folder(name: str | Path, *, revision: str | None = None) -> Path:
    """The folder of that path, of a model that comes with the package, or of one on the hub, in this order.

    The network is touched only for `user/name` where no folder is in the way: if `user` is a folder here, the name is
    taken for a path that is misspelt, unless it has a revision.

    Args:
        name: path, name of a model that comes with the package, `user/name` or `user/name@revision`.
        revision: branch, tag or commit of a model on the hub.

    Raises:
        ConfigError: if a revision is asked of a model that is here.
        ModelError: if there is no such model.
    """
    if not isinstance(name, str | Path):
        raise ModelError(f"name a model folder or a model that comes with the package, not {type(name).__name__}")
    if not str(name):
        raise ModelError("the name of the model is empty; name a folder or a model that comes with the package")
    check_file_name(name, ModelError)
    path = Path(name)
    recover_folder(path)
    shipped = shipped_models()
    here = path if path.is_dir() else shipped.get(str(name))
    if here is not None:
        if revision is not None:
            raise ConfigError(f"{name}: is the folder {here}, which has no revisions; leave out revision={revision!r}")
        return here
    known = f"; of the models that come with the package, {choose(str(name), shipped)}" if shipped else ""
    if (remote := hub_name(path.as_posix(), revision)) is not None:
        if remote.revision is not None or not path.parent.is_dir():
            return fetch(remote)
        known += f"; for a model of the hub name its revision: {remote}@main"
    elif revision is not None:
        raise ConfigError(f"{name}: is no name of a model on the hub, so it has no revision; give user/name")
    if "," in str(name):
        known = f"; to choose one for each document write --model {AUTO}:{name} (predict, entities)"
    if str(name).partition(":")[0] == AUTO:
        raise ModelError(f"{name}: only predict and entities choose among models (--model auto); name one here")
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


def seed_folders(folder: Path) -> list[tuple[int, Path]]:
    """The finished models in a folder that holds one per seed, behind their seeds; none for anything else."""
    if is_model_folder(folder):
        return []
    found = [(int(each.name[5:]), each) for each in folder.glob("seed-*") if each.name[5:].isdecimal()]
    return [(seed, each) for seed, each in sorted(found) if is_model_folder(each)]


def fingerprint(folder: Path) -> str:
    """What tells a model from others: its JSON files, which have the checksum of the weights, and the sizes of all."""
    hashed = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            hashed.update(f"{path.name}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
            if path.suffix == ".json":
                hashed.update(path.read_bytes())
    return hashed.hexdigest()
