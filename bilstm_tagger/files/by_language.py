"""A model for each document, by the language of its text (`predict --model auto`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.streams import End, Untagged
from bilstm_tagger.files.suspicion import clearly_other, has_identifier, known_languages, language_of
from bilstm_tagger.files.worker import ModelLoader, TrainedTagger
from bilstm_tagger.model_folder.find import AUTO, find_folder, shipped_models
from bilstm_tagger.model_folder.info import ModelInfo, read_info
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.tagging.batching import WINDOW_TOKENS, next_window

__all__ = ["LanguageError", "LanguageLoader", "ModelChooser", "candidates_of"]


class LanguageError(TaggerError):
    """Texts are in languages that no model is for."""

    def __init__(self, places: Mapping[str, Sequence[str]], known: str) -> None:
        """Name the languages and the models.

        Args:
            places: for each language the texts in it.
            known: what models there are.
        """
        super().__init__(places, known)
        self.places = places
        self.known = known

    def __str__(self) -> str:
        """The message."""
        said = [
            f"{language!r} ({', '.join(texts[:5])}{', ...' * (len(texts) > 5)})"
            for language, texts in self.places.items()
        ]
        return (
            f"no model is for the language of the text: {'; '.join(said)}; there are {self.known}; "
            f"name one with --model, or add one of your own: --model {AUTO}:en,FOLDER"
        )

    @classmethod
    def joined(cls, errors: Sequence[LanguageError]) -> LanguageError:
        """One error in place of several."""
        places: dict[str, list[str]] = {}
        for language, texts in chain.from_iterable(each.places.items() for each in errors):
            places.setdefault(language, []).extend(texts)
        return cls(places, errors[0].known)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may be chosen.

    Attributes:
        name: as it was named.
        folder: where it is.
        languages: those that it is for.
        info: what else is known of it.
    """

    name: str
    folder: Path
    languages: tuple[str, ...]
    info: ModelInfo = field(repr=False)


def candidates_of(model: str) -> list[Candidate]:
    """The models to choose among.

    Args:
        model: `auto` for those that come with the package, or `auto:NAME,...` for those named, the preferred first.

    Raises:
        ConfigError: py3langid is missing, or a model does not say its languages, says one that cannot be told, or
            reads more than words.
        ModelError: there is no such model.
    """
    if not has_identifier():
        raise ConfigError(
            "--model auto tells languages by py3langid; install it: pip install 'bilstm-tagger[languages]'"
        )
    _, named, names = model.partition(":")
    found = []
    for name in names.split(",") if named else shipped_models():
        folder = find_folder(name)
        info, _ = read_info(folder)
        languages = tuple(info.settings.get("languages", ()))
        if not languages and info.tokenizer != ReadSpec().tokenizer:  # the usual one says nothing of the text
            languages = tuple(filter(None, [language_of(info.tokenizer)]))
        if not languages:
            raise ConfigError(f"{name}: does not say its languages; train it with --language CODE, as --language de")
        for language in languages:
            if language not in known_languages():
                raise ConfigError(
                    f"{name}: its language {language!r} is none that py3langid tells, by two or three letters such as "
                    f"'en'; name the model alone, --model {name}, or train it with another code"
                )
        if info.vocab.features:
            raise ConfigError(f"{name}: reads columns beside the words, so it has to be named alone: --model {name}")
        found.append(Candidate(name, folder, languages, info))
    return found


class ModelChooser:
    """Chooses a model for each document of a stream.

    Attributes:
        chosen: how many documents each model was chosen for.
    """

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._names = {language: each.name for each in reversed(candidates) for language in each.languages}
        self._languages = list(dict.fromkeys(chain.from_iterable(each.languages for each in candidates)))
        self._known = ", ".join(f"{each.name} ({', '.join(each.languages)})" for each in candidates)
        self.chosen: Counter[str] = Counter()

    def __call__(self, untagged: Iterable[tuple[Job, Untagged | End]]) -> Iterator[tuple[Job, Untagged | End]]:
        """The first stream, each document with its model; one in another language ends its file."""
        failed: Job | None = None
        for job, item in untagged:
            if job is failed:
                continue
            if isinstance(item, Untagged):
                content = item.content
                place = f"{job.path}{'' if item.line is None else f':{item.line}'}"
                try:
                    item = item._replace(
                        model=self.choose(content if isinstance(content, str) else content.text, place)
                    )
                except LanguageError as error:
                    failed, item = job, End(error)
            yield job, item

    def choose(self, text: str, place: str) -> str:
        """The model for a text; of several for its language the first.

        Args:
            text: the text.
            place: where it is, for the message.

        Raises:
            LanguageError: if there is none.
        """
        language, fits = clearly_other(text, self._languages)
        if not fits:
            raise LanguageError({language: [place]}, self._known)
        name = self._names[language]
        self.chosen[name] += 1
        return name


@dataclass(frozen=True)
class LanguageLoader:
    """Makes a tagger of several models, each of which is loaded when it is first needed.

    Attributes:
        models: loads each, by its name.
        reading: how the training data of the first was read.
    """

    models: Mapping[str, ModelLoader]
    reading: Mapping[str, ReadSpec]

    def __call__(self, profile: Profile) -> LanguageTagger:
        """The tagger, with no model loaded yet."""
        return LanguageTagger(self, profile)


class LanguageTagger:
    """A tagger that gives each document to the model that was chosen for it."""

    def __init__(self, loader: LanguageLoader, profile: Profile) -> None:
        self.reading = loader.reading
        self._loader = loader
        self._profile = profile
        self._loaded: dict[str, TrainedTagger] = {}
        self._waiting: dict[int, tuple[Document, str]] = {}  # holds each document, so that its `id` stays its own

    def read(self, source: Any) -> Document:
        """Make a document without tags by the first model, which will tag it too."""
        return self.read_by(next(iter(self._loader.models)), source)

    def read_by(self, model: str, source: Any) -> Document:
        """Make a document without tags by the model of that name, which will tag it too."""
        document = self._tagger(model).read(source)
        self._waiting[id(document)] = document, model
        return document

    def pipe(self, sources: Iterable[Document], **options: Any) -> Iterator[Document]:
        """Tag documents that were read here, in order."""
        stream = iter(sources)
        while window := next_window(stream, WINDOW_TOKENS):
            models = [self._waiting.pop(id(document))[1] for document in window]
            parts: dict[str, list[Document]] = {}
            for document, model in zip(window, models, strict=True):
                parts.setdefault(model, []).append(document)
            tagged = {model: self._tagger(model).pipe(part, **options) for model, part in parts.items()}
            for model in models:
                yield next(tagged[model])

    def _tagger(self, model: str) -> TrainedTagger:
        if model not in self._loaded:
            self._loaded[model] = self._loader.models[model](self._profile)
        return self._loaded[model]
