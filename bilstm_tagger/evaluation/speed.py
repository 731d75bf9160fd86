"""The speed of a tagger on this machine: by batch size, threads and precision, and for single sentences."""

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
MOST_TOKENS = 50_000  # tokens of the data that are tagged
LEAST_TOKENS = 20_000  # smaller data is repeated to this size, so that large batches fill
SENTENCES = 300  # number of sentences tagged one at a time

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
        batch_tokens: batch size, padded tokens.
        tokens_per_second: from words to tags, with all words known from an earlier pass.
    """

    precision: str
    threads: int
    batch_tokens: int
    tokens_per_second: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Time for one sentence at a time, in milliseconds.

    Attributes:
        sentences: number of sentences.
        tokens: their mean length, tokens.
        median: the median time.
        p90: the 90th percentile.
        p99: the 99th percentile.
    """

    sentences: int
    tokens: float
    median: float
    p90: float
    p99: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The result of a benchmark.

    Attributes:
        tokens: number of tokens per pass.
        types: number of distinct words.
        first_pass: tokens per second when all words are new.
        rates: the speed with each setting.
        best: the fastest of them.
        agreement: for each precision, the share of tags that equal those of the first precision.
        latency: time for single sentences, with the threads and precision of the best setting.
        memory: largest resident memory of the process so far, MiB; None where the system does not report it.
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
        """Plain values."""
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
        load: loads the tagger with a precision.
        documents: documents without tags.
        precisions: the precisions to measure.
        threads: the numbers of threads to measure.
        batch_tokens: the batch sizes to measure.
        seconds: least time per setting; at least one pass is made.
        progress: called with each rate.

    Returns:
        all rates, the best setting, and the time for single sentences with it.

    Raises:
        CorpusError: the documents have no token.
    """
    sample = sample_of(documents)
    rates: list[Rate] = []
    tags: dict[str, list[str]] = {}
    first_passes = []
    with _threads_restored() as set_threads:
        for precision in precisions:
            tagger = load(precision)
            tags[precision], rate = _first_pass(tagger, sample)
            first_passes.append(rate)
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
        tokens=sum(map(len, sample)),
        types=len({word for document in sample for word in document.words}),
        first_pass=max(first_passes),
        rates=rates,
        best=best,
        agreement={name: _share_equal(each, tags[precisions[0]]) for name, each in tags.items()},
        latency=latency,
        memory=peak_memory(),
    )


def sample_of(documents: Sequence[Document]) -> list[Document]:
    """The first documents up to about `MOST_TOKENS` tokens, repeated to at least `LEAST_TOKENS`.

    Args:
        documents: the documents.

    Raises:
        CorpusError: the documents have no token.
    """
    sample: list[Document] = []
    tokens = 0
    for document in documents:
        if tokens >= MOST_TOKENS:
            break
        sample.append(document)
        tokens += len(document)
    if not tokens:
        raise CorpusError("there is no token to measure with; is it the right file?")
    return sample * -(-LEAST_TOKENS // tokens)


def measure_latency(tagger: Tagger, documents: Sequence[Document]) -> Latency:
    """Tag up to `SENTENCES` sentences one at a time, each twice; the second time is measured.

    Args:
        tagger: the tagger.
        documents: the documents whose sentences are tagged.
    """
    sentences = [words for document in documents for sentence in document.sentences if (words := sentence.words)]
    sample = sentences[:: max(1, len(sentences) // SENTENCES)][:SENTENCES]
    times = []
    for words in sample:
        tagger(words)
        began = time.perf_counter()
        tagger(words)
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    return Latency(
        sentences=len(times),
        tokens=statistics.fmean(map(len, sample)),
        median=statistics.median(times),
        p90=times[int(0.9 * (len(times) - 1))],
        p99=times[int(0.99 * (len(times) - 1))],
    )


def thread_counts(cores: int) -> list[int]:
    """The numbers of threads to measure: 1, 2, 4 and so on, and all cores."""
    return sorted({2**power for power in range(cores.bit_length()) if 2**power <= cores} | {cores})


def peak_memory() -> float | None:
    """The largest resident memory of this process so far, MiB; None where the system does not report it."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _first_pass(tagger: Tagger, documents: Sequence[Document]) -> tuple[list[str], float]:
    """The tags of all tasks, and the tokens per second while all words are new."""
    began = time.perf_counter()
    tagged = list(tagger.pipe(documents))
    rate = sum(map(len, documents)) / (time.perf_counter() - began)
    return [tag for document in tagged for task in document.tags.values() for tag in task], rate


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
    """The share of positions at which two sequences of tags are equal."""
    return sum(a == b for a, b in zip(some, others, strict=True)) / len(some)


@contextmanager
def _threads_restored() -> Iterator[Callable[[int], None]]:
    """Give a function that sets the number of torch's threads; the number is restored at the end."""
    import torch

    before = torch.get_num_threads()
    try:
        yield torch.set_num_threads
    finally:
        torch.set_num_threads(before)
