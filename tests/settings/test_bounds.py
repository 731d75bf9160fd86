"""Case E10: every number has bounds, every text has choices or a reason to have none, and extremes are refused."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings

PATH = "a file of the user's; that it can be read is found out before training"
FREE = {
    "CorpusSettings.train": PATH,
    "TaskSettings.train": PATH,
    "TaskSettings.dev": PATH,
    "DataSettings.train": PATH,
    "DataSettings.dev": PATH,
    "DataSettings.replay": PATH,
    "EmbedderSettings.vectors": PATH,
    "TrainingSettings.init_from": PATH,
    "FeatureSettings.phrases": PATH,
    "CorpusSettings.unmarked": "labels of the user's data; unknown ones are refused when it has been read",
    "TaskSettings.unmarked": "labels of the user's data; unknown ones are refused when it has been read",
    "DataSettings.labels": "labels of the user's data",
    "DataSettings.label": "a label of the user's",
    "DataSettings.names": "names of columns of the user's data",
    "DataSettings.text_column": "a column of the user's data",
    "DataSettings.format": "formats are a table of a higher layer, which refuses others with the nearest name",
    "DataSettings.encoding": "encodings are Python's, which refuses others when a file is read",
    "DataSettings.comments": "what begins a comment in the user's data",
    "DataSettings.delimiter": "a character of the user's data",
    "DataSettings.tokenizer": "languages are spaCy's; others are refused before training",
    "Settings.tasks": "names of the user's; those that torch has other uses for are refused before training",
    "Settings.features": "names of the user's, as of tasks",
    "Settings.preset": "presets are files; others are refused with the nearest name",
    "Settings.languages": "told in the model card alone",
    "Settings.licence": "told in the model card alone",
    "Settings.notes": "told in the model card alone",
}


def tables(model: type[BaseModel] = Settings) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for kind in kinds(field.annotation):
            if isinstance(kind[0], type) and issubclass(kind[0], BaseModel):
                yield from tables(kind[0])


def kinds(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The plain types in an annotation, each with what is said of it."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        said = [part for each in more for part in (each.metadata if isinstance(each, FieldInfo) else [each])]
        yield from kinds(inner, (*metadata, *said))
    elif origin in (Union, types.UnionType, tuple, dict, list):
        for part in get_args(annotation):
            if part not in (type(None), Ellipsis):
                yield from kinds(part, metadata)
    else:
        yield annotation, metadata


FIELDS = {
    f"{table.__name__}.{name}": [
        (kind, (*said, *field.metadata)) for kind, said in kinds(field.annotation)
    ]
    for table in dict.fromkeys(tables())
    for name, field in table.model_fields.items()
}  # fmt: skip


def test_every_table_is_looked_at() -> None:
    assert len({name.partition(".")[0] for name in FIELDS}) == 10
    assert not FREE.keys() - FIELDS.keys()


@pytest.mark.parametrize("name", FIELDS)
def test_numbers_have_bounds_and_texts_choices_or_a_reason(name: str) -> None:
    for kind, said in FIELDS[name]:
        checked = any(isinstance(part, AfterValidator) for part in said)
        if kind in (int, float):
            low = any(isinstance(part, (Ge, Gt)) for part in said)
            high = any(isinstance(part, (Le, Lt)) for part in said)
            assert checked or (low and high), f"{name} takes any number"
        elif kind is str:
            pattern = any(getattr(part, "pattern", None) for part in said)
            assert checked or pattern or name in FREE, f"{name} takes any text"
        else:
            choices = get_origin(kind) is Literal or kind is bool
            assert choices or issubclass(kind, BaseModel) or any(isinstance(part, MaxLen) for part in said), name


NUMBERS = {
    name: [kind for kind, _ in FIELDS[name] if kind in (int, float)]
    for name in FIELDS
    if any(kind in (int, float) for kind, _ in FIELDS[name])
}
WHERE = {
    "CorpusSettings": "tasks.ner.corpora", "TaskSettings": "tasks.ner", "DataSettings": "data", "HeadSettings": "head",
    "CharacterSettings": "embedder.characters", "FeatureSettings": "features.f", "EmbedderSettings": "embedder",
    "EncoderSettings": "encoder", "TrainingSettings": "training",
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [10**19, -(10**19), 1e300, float("nan"), float("inf"), [], [10**19], [-1]])
def test_extremes_are_refused_in_one_line(name: str, value: object) -> None:
    table, _, field = name.partition(".")
    key = WHERE[table]
    if table == "CorpusSettings":
        overrides: dict[str, object] = {key: [{"train": "a.conll", field: value}]}
    elif table == "FeatureSettings":
        overrides = {f"{key}.bigram": True, f"{key}.{field}": value}
    else:
        overrides = {f"{key}.{field}": value}
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides=overrides)
    assert field in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("column", [0, "", 10_001, -10_001])
def test_a_column_is_a_place_or_a_name(column: object) -> None:
    with pytest.raises(ConfigError, match=r"tasks\.ner\.column: columns are counted from 1"):
        load_settings(overrides={"tasks.ner.column": column})
