"""The spaCy component `bilstm_tagger`: `nlp.add_pipe("bilstm_tagger", config={"model": "en"})`.

spaCy finds it by the entry point in pyproject.toml, so nothing has to be imported. `spacy_docs` has what is read from
a Doc and written to it.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import srsly
from spacy.language import Language
from spacy.scorer import Scorer
from spacy.util import SimpleFrozenList, minibatch, raise_error

from bilstm_tagger.errors import ModelError
from bilstm_tagger.integrations.spacy_docs import Annotator, Places, register_extensions
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.text.spacy_docs import document_of

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.training import Example

    from bilstm_tagger.tagging.tagger import Tagger

DEFAULTS = {"model": "en", "device": "cpu", "precision": "auto", "probabilities": True, "overwrite": True}
_WEIGHTS: dict[str, float | None] = {"ents_f": 0.5, "ents_p": 0.0, "ents_r": 0.0, "pos_acc": 0.5, "tag_acc": 0.0}


class SpacyComponent:
    """Tags Docs with a model; spaCy's tokens stay as they are, and so do its sentences where they are set.

    Args:
        name: of the component in its pipeline.
        language: code of the pipeline's language.
        model: model folder, name of a model that comes with the package or of one on the Hugging Face hub.
        device: as for `Tagger.load`.
        precision: as for `Tagger.load`.
        probabilities: whether `span._.probability` and `token._.probability` are filled.
        overwrite: whether tags and names that other components set before are replaced. If not, names that overlap
            with them stand in `doc.spans["bilstm_tagger"]`, and a warning tells it.
    """

    def __init__(
        self,
        name: str = "bilstm_tagger",
        *,
        language: str = "",
        model: str = "en",
        device: str = "cpu",
        precision: str = "auto",
        probabilities: bool = True,
        overwrite: bool = True,
    ) -> None:
        register_extensions()
        self.name = name
        self.language = language
        self.model = model
        self.device = device
        self.precision = precision
        self.probabilities = probabilities
        self.overwrite = overwrite
        self._tagger: Tagger | None = None
        self._error_handler: Callable[..., None] = raise_error

    def __setstate__(self, state: dict[str, Any]) -> None:
        register_extensions()
        self.__dict__.update(state)

    @property
    def tagger(self) -> Tagger:
        """The tagger; loaded when first needed, since a stored pipeline brings its own."""
        if self._tagger is None:
            from bilstm_tagger.tagging.tagger import Tagger

            self.tagger = Tagger.load(self.model, device=self.device, precision=self.precision)
        assert self._tagger is not None
        return self._tagger

    @tagger.setter
    def tagger(self, tagger: Tagger) -> None:
        kind, _, language = tagger.info.tokenizer.partition(":")
        if kind == "spacy" and self.language and language != self.language:
            warnings.warn(
                f"{self.name}: the model was trained on tokens of {language!r}, this pipeline's are of "
                f"{self.language!r}; its tags may be wrong",
                stacklevel=3,
            )
        self._tagger = tagger

    @property
    def labels(self) -> tuple[str, ...]:
        """All tags and labels that the model gives; none before it is loaded, which this must not cause."""
        if self._tagger is None:
            return ()
        labels: dict[str, None] = {}
        for task, scheme in self.tagger.schemes.items():
            tags = self.tagger.vocab.tags[task]
            labels.update(dict.fromkeys(tags if scheme is Scheme.NONE else sorted({tag[2:] for tag in tags} - {""})))
        return tuple(labels)

    def __call__(self, doc: Doc) -> Doc:
        """Tag one Doc."""
        try:
            self._tag([doc])
        except Exception as error:
            self._error_handler(self.name, self, [doc], error)
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 1000) -> Iterator[Doc]:
        """Tag a stream of Docs, in order.

        Args:
            stream: the Docs.
            batch_size: how many are tagged together.
        """
        for docs in minibatch(stream, size=batch_size):  # type: ignore[no-untyped-call]
            try:
                self._tag(docs)
            except Exception as error:
                self._error_handler(self.name, self, docs, error)
            else:
                yield from docs

    def _tag(self, docs: list[Doc]) -> None:
        tagger = self.tagger
        annotate = Annotator(tagger, docs[0].vocab, overwrite=self.overwrite)
        read = [document_of(doc, tagger.tokenizer) for doc in docs]
        tagged = tagger.pipe((document for document, _ in read), probabilities=self.probabilities)
        for doc, (_, tokens), document in zip(docs, read, tagged, strict=True):
            annotate(doc, document, tokens)

    def score(self, examples: Iterable[Example], **_: Any) -> dict[str, Any]:
        """Scores for `nlp.evaluate`, by spaCy's own scorer: of tags, parts of speech and names.

        Args:
            examples: gold and predicted Docs.
        """
        from spacy.scorer import get_ner_prf

        examples, places = list(examples), Places.of(self.tagger)
        scores: dict[str, Any] = {}
        for attribute, task in (("tag", places.tag), ("pos", places.pos)):
            if task is not None:
                scores |= Scorer.score_token_attr(examples, attribute)
        if places.ents is not None:
            scores |= get_ner_prf(examples)
        for task in places.spans:
            getter = _group_of(task)
            scores |= Scorer.score_spans(examples, f"spans_{task}", getter=getter, has_annotation=_has_group(task))
        return scores

    def set_error_handler(self, error_handler: Callable[..., None]) -> None:
        """Decide what happens when a batch cannot be tagged.

        Args:
            error_handler: called with the component's name, the component, the Docs and the exception.
        """
        self._error_handler = error_handler

    def get_error_handler(self) -> Callable[..., None]:
        """What is called when a batch cannot be tagged; by default the exception is raised."""
        return self._error_handler

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = SimpleFrozenList()) -> None:
        """Write the model folder, so that a stored pipeline needs no other.

        Args:
            path: where.
            exclude: of spaCy's; there is nothing to exclude.
        """
        self.tagger.save(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = SimpleFrozenList()) -> SpacyComponent:
        """Read the model folder of a stored pipeline.

        Args:
            path: where it is.
            exclude: of spaCy's; there is nothing to exclude.
        """
        from bilstm_tagger.tagging.tagger import Tagger

        self.tagger = Tagger.load(Path(path), device=self.device, precision=self.precision)
        return self

    def to_bytes(self, *, exclude: Iterable[str] = SimpleFrozenList()) -> bytes:
        """The files of the model folder as one string of bytes.

        Args:
            exclude: of spaCy's; there is nothing to exclude.
        """
        with tempfile.TemporaryDirectory() as folder:
            self.to_disk(Path(folder) / "model")
            files = {path.name: path.read_bytes() for path in sorted((Path(folder) / "model").iterdir())}
        packed: bytes = srsly.msgpack_dumps(files)
        return packed

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = SimpleFrozenList()) -> SpacyComponent:
        """Read what `to_bytes` gave.

        Args:
            data: the bytes.
            exclude: of spaCy's; there is nothing to exclude.

        Raises:
            ModelError: if they hold no model.
        """
        wrong = f"{self.name}: these bytes hold no model; give what to_bytes() returned"
        try:
            files = srsly.msgpack_loads(data)
        except Exception as error:  # srsly's own kinds have no common base
            raise ModelError(wrong) from error
        if not isinstance(files, dict) or not all(Path(str(name)).name == name for name in files):
            raise ModelError(wrong)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name).write_bytes(content)
            return self.from_disk(folder)


def _group_of(task: str) -> Callable[[Doc, str], Any]:
    return lambda doc, _: doc.spans.get(task, [])


def _has_group(task: str) -> Callable[[Doc], bool]:
    return lambda doc: task in doc.spans


@Language.factory(
    "bilstm_tagger",
    assigns=["token.pos", "token.tag", "doc.ents", "span._.probability", "token._.probability"],
    default_config=DEFAULTS,
    default_score_weights=_WEIGHTS,
)
def make_component(
    nlp: Language, name: str, model: str, device: str, precision: str, probabilities: bool, overwrite: bool
) -> SpacyComponent:
    """Make the component for a pipeline.

    Args:
        nlp: the pipeline.
        name: of the component.
        model: as for `SpacyComponent`, as are the further ones.
        device: where the model computes.
        precision: of the encoder's products.
        probabilities: whether probabilities are wanted.
        overwrite: whether earlier annotation is replaced.
    """
    return SpacyComponent(
        name,
        language=nlp.lang or "",
        model=model,
        device=device,
        precision=precision,
        probabilities=probabilities,
        overwrite=overwrite,
    )
