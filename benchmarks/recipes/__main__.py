"""Makes the training corpora of `models/en` from free corpora of names: `python -m benchmarks.recipes --data DIR`.

DIR is a folder with `names/` and `ud-english-ewt/`. Written are one file a corpus, with words and tags in BIO, one file
to choose a model on (`names-dev.conll`, all four labels marked), and parts of speech of GUM and EWT. Every step is
counted.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.recipes import gum, readers
from benchmarks.recipes.everyday import everyday
from benchmarks.recipes.rules import harmonise, join_handles, recut, resplit, swap_names
from benchmarks.recipes.text import Document, Steps, write_names

Parts = dict[str, list[Document]]  # by part: train, dev, test

SEED = 17
MARKED_BY_ALL = ("wikigold", "filings", "redocred", "crossner")  # all four labels, so their dev parts choose the model


def main() -> None:
    """Write the corpora."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with names/ and ud-english-ewt/")
    parser.add_argument("--output", type=Path, required=True, help="folder for the corpora")
    parser.add_argument("--swap", type=float, default=0.0, help="also a copy with this share of the names replaced")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    from bilstm_tagger.text.tokenizers import get_tokenizer

    tokenizer = get_tokenizer("spacy:en")

    def split(word: str) -> list[str]:
        return list(tokenizer(word).words)

    def ends(text: str) -> list[int]:
        document = tokenizer(text)
        return [document.ends[bound - 1] for bound in document.bounds[1:-1]]

    dev: list[Document] = []
    for name, make in CORPORA.items():
        steps = Steps()
        parts = make(arguments.data / "names", steps)
        train = resplit(harmonise(parts["train"], steps), ends, steps, seed=SEED)
        if arguments.swap:
            train += swap_names(train, steps, seed=SEED, share=arguments.swap)
        train = recut(train, split, steps, seed=SEED)
        _report(name, "train", write_names(arguments.output / f"{name}.conll", train))
        held = harmonise(parts["dev"], Steps())
        _report(name, "dev", write_names(arguments.output / f"{name}-dev.conll", held))
        dev += held if name in MARKED_BY_ALL else []
        print(*steps.lines(), sep="\n")
    steps = Steps()
    made = recut(everyday(steps), split, steps, seed=SEED)
    _report("everyday", "train", write_names(arguments.output / "everyday.conll", made))
    print(*steps.lines(), sep="\n")
    _report("names", "dev", write_names(arguments.output / "names-dev.conll", dev))
    for part in ("train", "dev"):
        shutil.copyfile(
            arguments.data / "ud-english-ewt" / f"en_ewt-ud-{part}.conllu", arguments.output / f"ewt-{part}.conllu"
        )
        words = write_upos(arguments.output / f"gum-upos-{part}.conllu", arguments.data / "names" / "gum", part)
        print(f"parts of speech, gum, {part}: {words:,} words")


def _report(name: str, part: str, sizes: tuple[int, int, int]) -> None:
    documents, sentences, words = sizes
    print(f"{name}, {part}: {documents:,} documents, {sentences:,} sentences, {words:,} words")


def by_turns(documents: list[Document], every: int, *, offset: int = 0) -> tuple[list[Document], list[Document]]:
    """All documents but every tenth, or so, and those."""
    held = documents[offset::every]
    return [document for number, document in enumerate(documents) if number % every != offset], held


def wikigold(names: Path, steps: Steps) -> Parts:
    """Wikipedia articles; every tenth for dev."""
    train, dev = by_turns(readers.read_columns(names / "wikigold" / "wikigold.conll"), 10)
    return {"train": train, "dev": dev}


def twitter(names: Path, steps: Steps) -> Parts:
    """Tweets, with their own parts."""
    read = {part: readers.read_columns(names / "broad-twitter" / f"{part}.tsv", separator="\t") for part in PARTS}
    tweets = {part: [[sentence] for document in found for sentence in document] for part, found in read.items()}
    return tweets | {"train": join_handles(tweets["train"], steps, seed=SEED)}


def filings(names: Path, steps: Steps) -> Parts:
    """Loan agreements in filings; one of five for dev."""
    folder = names / "sec-filings"
    train, dev = by_turns(readers.read_columns(folder / "train.conll"), 5, offset=2)
    return {"train": train, "dev": dev, "test": readers.read_columns(folder / "test.conll")}


def redocred(names: Path, steps: Steps) -> Parts:
    """Introductions of Wikipedia articles, 1,000; every twentieth for dev."""
    articles = [
        article
        for part in ("dev", "test")
        for article in readers.re_docred(names / "re-docred" / f"{part}.json", steps)
    ]
    train, dev = by_turns(articles, 20)
    return {"train": train, "dev": dev}


def crossner(names: Path, steps: Steps) -> Parts:
    """Five domains of Wikipedia: the train parts and half of the dev parts, the other half for dev."""
    train: list[Document] = []
    dev: list[Document] = []
    for domain in readers.DOMAINS:
        train += readers.crossner(names / "crossner" / f"{domain}-train.tsv", steps)
        more, held = by_turns(readers.crossner(names / "crossner" / f"{domain}-dev.tsv", steps), 2)
        train += more
        dev += held
    return {"train": train, "dev": dev}


def novels(names: Path, steps: Steps) -> Parts:
    """Beginnings of 100 novels; every tenth for dev. Half of the others suffice: a novel has few names."""
    train, dev = by_turns(readers.litbank(names / "litbank", steps), 10)
    return {"train": train[::2], "dev": dev}


def gum_names(names: Path, steps: Steps) -> Parts:
    """GUM's free genres: of each eight documents one for test and one for dev."""
    parts: Parts = {}
    for part in PARTS:
        documents = [gum.read(path, steps if part == "train" else Steps()) for path in gum_files(names / "gum", part)]
        parts[part] = [[sentence for sentence, _ in document] for document in documents]
    return parts


def gum_files(folder: Path, part: str) -> list[Path]:
    """The documents of a part, by their names in alphabetical order."""
    chosen = {"test": [3], "dev": [7], "train": [0, 1, 2, 4, 5, 6]}[part]
    return [path for number, path in enumerate(sorted(folder.glob("*.conllu"))) if number % 8 in chosen]


def write_upos(path: Path, folder: Path, part: str) -> int:
    """Write the words of GUM with their parts of speech, each document's as it is; give the number of words."""
    words = 0
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for file in gum_files(folder, part):
            content = file.read_text("utf-8")
            words += sum(line.split("\t")[0].isdigit() for line in content.split("\n"))
            stream.write(content if content.endswith("\n\n") else content.rstrip("\n") + "\n\n")
    return words


PARTS = ("train", "dev", "test")
CORPORA: dict[str, Callable[[Path, Steps], Parts]] = {
    "wikigold": wikigold,
    "twitter": twitter,
    "filings": filings,
    "redocred": redocred,
    "crossner": crossner,
    "novels": novels,
    "gum": gum_names,
}

if __name__ == "__main__":
    main()
