"""One table of names: a task goes to the same field in every format, and comes back by its name or is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import conllu as conllu_package
import pytest
from spacy.parts_of_speech import IDS
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from bilstm_tagger.corpus import Corpus, ReadSpec, read_corpus, save_corpus
from bilstm_tagger.corpus.convert.convert import Conversion, ConvertOptions, convert_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.formats import conllu, webanno_write
from bilstm_tagger.corpus.formats.standard_fields import FIELDS, UNIVERSAL
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme

TAGS = {
    "UPOS": ["PROPN", "VERB"], "XPOS": ["NNP", "VBD"], "LEMMA": ["Ada", "leave"], "FEATS": ["Case=Nom", "Tense=Past"],
    "DEPREL": ["nsubj", "root"],
}  # fmt: skip
NAMES = [(name, field) for field in FIELDS for name in (field.task, *field.names) if field.conllu]
FORMATS = ["conllu", "spacy", "webanno", "conll", "jsonl", "parquet", "csv", "token-csv", "word/tag"]


def document(**tags: list[str]) -> Document:
    return Document(["Ada", "left"], [0, 2], tags=tags)


def converted(tags: dict[str, list[str]], tmp_path: Path, format: str) -> Conversion:
    save_corpus([document(**tags)], tmp_path / "a.jsonl")
    options = ConvertOptions(spec=ReadSpec(columns={task: task for task in tags}), target_format=format)
    return convert_corpus(tmp_path / "a.jsonl", tmp_path / "b", options)


def test_every_name_is_of_one_field() -> None:
    names = [name for field in FIELDS for name in (field.task, *field.names)]
    assert len(set(names)) == len(names) and all(name == name.lower() for name in names)
    assert IDS.keys() > UNIVERSAL


@pytest.mark.parametrize(("name", "field"), NAMES, ids=[name for name, _ in NAMES])
def test_conllu_has_the_column_by_each_of_its_names(name: str, field: object, tmp_path: Path) -> None:
    """As the `conllu` package reads it."""
    column = field.conllu
    done = converted({name: TAGS[column]}, tmp_path, "conllu")
    assert done.columns == {name: column}
    (sentence,) = conllu_package.parse((tmp_path / "b").read_text("utf-8"))
    assert all(not token["misc"] or name.upper() not in token["misc"] for token in sentence)
    given = [token[column.lower()] for token in sentence]
    expected = [dict([tag.split("=")]) for tag in TAGS[column]] if column == "FEATS" else TAGS[column]
    assert given == expected
    assert read_corpus(tmp_path / "b", {name: name.upper()}, format="conllu")[0].tags_of(name) == TAGS[column]


def test_pos_is_the_column_that_its_tags_are_of(tmp_path: Path) -> None:
    assert converted({"pos": TAGS["UPOS"]}, tmp_path, "conllu").columns == {"pos": "UPOS"}
    assert converted({"pos": TAGS["XPOS"]}, tmp_path, "conllu").columns == {"pos": "XPOS"}
    assert converted({"pos": ["PROPN", "_"]}, tmp_path, "conllu").columns == {"pos": "UPOS"}
    both = converted({"pos": TAGS["UPOS"], "upos": ["X", "X"]}, tmp_path, "conllu")
    assert both.columns == {"pos": "POS", "upos": "UPOS"}
    spans = converted({"pos": ["B-NP", "O"], "morph": ["O", "B-X"]}, tmp_path, "conllu")
    assert spans.columns == {"pos": "POS", "morph": "MORPH"}
    three = converted({"tag": TAGS["XPOS"], "pos": TAGS["XPOS"]}, tmp_path, "conllu")
    assert three.columns == {"tag": "XPOS", "pos": "POS"}


def test_a_stream_keeps_to_the_column_that_it_began_with() -> None:
    def stream() -> Iterator[Document]:
        yield Document([], [0], tags={"pos": []})
        yield document(pos=["NNP", "VBD"])
        yield document(pos=["X", "X"])

    target = StringIO()
    conllu.write(stream(), target)
    sentences = [sentence for sentence in conllu_package.parse(target.getvalue()) if sentence]
    assert [[token["xpos"] for token in sentence] for sentence in sentences] == [["NNP", "VBD"], ["X", "X"]]
    assert {token["upos"] for sentence in sentences for token in sentence} == {"_"}


def test_a_column_that_another_task_was_read_from_stays_its(tmp_path: Path) -> None:
    save_corpus([document(upos=TAGS["UPOS"])], tmp_path / "a.conllu")
    (read,) = read_corpus(tmp_path / "a.conllu", {"gold": "UPOS"})
    both = read.with_tags({"gold": read.tags_of("gold"), "pos": ["X", "X"]})
    save_corpus([both], tmp_path / "b.conllu")
    (back,) = read_corpus(tmp_path / "b.conllu", {"gold": "UPOS", "pos": "POS"})
    assert (back.tags_of("gold"), back.tags_of("pos")) == (TAGS["UPOS"], ["X", "X"])


def test_a_key_of_that_name_in_a_file_is_read_as_before(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    row = "\t".join(["1", "Ada", "_", "PROPN", *"_" * 5, "A=b|pos=NNP"])
    (tmp_path / "a.conllu").write_text(row + "\n\n", "utf-8")
    assert read_corpus(tmp_path / "a.conllu", {"x": "pos"})[0].tags_of("x") == ["NNP"]
    with caplog.at_level(logging.WARNING, "bilstm_tagger"):
        assert read_corpus(tmp_path / "a.conllu", {"x": "POS"})[0].tags_of("x") == ["PROPN"]
    assert caplog.messages == [f"{tmp_path / 'a.conllu'}: no token has POS= in column MISC; read as column UPOS"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("task", ["pos", "tag", "upos", "morph", "sense", "Sense", "ner", "ents", "tags", "chunk"])
def test_a_name_comes_back_or_is_told(task: str, format: str, tmp_path: Path) -> None:
    tags = ["B-PER", "O"] if task in ("ner", "ents", "chunk") else TAGS["FEATS"] if task == "morph" else TAGS["UPOS"]
    done = converted({task: tags}, tmp_path, format)
    if task not in done.columns:
        assert f"tags of {task}, for which {format} has no place" in done.losses
        return
    columns = find_columns(tmp_path / "b", format=format)
    name = done.read_as.get(task, task)
    if name is not None:
        assert read_corpus(tmp_path / "b", columns, format=format)[0].tags_of(name) == tags
    assert name == task or task not in columns
    assert read_corpus(tmp_path / "b", done.columns, format=format)[0].tags_of(task) == tags


def test_spacy_has_the_attribute_by_each_of_its_names(tmp_path: Path) -> None:
    for name, field in NAMES:
        if field.task == "deprel":
            continue
        save_corpus(Corpus([document(**{name: TAGS[field.conllu]})]), tmp_path / "a.spacy")
        (doc,) = DocBin().from_disk(tmp_path / "a.spacy").get_docs(Vocab())
        attribute = {"pos": "pos_", "tag": "tag_", "lemma": "lemma_", "morph": "morph"}[field.spacy]
        assert [str(getattr(token, attribute)) for token in doc] == TAGS[field.conllu]


def test_spacy_has_relations_by_its_own_name_alone(tmp_path: Path) -> None:
    """Those that are written go to `tag`, so that `deprel` would read back others than were written."""
    doc = Doc(Vocab(), ["Ada", "left"], deps=TAGS["DEPREL"], heads=[1, 1])
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    assert read_corpus(tmp_path / "a.spacy", {"x": "dep"})[0].tags_of("x") == ["nsubj", "root"]
    assert read_corpus(tmp_path / "a.spacy", {"dep": -1})[0].tags_of("dep") == ["nsubj", "root"]
    with pytest.raises(CorpusError, match=r"a\.spacy: no document has a span group 'deprel'; there are ents, .*, dep$"):
        read_corpus(tmp_path / "a.spacy", {"x": "deprel"})


def test_layers_of_webanno_are_in_its_packages() -> None:
    """As WebAnno itself exports them: https://webanno.github.io/webanno/releases/3.6.7/docs/user-guide.html"""
    tags = {"ner": ["B-PER", "O"], "pos": TAGS["XPOS"], "lemma": TAGS["LEMMA"], "feats": TAGS["FEATS"]}
    target = StringIO()
    webanno_write.write([document(**tags).with_tags(tags, {"ner": Scheme.BIO})], target)
    core = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api."
    assert target.getvalue().splitlines()[:5] == [
        "#FORMAT=WebAnno TSV 3.3",
        f"{core}ner.type.NamedEntity|value",
        f"{core}lexmorph.type.pos.POS|PosValue",
        f"{core}segmentation.type.Lemma|value",
        f"{core}lexmorph.type.morph.MorphologicalFeatures|value",
    ]
