"""The text of a CoNLL-U sentence and where its words stand in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bilstm_tagger.corpus.formats.conllu_rows import MISC, WIDTH


def sentence_text(
    cells: Sequence[str],
    words: Sequence[int],
    ranges: Sequence[tuple[int, int, int]],
    declared: str | None,
) -> tuple[str, list[int], list[int], bool]:
    """Work out a sentence's text and the offsets of its words.

    Args:
        cells: all cells of the sentence, row after row.
        words: the rows of its words.
        ranges: for each multiword token its row and its span of words, `(row, start, end)`.
        declared: what a `# text` comment says the text is; taken where the tokens agree with it.

    Returns:
        The text, the starts and the ends of the words in it, and whether no space follows it.
    """
    forms, miscs = cells[1::WIDTH], cells[MISC::WIDTH]
    surface = _surface(words, ranges) if len(words) < len(forms) else words
    starts, ends, pieces = [], [], []
    place = 0
    glued = False
    for row in surface:
        form = forms[row]
        starts.append(place)
        place += len(form)
        ends.append(place)
        pieces.append(form)
        misc = miscs[row]
        glued = "SpaceAfter=No" in misc and "SpaceAfter=No" in misc.split("|")
        if not glued:
            pieces.append(" ")
            place += 1
    if not glued:
        pieces.pop()
    text = "".join(pieces)
    if declared is not None and declared != text:
        aligned = _align(declared, [forms[row] for row in surface])
        if aligned is not None:
            text, starts = declared, aligned
            ends = [start + len(forms[row]) for start, row in zip(starts, surface, strict=True)]
    if ranges:
        starts, ends = _inside(forms, words, ranges, dict(zip(surface, zip(starts, ends, strict=True), strict=True)))
    return text, starts, ends, glued


def _surface(words: Sequence[int], ranges: Sequence[tuple[int, int, int]]) -> list[int]:
    """Rows that make up the text: multiword tokens, and the words outside them."""
    covered = {words[index] for _, start, end in ranges for index in range(start, end)}
    return sorted([row for row, _, _ in ranges] + [row for row in words if row not in covered])


def _align(text: str, forms: Sequence[str]) -> list[int] | None:
    """Where each form stands in a text with nothing but white space between them, or None."""
    starts = []
    place = 0
    for form in forms:
        while not text.startswith(form, place):
            if place >= len(text) or not text[place].isspace():
                return None
            place += 1
        starts.append(place)
        place += len(form)
    return None if text[place:].strip() else starts


def _inside(
    forms: Sequence[str],
    words: Sequence[int],
    ranges: Sequence[tuple[int, int, int]],
    places: Mapping[int, tuple[int, int]],
) -> tuple[list[int], list[int]]:
    """Offsets of words: of those in a multiword token its slices where they spell it, else all of it."""
    spans = [places.get(row, (0, 0)) for row in words]
    for row, first, last in ranges:
        start, end = places[row]
        parts = [forms[words[index]] for index in range(first, last)]
        spelled = "".join(parts) == forms[row]
        for index, part in enumerate(parts, first):
            if spelled:
                end = start + len(part)
            spans[index] = (start, end)
            if spelled:
                start = end
    return [start for start, _ in spans], [end for _, end in spans]
