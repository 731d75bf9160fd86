"""How fast a tagger is on this machine: by batch size, threads and precision, and for one sentence at a time."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger

BATCH_TOKENS = (1_000, 2_000, 4_000, 8_000, 16_000)
MOST_TOKENS = 50_000  # of the data; more would only take longer
LEAST_TOKENS = 20_000  # smaller data is repeated up to here, or large batches would not fill
SENTENCES = 300  # tagged one at a time

TEXT = """\
The morning train to the coast leaves platform four at 7:45. Ms Alder, who has run the small bookshop on Mill Street
for twenty-two years, unlocked the door and put a sign in the window. "Closed on Monday," it said.

Rain is expected in the north. Engineers at the Orlova Institute measured the bridge twice last week, once before the
flood and once after it, and found that the middle pillar had moved by no more than three millimetres. Nobody was
surprised! Tickets cost 12.50 a day; children under six, students with a valid card and members of the Harbour
Society pay half of that. What happens next? The council of Eastvale will meet on 9 March to decide whether the old
mill, which stood empty for a decade, becomes a school, a museum or a row of flats, and Dr Jonas Weir, its chairman,
told reporters that all three plans would need money from outside the town. He smiled.
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """Speed with one setting.

    Attributes:
        precision: number format of the encoder's products.
        threads: processor threads.
        batch_tokens: padded tokens given to the network at a time.
        tokens_per_second: from words to tags, the words known from an earlier pass.
    """

    precision: str
    threads: int
    batch_tokens: int
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Time for one sentence at a time, in milliseconds.

    Attributes:
        sentences: number of sentences measured.
        tokens: their mean length.
        median: half of them took no longer.
        p90: nine in ten took no longer.
        p99: ninety-nine in a hundred took no longer.
    """

    sentences: int
    tokens: float
    median: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured.

    Attributes:
        tokens: tokens in a pass.
        types: distinct words in it.
        first_pass: tokens per second when all words are new.
        rates: one for each setting.
        best: the fastest.
        agreement: for each precision the share of tags that are those of the first one.
        latency: one sentence at a time, with the threads and precision of the best setting.
        memory: largest resident memory of the process so far in MiB; None where the system does not tell.
    """

    tokens: int
    types: int
    first_pass: float
    rates: list[Rate]
    best: Rate
    agreement: dict[str, float]
    latency: Latency
    memory: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain values for machines."""
        return asdict(self)


def benchmark(
    load: Callable[[str], Tagger],
    documents: Sequence[Document],
    *,
    precisions: Sequence[str],
    threads: Sequence[int],
    batch_tokens: Sequence[int] = BATCH_TOKENS,
    seconds: float = 1.0,
    progress: Callable[[Rate], None] | None = None,
) -> Benchmark:
    """Measure a tagger on documents.

    Args:
        load: loads it with a precision.
        documents: without tags.
        precisions: those to measure.
        threads: numbers of threads to measure.
        batch_tokens: batch sizes to measure.
        seconds: least time for each setting; one pass at least.
        progress: hears of each rate.

    Returns:
        all rates, the best setting, and the time of single sentences with it.

    Raises:
        CorpusError: if there is no token in the documents.
    """
    sample = enough(documents)
    tokens = sum(map(len, sample))
    rates: list[Rate] = []
    tags: dict[str, list[str]] = {}
    first_passes = []
    with _threads_restored() as set_threads:
        for precision in precisions:
            tagger = load(precision)
            began = time.perf_counter()
            tagged = list(tagger.pipe(sample))
            first_passes.append(tokens / (time.perf_counter() - began))
            tags[precision] = [tag for document in tagged for task in document.tags.values() for tag in task]
            for count in threads:
                set_threads(count)
                for size in batch_tokens:
                    rates.append(Rate(precision, count, size, _rate(tagger, sample, size, seconds)))
                    if progress is not None:
                        progress(rates[-1])
        best = max(rates, key=lambda rate: rate.tokens_per_second)
        set_threads(best.threads)
        latency = measure_latency(load(best.precision), sample)
    return Benchmark(
        tokens=tokens,
        types=len({word for document in sample for word in document.words}),
        first_pass=max(first_passes),
        rates=rates,
        best=best,
        agreement={name: _share_equal(each, tags[precisions[0]]) for name, each in tags.items()},
        latency=latency,
        memory=peak_memory(),
    )


def enough(documents: Sequence[Document]) -> list[Document]:
    """As many of the documents as make a good sample, repeated if they are few.

    Raises:
        CorpusError: if there is no token in them.
    """
    chosen: list[Document] = []
    tokens = 0
    for document in documents:
        if tokens >= MOST_TOKENS:
            break
        chosen.append(document)
        tokens += len(document)
    if not tokens:
        raise CorpusError("there is no token to measure with; is it the right file?")
    return chosen * -(-LEAST_TOKENS // tokens)


def measure_latency(tagger: Tagger, documents: Sequence[Document]) -> Latency:
    """Tag sentences one at a time, each twice; the second time counts."""
    sentences = [words for document in documents for sentence in document.sentences if (words := sentence.words)]
    chosen = sentences[:: max(1, len(sentences) // SENTENCES)][:SENTENCES]
    spent = []
    for words in chosen:
        tagger(words)
        began = time.perf_counter()
        tagger(words)
        spent.append(1000 * (time.perf_counter() - began))
    spent.sort()
    return Latency(
        sentences=len(spent),
        tokens=statistics.fmean(map(len, chosen)),
        median=statistics.median(spent),
        p90=spent[int(0.9 * (len(spent) - 1))],
        p99=spent[int(0.99 * (len(spent) - 1))],
    )


def thread_counts(cores: int) -> list[int]:
    """Numbers of threads worth a look: 1, 2, 4 and so on, and all cores."""
    return sorted({2**power for power in range(cores.bit_length()) if 2**power <= cores} | {cores})


def peak_memory() -> float | None:
    """Largest resident memory of this process so far in MiB; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _rate(tagger: Tagger, documents: Sequence[Document], batch_tokens: int, seconds: float) -> float:
    """Tokens per second of the median pass."""
    passes: list[float] = []
    while not passes or sum(passes) < seconds:
        began = time.perf_counter()
        for _ in tagger.pipe(documents, batch_tokens=batch_tokens):
            pass
        passes.append(time.perf_counter() - began)
    return sum(map(len, documents)) / statistics.median(passes)


def _share_equal(some: Sequence[str], others: Sequence[str]) -> float:
    return sum(a == b for a, b in zip(some, others, strict=True)) / len(some)


@contextmanager
def _threads_restored() -> Iterator[Callable[[int], None]]:
    """What sets the number of torch's threads; at the end it is what it was."""
    import torch

    before = torch.get_num_threads()
    try:
        yield torch.set_num_threads
    finally:
        torch.set_num_threads(before)
