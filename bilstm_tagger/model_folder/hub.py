"""Models of the Hugging Face hub: which name means one, and fetching its folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.errors import ConfigError, ModelError

# Nothing else is fetched or uploaded, so nothing that could be run arrives here.
FILES = ("config.json", "vocab.json", "metrics.json", "calibration.json", "model.safetensors", "README.md")
_NAME = re.compile(r"(?P<repo>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[^@\s]+))?")
_CACHED = re.compile(r"models--(?P<user>[^/\\]+?)--(?P<name>[^/\\]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class HubName(NamedTuple):
    """A model of the hub.

    Attributes:
        repo: `user/name`.
        revision: branch, tag or commit; the main branch if None.
    """

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return self.repo if self.revision is None else f"{self.repo}@{self.revision}"


def hub_name(name: str, revision: str | None = None) -> HubName | None:
    """What `user/name` or `user/name@revision` means; None if the name is written otherwise.

    Args:
        name: what the user wrote.
        revision: what was given beside it, which must not differ from the one in the name.

    Raises:
        ConfigError: if two different revisions are given.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    if revision is not None and match["revision"] not in (None, revision):
        raise ConfigError(f"{name}: names another revision than revision={revision!r}; leave out one of them")
    return HubName(match["repo"], revision or match["revision"])


def source_of(folder: Path) -> HubName | None:
    """The model and the commit that a folder in the cache of the hub is; None for any other folder."""
    parts = folder.absolute().parts
    if len(parts) < 3 or parts[-2] != "snapshots" or not _COMMIT.fullmatch(parts[-1]):
        return None
    match = _CACHED.fullmatch(parts[-3])
    return HubName(f"{match['user']}/{match['name']}", parts[-1]) if match else None


def fetch(name: HubName) -> Path:
    """The folder of a model in the cache of the hub, fetched unless it is there.

    Args:
        name: which model.

    Raises:
        ConfigError: if huggingface_hub is not installed.
        ModelError: if there is no such model, or it cannot be fetched.
    """
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise ConfigError(f"{name}: models of the hub need pip install 'bilstm-tagger[hub]'") from error
    try:
        folder = Path(snapshot_download(name.repo, revision=name.revision, allow_patterns=list(FILES)))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise ModelError(f"{name}: no such model folder, and {reason_of(error)}") from error
    if not (folder / "config.json").is_file() or not (folder / "model.safetensors").is_file():
        raise ModelError(f"{name}: is no model of bilstm-tagger: it has no config.json and model.safetensors")
    return folder


def reason_of(error: Exception) -> str:
    """Why the hub did not do what was asked, in a few words.

    Args:
        error: what huggingface_hub raised.
    """
    from huggingface_hub import constants
    from huggingface_hub import errors as kinds

    place = f"the hub ({constants.ENDPOINT})"
    if isinstance(error, kinds.GatedRepoError):
        return f"{place} gives it only to users that its owner accepts; ask there, then run hf auth login"
    if isinstance(error, kinds.RepositoryNotFoundError):
        return f"{place} has no model of that name, or a private one; run hf auth login if it is yours"
    if isinstance(error, kinds.RevisionNotFoundError):
        return f"{place} has no such revision of it"
    if isinstance(error, kinds.HfHubHTTPError):
        return f"{place} answers: {' '.join(str(error).split())}"
    if isinstance(error, kinds.HFValidationError):
        return f"that is no name of a model on {place}: {' '.join(str(error).split())}"
    return f"{place} cannot be reached, and it is not in the cache"
