"""The peers: CRFsuite with features in Python, and spaCy's NER pipeline, both trained on the same data and kept.

Flair and NCRF++ are not here: they do not install beside this torch from the index this was made with.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.speed.common import RUNS, Bench
from bilstm_tagger.schemes.grammar import Scheme

CRFSUITE_ITERATIONS = 60
SPACY_EPOCHS = 8


# ---- CRFsuite


def crfsuite(bench: Bench) -> Any:
    """A CRFsuite tagger, trained once."""
    try:
        import pycrfsuite
    except ImportError:
        raise SystemExit("the peers are not installed: pip install 'bilstm-tagger[bench]'") from None
    path = RUNS / "crfsuite.model"
    if not path.exists():
        trainer = pycrfsuite.Trainer(verbose=False)
        trainer.set_params({"c1": 0.1, "c2": 0.1, "max_iterations": CRFSUITE_ITERATIONS})
        for words, tags in zip(bench.sentences("train"), bench.sentences("train", -1), strict=True):
            trainer.append(crf_features(words), tags)
        trainer.train(str(path))
    tagger = pycrfsuite.Tagger()
    tagger.open(str(path))
    return tagger


def crf_features(words: Sequence[str]) -> list[list[str]]:
    """The usual features of named entities: form, affixes and shape of each word, form and shape of its neighbours."""
    own = [_word_features(word) for word in words]
    rows = []
    for place, (word, about) in enumerate(zip(words, own, strict=True)):
        features = ["bias", *about, f"suffix3={word[-3:]}", f"suffix2={word[-2:]}", f"prefix3={word[:3]}"]
        for offset in (-1, 1):
            if 0 <= place + offset < len(words):
                features += [f"{offset}:{feature}" for feature in own[place + offset]]
            else:
                features.append(f"{offset}:outside")
        rows.append(features)
    return rows


def _word_features(word: str) -> list[str]:
    return [
        f"lower={word.lower()}",
        f"title={word.istitle()}",
        f"upper={word.isupper()}",
        f"digit={word.isdigit()}",
    ]


# ---- spaCy


def spacy_pipeline(bench: Bench) -> Path:
    """The folder of a spaCy pipeline with nothing but NER, trained once for a few minutes without vectors."""
    path = RUNS / "spacy-ner"
    if path.exists():
        return path
    import spacy
    from spacy.training import Example
    from spacy.util import minibatch

    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = [
        Example.from_dict(doc_of(nlp, words), {"entities": entities})
        for words, entities in _entities(bench.sentences("train"), bench.sentences("train", -1))
    ]
    draw = random.Random(0)
    optimizer = nlp.initialize(lambda: examples)
    for epoch in range(SPACY_EPOCHS):
        draw.shuffle(examples)
        losses: dict[str, float] = {}
        for batch in minibatch(examples, 200):
            nlp.update(batch, sgd=optimizer, drop=0.2, losses=losses)
        print(f"spaCy epoch {epoch + 1} of {SPACY_EPOCHS}: loss {losses['ner']:.0f}", flush=True)
    with nlp.use_params(optimizer.averages):
        nlp.to_disk(path)
    return path


def doc_of(nlp: Any, words: Sequence[str]) -> Any:
    """A Doc made from words."""
    from spacy.tokens import Doc

    return Doc(nlp.vocab, words=list(words))


def _entities(
    sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]
) -> Iterator[tuple[Sequence[str], list[tuple[int, int, str]]]]:
    """Words with their spans in characters of the words joined by spaces."""
    from bilstm_tagger.schemes.spans import tags_to_spans

    for words, row in zip(sentences, tags, strict=True):
        starts = [0]
        for word in words:
            starts.append(starts[-1] + len(word) + 1)
        ends = [after - 1 for _, after in pairwise(starts)]
        yield words, [(starts[a], ends[b - 1], label) for a, b, label in tags_to_spans(list(row), Scheme.BIO)]


def tags_of(doc: Any) -> list[str]:
    """Tags of a Doc in BIO."""
    return [f"{token.ent_iob_}-{token.ent_type_}" if token.ent_type_ else "O" for token in doc]


SPACY_SCRIPT = '''"""What one writes with spaCy to tag a folder of text files: JSON lines of tokens and entities."""

import json
import sys
from pathlib import Path

import spacy


def main() -> None:
    nlp = spacy.load(sys.argv[1])
    paths = sorted(Path(sys.argv[2]).rglob("*.txt"))
    texts = ((path.read_text("utf-8"), str(path)) for path in paths)
    nlp.max_length = 10**9
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        for doc, name in nlp.pipe(texts, as_tuples=True, batch_size=32, n_process=int(sys.argv[4])):
            record = {
                "id": name,
                "text": doc.text,
                "tokens": [token.text for token in doc],
                "start_char": [token.idx for token in doc],
                "tags": [token.ent_iob_ + "-" + token.ent_type_ if token.ent_type_ else "O" for token in doc],
                "spans": [[ent.label_, ent.start_char, ent.end_char] for ent in doc.ents],
            }
            out.write(json.dumps(record, ensure_ascii=False) + "\\n")


if __name__ == "__main__":
    main()
'''
