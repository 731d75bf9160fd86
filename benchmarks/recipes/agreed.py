"""Names in text on which several models agree: `python -m benchmarks.recipes.agreed MODEL MODEL ... TEXT OUT`.

TEXT is CoNLL-U, OUT columns of word and tag. A name is kept where enough models (`--needed`, all unless named) found it
with the same ends and label, and left out where as many did not find it; the tokens of names between the two are
unknown (`_`), so that training sums over their tags.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from benchmarks.recipes.text import Span


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", help="model folders")
    parser.add_argument("text", type=Path, help="sentences in CoNLL-U")
    parser.add_argument("output", type=Path)
    parser.add_argument("--needed", type=int, help="models that have to agree, more than half; else all")
    arguments = parser.parse_args()
    needed = arguments.needed or len(arguments.models)
    from bilstm_tagger import Tagger

    sentences = list(sentences_of(arguments.text))
    found = [_names(Tagger.load(model, precision="float32"), sentences) for model in arguments.models]
    known = unknown = 0
    with arguments.output.open("w", encoding="utf-8", newline="\n") as stream:
        for words, *by_model in zip(sentences, *found, strict=True):
            tags = agreed_tags(len(words), by_model, needed=needed)
            known += sum(tag[0] == "B" for tag in tags)
            unknown += tags.count("_")
            stream.write("".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)) + "\n")
    print(f"{len(sentences):,} sentences, {known:,} names, {unknown:,} unknown tokens")


def sentences_of(path: Path) -> Iterator[list[str]]:
    """The words of each sentence of a CoNLL-U file."""
    words: list[str] = []
    for line in path.read_text("utf-8").split("\n"):
        columns = line.split("\t")
        if columns[0].isdigit():
            words.append(columns[1])
        elif not line and words:
            yield words
            words = []


def agreed_tags(length: int, by_model: Sequence[set[Span]], *, needed: int) -> list[str]:
    """Tags in BIO of the names that `needed` models found; `_` where neither as many found one nor as many did not."""
    tags = ["O"] * length
    votes = Counter(chain.from_iterable(by_model))
    for (start, end, _), count in votes.items():
        if len(by_model) - needed < count < needed:
            tags[start:end] = ["_"] * (end - start)
    for (start, end, label), count in votes.items():
        if count >= needed:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


def _names(tagger: object, sentences: Sequence[list[str]]) -> list[set[Span]]:
    found = tagger.pipe(sentences)  # type: ignore[attr-defined]
    return [{(span.start, span.end, span.label) for span in document.spans_of("ner")} for document in found]


if __name__ == "__main__":
    main()
