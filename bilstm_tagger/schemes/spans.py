"""Tags and spans of sentences: reading, spelling, converting and repairing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import PREFIXES, ROLES, UNKNOWN, Scheme, first_illegal, is_legal, parse, parse_in

SpanTuple = tuple[int, int, str]


def tags_to_spans(tags: Sequence[str], scheme: Scheme) -> list[SpanTuple]:
    """Read the spans of one sentence from its tags.

    Args:
        tags: legal tags of one sentence.
        scheme: the scheme they are in. Plain tags have no spans.

    Returns:
        One (start, end, label) for each span, in order; ends are exclusive. Unknown tags are in no span.

    Raises:
        CorpusError: a tag continues a span that was not begun. Other disallowed transitions take longer to find:
            they are for `first_illegal` and `repair`.
    """
    if tags.count("O") == len(tags) or scheme is Scheme.NONE:
        return []
    spans: list[SpanTuple] = []
    start, end, label = 0, 0, ""
    bare = scheme is Scheme.IO
    for index in [place for place, tag in enumerate(tags) if tag != "O"]:
        if tags[index] == UNKNOWN:
            continue
        begins, name = (False, tags[index]) if bare else _cut(tags[index])
        if begins or index != end or name != label:
            if not begins and scheme is not Scheme.IOB1 and not bare and tags[index - 1 : index] != [UNKNOWN]:
                where = f"tag {index + 1} of {len(tags)}, {tags[index]!r},"
                raise CorpusError(f"{where} cannot begin a span in {scheme}; repair the tags first")
            if label:
                spans.append((start, end, label))
            start, label = index, name
        end = index + 1
    if label:
        spans.append((start, end, label))
    return spans


@lru_cache(maxsize=65536)
def _cut(tag: str) -> tuple[bool, str]:
    """Whether a tag begins a span in any scheme, and its label."""
    letter, label = parse(tag) or ("", "")
    if not label:
        raise CorpusError(f"{tag!r} is not a tag that spans are spelled with")
    return letter in "BSU", label


def spans_to_tags(spans: Iterable[SpanTuple], length: int, scheme: Scheme) -> list[str]:
    """Spell spans as the tags of one sentence.

    Args:
        spans: (start, end, label) of each span in any order; ends are exclusive.
        length: how many tokens the sentence has.
        scheme: the scheme to spell them in.

    Returns:
        One tag for each token.

    Raises:
        CorpusError: spans overlap, are empty, unlabelled or outside the sentence, or the scheme has none.
    """
    tags = ["O"] * length
    last: SpanTuple = (0, 0, "")
    for span in sorted(spans):
        start, end, label = span
        if scheme is Scheme.NONE or not label:
            reason = "plain tags have no spans" if label else "it has no label"
            raise CorpusError(f"span {label!r} cannot be spelled as tags: {reason}")
        if not 0 <= start < end <= length:
            raise CorpusError(f"span {label!r} covers tokens {start} to {end}, but the sentence has {length}")
        if start < last[1]:
            raise CorpusError(
                f"span {label!r} (tokens {start} to {end}) overlaps span {last[2]!r} (tokens {last[0]} to "
                f"{last[1]}); tags can hold one span a token, so drop one of them"
            )
        if scheme is Scheme.IO and (label in ("O", UNKNOWN) or parse(label)):
            raise CorpusError(f"span {label!r} cannot be spelled in IO, where its label would be read as another tag")
        tags[start:end] = _spell(label, end - start, scheme, adjacent=(last[1], last[2]) == (start, label))
        last = span
    return tags


def _spell(label: str, size: int, scheme: Scheme, *, adjacent: bool) -> list[str]:
    """Tags of one span; `adjacent` means that a span of the same label ends right before it."""
    if scheme is Scheme.IO:
        return [label] * size
    if scheme is Scheme.IOB1:
        return ["B-" + label if adjacent else "I-" + label] + ["I-" + label] * (size - 1)
    if scheme is Scheme.BIO:
        return ["B-" + label] + ["I-" + label] * (size - 1)
    first, inner, final, single = tuple(PREFIXES[scheme])
    if size == 1:
        return [f"{single}-{label}"]
    return [f"{first}-{label}", *[f"{inner}-{label}"] * (size - 2), f"{final}-{label}"]


def convert(tags: Sequence[str], source: Scheme, target: Scheme) -> list[str]:
    """Respell the legal tags of one sentence in another scheme.

    Args:
        tags: legal tags of one sentence.
        source: the scheme they are in.
        target: the scheme wanted.

    Returns:
        One tag for each token.

    Raises:
        CorpusError: one of the two is plain tags and the other is not.
    """
    if source is target:
        return list(tags)
    if Scheme.NONE in (source, target):
        raise CorpusError(f"tags in scheme {source} cannot become {target}: plain tags have no spans")
    respelled = _respelling(source, target)
    return [respelled[window] for window in zip(("O", *tags), tags, (*tags[1:], "O"), strict=False)]


def respell(window: tuple[str, str, str], source: Scheme, target: Scheme) -> str:
    """Respell the middle one of three legal tags that follow each other; outside of a sentence all tags are `O`.

    Raises:
        CorpusError: The tags cannot follow each other, or one of the two schemes is plain tags and the other is not.
    """
    if source is target:
        return window[1]
    if Scheme.NONE in (source, target):
        raise CorpusError(f"tags in scheme {source} cannot become {target}: plain tags have no spans")
    return _respelling(source, target)[window]


class _Respelling(dict[tuple[str, str, str], str]):
    """A tag in another scheme, by the tag before it, itself and the tag after it, which settle it always."""

    def __init__(self, source: Scheme, target: Scheme) -> None:
        super().__init__()
        self.source = source
        self.target = target

    def __missing__(self, window: tuple[str, str, str]) -> str:
        before, tag, after = window
        for left, right in ((before, tag), (tag, after)):
            if not is_legal(left, right, self.source):
                raise CorpusError(f"tag {right!r} cannot follow {left!r} in {self.source}; repair the tags first")
        self[window] = tag if tag in ("O", UNKNOWN) else self._spell(*window)
        return self[window]

    def _spell(self, before: str, tag: str, after: str) -> str:
        label = self._label(tag)
        begins = self._begins(before, tag)
        if self.target is Scheme.IO:
            return spans_to_tags([(0, 1, label)], 1, Scheme.IO)[0]
        if self.target is Scheme.IOB1:
            return ("B-" if begins and self._label(before) == label else "I-") + label
        if self.target is Scheme.BIO:
            return ("B-" if begins else "I-") + label
        first, inner, final, single = tuple(PREFIXES[self.target])
        if self._begins(tag, after):
            return f"{single if begins else final}-{label}"
        return f"{first if begins else inner}-{label}"

    def _label(self, tag: str) -> str:
        return (parse_in(tag, self.source) or ("", ""))[1]

    def _begins(self, before: str, tag: str) -> bool:
        """Whether a tag does not go on with the span of the tag before it; the two may follow each other."""
        begins = self.source is not Scheme.IO and tag[0] in "BSU"
        return begins or self._label(before) != self._label(tag)


@lru_cache
def _respelling(source: Scheme, target: Scheme) -> _Respelling:
    return _Respelling(source, target)


def repair(tags: Sequence[str], scheme: Scheme) -> tuple[list[str], int]:
    """Make the tags of one sentence legal, reading them as the CoNLL scorer does.

    The scorer (conlleval, Tjong Kim Sang and Buchholz 2000) lets a span begin wherever the label changes or
    an inside tag has no span to continue, and end wherever no tag continues it.

    Args:
        tags: the tags of one sentence, each `O` or a known letter with a label.
        scheme: the scheme they should be in; the answer is in it.

    Returns:
        Legal tags and how many of them differ from those given.

    Raises:
        CorpusError: a tag is neither `O` nor a letter with a label.
    """
    if first_illegal(tags, scheme) is None:
        return list(tags), 0
    spans: list[SpanTuple] = []
    role = "O"
    for index, tag in enumerate(tags):
        parsed = ("O", "") if tag == UNKNOWN else parse(tag)
        if parsed is None:
            raise CorpusError(f"tag {index + 1} of {len(tags)}, {tag!r}, is beyond repair: no scheme has it")
        before, label = role, parsed[1]
        role = ROLES.get(parsed[0], "O")
        if role == "O":
            continue
        if role in "IE" and before in "BI" and spans[-1][2] == label:
            spans[-1] = (spans[-1][0], index + 1, label)
        else:
            spans.append((index, index + 1, label))
    legal = spans_to_tags(spans, len(tags), scheme)
    legal = [UNKNOWN if old == UNKNOWN else new for old, new in zip(tags, legal, strict=True)]
    return legal, sum(old != new for old, new in zip(tags, legal, strict=True))
