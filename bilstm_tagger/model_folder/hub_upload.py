"""Uploading a model to the Hugging Face hub, with a card that machines can read too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import ConfigError, ModelError
from bilstm_tagger.model_folder.card import model_card
from bilstm_tagger.model_folder.folder import ModelParts, save_model
from bilstm_tagger.model_folder.hub import FILES, HubName, hub_name, reason_of
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.schemes.grammar import Scheme

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

_IDENTIFIER = re.compile(r"[A-Za-z0-9][\w.+-]*")
_DATA_SET = re.compile(r"hf:(\w[\w.-]*(?:/\w[\w.-]*)?)(?:[:@#].*)?")


def push_model(
    parts: ModelParts,
    name: str,
    *,
    revision: str | None,
    private: bool | None,
    message: str | None,
    licence: str | None,
    datasets: Sequence[str],
    token: str | None,
) -> str:
    """Upload a model; the arguments are those of `Tagger.push_to_hub`.

    Args:
        parts: the model.
        name: of the repository.
        revision: the branch.
        private: whether a new repository is private.
        message: of the commit.
        licence: identifier of the licence.
        datasets: names of data sets on the hub.
        token: of the hub.

    Returns:
        the name with the commit.

    Raises:
        ConfigError: if the name is none of the hub, or huggingface_hub is not installed.
        ModelError: if the hub refuses.
    """
    target = hub_name(name, revision)
    if target is None:
        raise ConfigError(f"{name!r} is no name on the hub; give USER/NAME")
    try:
        from huggingface_hub import HfApi
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError as error:
        raise ConfigError(f"{name}: the hub needs pip install 'bilstm-tagger[hub]'") from error
    api = HfApi(token=token, library_name="bilstm-tagger")
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        save_model(parts, folder)
        _write_card(parts, folder, target, licence=licence, datasets=datasets)
        stale = [file for file in FILES if not (folder / file).exists()]
        try:
            api.create_repo(target.repo, private=private, exist_ok=True)
            if target.revision is not None:
                api.create_branch(target.repo, branch=target.revision, exist_ok=True)
            commit = api.upload_folder(
                repo_id=target.repo,
                folder_path=folder,
                revision=target.revision,
                commit_message=message or "Upload a model of bilstm-tagger",
                allow_patterns=list(FILES),
                delete_patterns=stale or None,
            )
        except (HfHubHTTPError, HFValidationError, OSError) as error:
            raise ModelError(f"{target}: not uploaded: {reason_of(error)}") from error
    return str(HubName(target.repo, commit.oid))


def _write_card(
    parts: ModelParts, folder: Path, name: HubName, *, licence: str | None, datasets: Sequence[str]
) -> None:
    from huggingface_hub import ModelCard

    size = sum(path.stat().st_size for path in folder.iterdir())
    weights = sum(weight.numel() for weight in parts.model.parameters())
    text = model_card(parts.info, weights=weights, size=size, name=name.repo)
    metadata = card_data(parts.info, name.repo, licence=licence, datasets=datasets)
    ModelCard(f"---\n{metadata.to_yaml()}\n---\n\n{text}").save(folder / "README.md")


def card_data(info: ModelInfo, name: str, *, licence: str | None = None, datasets: Sequence[str] = ()) -> ModelCardData:
    """The metadata of a card on the hub.

    Args:
        info: what is known of the model.
        name: `user/name`.
        licence: identifier of its licence; else what the settings say, which may be a sentence.
        datasets: names of data sets on the hub, beside those that the settings name.
    """
    from huggingface_hub import ModelCardData

    told = licence or str(info.settings.get("licence") or "")
    known = {**dict.fromkeys(datasets), **dict.fromkeys(_data_sets(info.settings))}
    results = list(_results(info))
    return ModelCardData(
        language=list(info.settings.get("languages") or []) or None,
        **_licence(told),
        library_name="bilstm-tagger",
        pipeline_tag="token-classification",
        tags=["bilstm-crf", *info.tasks],
        datasets=list(known) or None,
        metrics=sorted({result.metric_type for result in results}) or None,
        model_name=name,
        eval_results=results or None,
    )


def _licence(told: str) -> dict[str, Any]:
    """The hub wants an identifier; a sentence stands in the text of the card."""
    if not told:
        return {}
    if _IDENTIFIER.fullmatch(told):
        return {"license": told.lower()}
    return {"license": "other", "license_name": "see-model-card", "license_link": "README.md"}


def _data_sets(values: Any) -> Iterator[str]:
    """Names of the hub's data sets anywhere in the settings of a run."""
    if isinstance(values, str):
        if match := _DATA_SET.fullmatch(values):
            yield match[1]
    elif isinstance(values, Mapping | list | tuple):
        for value in values.values() if isinstance(values, Mapping) else values:
            yield from _data_sets(value)


def _results(info: ModelInfo) -> Iterator[EvalResult]:
    """The scores on dev, one for each task."""
    from huggingface_hub import EvalResult

    for task, score in (info.metrics.get("dev") or {}).items():
        plain = info.schemes[task] is Scheme.NONE
        data = _dev_data(info.settings, task)
        yield EvalResult(
            task_type="token-classification",
            task_name=task,
            dataset_type=re.sub(r"[^\w.-]+", "-", data.partition(".")[0]).strip("-").lower() or "dev",
            dataset_name=data,
            dataset_split="dev",
            metric_type="accuracy" if plain else "f1",
            metric_name="accuracy" if plain else "F1 of exact spans",
            metric_value=score,
        )


def _dev_data(settings: Mapping[str, Any], task: str) -> str:
    """The file that a task was judged on, or what it was taken from."""
    own = settings.get("tasks", {}).get(task, {})
    data = settings.get("data", {})
    if dev := own.get("dev") or data.get("dev"):
        return Path(str(dev)).name
    train = own.get("train") or data.get("train")
    return f"{Path(str(train)).name}, held out" if train else "held-out part of the training data"
