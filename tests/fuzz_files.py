"""Damaged files of every kind that is read: each is read, or refused by one line that names its place.

As a program, `python tests/fuzz_files.py --count 10000`, it makes random changes to small files of each kind; with
`--coverage` the changes are guided by the code they reach (atheris, the extra `fuzz`). A file that ends the process,
takes too long or too much memory is kept, with its kind and number.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

MEMORY = 4 << 30  # bytes of address space, of which libraries take 2
SECONDS = 20.0  # for one file, on a busy machine
LONGEST = 500  # characters of a message

Reader = Callable[[Path], object]
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
WORDS = ["Anna", "Berg", "saw", "the", "Port", "."]
TEXT = "Anna Berg saw the Port."


def seeds(folder: Path, kinds: list[str] | None = None) -> dict[str, tuple[str, bytes]]:
    """A small file of each kind, or of those wanted: its name and its bytes."""
    columns = "".join(f"{word}\tX\t{tag}\n" for word, tag in zip(WORDS, TAGS, strict=True)) + "\n"
    record = {"id": "a", "tokens": WORDS, "tags": TAGS}
    marks = {"id": 1, "text": TEXT, "label": [[0, 9, "PER"], [18, 22, "LOC"]]}
    studio = {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": [_result(0, 9, "PER")]}]}
    prodigy = {"text": TEXT, "tokens": [{"text": "Anna", "start": 0, "end": 4, "id": 0}], "answer": "accept",
               "spans": [{"start": 0, "end": 4, "label": "PER"}]}  # fmt: skip
    cells = f'id,tokens,tags\n1,"{WORDS!r}","{TAGS!r}"\n'
    conllu = "# text = Anna slept\n1\tAnna\tAnna\tPROPN\t_\t_\t2\tnsubj\t_\tNER=B-PER\n"
    conllu += "2-3\tslept\t_\t_\t_\t_\t_\t_\t_\t_\n"
    conllu += "2\tsl\tsl\tVERB\t_\t_\t0\troot\t_\tNER=O\n3\tept\tept\tX\t_\t_\t0\troot\t_\tNER=O|SpaceAfter=No\n\n"
    plus = "# global.columns = ID FORM UPOS NER\n1\tAnna\tPROPN\tB-PER\n2\tslept\tVERB\tO\n\n"
    gold = "#begin document (a); part 000\na 0 0 Anna NNP * - - - - (PER* -\na 0 1 Berg NNP * - - - - *) -\n\n"
    webanno = "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.NE|value\n\n#Text=Anna slept\n1-1\t0-4\tAnna\tPER[1]\n"
    mail = "From: a@b.c\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    mail += "Content-Transfer-Encoding: quoted-printable\n\nAnna=20Berg slept.\n"
    toml = 'preset = "ner"\n[data]\ntrain = "a.conll"\n[embedder]\nsize = 10\n[tasks.ner]\ncolumn = "NER"\n'
    made = {
        "conll": ("a.conll", columns.encode()), "conllu": ("a.conllu", conllu.encode()),
        "conllup": ("a.conllup", plus.encode()), "conll2012": ("a.gold_conll", f"{gold}#end document\n".encode()),
        "webanno": ("a.tsv", f"{webanno}1-2\t5-10\tslept\t_\n\n".encode()),
        "slashed": ("a.pos", b"Anna/B-PER Berg/I-PER slept/O\n"),
        "jsonl": ("a.jsonl", _lines(record, record)), "doccano": ("a.jsonl", _lines(marks, marks)),
        "json": ("a.json", json.dumps([record, record], indent=1).encode()),
        "studio": ("a.json", json.dumps([studio], indent=1).encode()), "prodigy": ("a.jsonl", _lines(prodigy)),
        "spans": ("a.jsonl", _lines({"sentence": WORDS, "tokens": WORDS, "ner": [[0, 1, "PER"]]})),
        "csv": ("a.csv", cells.encode()), "numpy": ("a.csv", b"tokens,tags\n['Anna' 'slept'],['B-PER' 'O']\n"),
        "token-csv": ("a.csv", b"Sentence #,Word,Tag\nS1,Anna,B-PER\n,slept,O\nS2,He,O\n"),
        "brat": ("a.ann", b"T1\tPER 0 9\tAnna Berg\nT2\tLOC 18 22\tPort\nR1\tx Arg1:T1 Arg2:T2\n"),
        "gz": ("a.conll.gz", gzip.compress(columns.encode(), mtime=0)), "utf-16": ("a.conll", columns.encode("utf-16")),
        "text": ("a.txt", TEXT.encode()), "mail": ("a.eml", mail.encode()),
        "mbox": ("a.mbox", b"From a\n" + mail.encode()),
        "subtitles": ("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\nAnna slept.\n\n"),
        "texts": ("b.csv", b"id,text\n1,Anna slept.\n2,\n"), "toml": ("a.toml", toml.encode()),
        "html": ("a.html", b"<html><head><meta charset=utf-8></head><body><p>Anna <b>Berg</b></p></body></html>"),
        "glove": ("a.txt", b"the 0.1 0.2\nAnna 0.3 -4e-2\n"), "word2vec": ("a.vec", b"2 2\nthe 0.1 0.2\nAnna 1 2\n"),
        "binary": ("a.bin", b"2 2\nthe " + bytes(8) + b"\nAnna " + bytes(8) + b"\n"),
    }  # fmt: skip
    every = made | _binary_seeds(folder, kinds)
    return {kind: every[kind] for kind in kinds or every}


def _binary_seeds(folder: Path, kinds: list[str] | None) -> dict[str, tuple[str, bytes]]:
    import pyarrow as pa

    from bilstm_tagger.corpus.reading import save_corpus
    from bilstm_tagger.document.document import Document

    document = Document.from_sentences([WORDS[:3], WORDS[3:]])
    document.tags = {"tags": TAGS}
    made = {}
    for kind, name in (("spacy", "a.spacy"), ("parquet", "a.parquet"), ("arrow", "a.arrow"), ("xlsx", "a.xlsx")):
        if kinds is None or kind in kinds:  # some need packages that take seconds to load
            save_corpus([document, document], folder / name)
            made[kind] = (name, (folder / name).read_bytes())
    table = pa.Table.from_pylist([{"text": TEXT, "n": 1, "tokens": WORDS, "tags": TAGS}] * 3)
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return made | {"stream": ("a.arrow", stream.getvalue()), "zst": ("a.txt.zst", _zst(TEXT.encode()))}


def _zst(data: bytes) -> bytes:
    import pyarrow as pa

    packed: bytes = pa.Codec("zstd").compress(data, asbytes=True)
    return packed


def _result(start: int, end: int, label: str) -> Mapping[str, object]:
    return {
        "from_name": "l",
        "to_name": "t",
        "type": "labels",
        "value": {"start": start, "end": end, "labels": [label]},
    }


def _lines(*records: object) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def readers(kind: str) -> list[Reader]:
    """What reads files of a kind: as an annotated file, as one to be tagged, as vectors, as settings."""
    from bilstm_tagger.settings.loading import load_settings
    from bilstm_tagger.vocab.vectors import read_vectors

    if kind in ("glove", "word2vec", "binary"):
        return [lambda path: read_vectors(path, words={"Anna"}, keep=1)]
    if kind == "toml":
        return [lambda path: load_settings(file=path)]
    if kind in ("text", "mail", "mbox", "subtitles", "texts", "html", "zst"):
        return [_tagged]
    return [_annotated, _tagged]


def _annotated(path: Path) -> None:
    from bilstm_tagger.corpus.reading import read_corpus

    for document in read_corpus(path, tokenizer="whitespace"):
        document.check_offsets()


def _tagged(path: Path) -> None:
    from bilstm_tagger.files.find_jobs import find_jobs
    from bilstm_tagger.files.inputs import read_job
    from bilstm_tagger.settings.read_spec import ReadSpec

    for source in read_job(find_jobs([path]).jobs[0], ReadSpec(columns={}, tokenizer="whitespace")):
        "".join([source.id or "", source.content if isinstance(source.content, str) else source.content.text]).encode()


def check(kind: str, name: str, data: bytes, folder: Path) -> bool:
    """Read a file.

    Returns:
        Whether it was read, not refused.

    Raises:
        AssertionError: it was refused by more than one line, or by one without a place.
    """
    from bilstm_tagger.errors import TaggerError

    path = folder / name
    path.write_bytes(data)
    if kind == "brat":
        path.with_suffix(".txt").write_text(TEXT)
    read = True
    for reader in readers(kind):
        try:
            reader(path)
        except TaggerError as error:
            message = str(error)
            assert "\n" not in message, message
            assert len(message) <= LONGEST + len(str(path)), message
            assert path.stem in message or "column" in message, message
            message.encode()
            read = False
    return read


_PIECES = (
    b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0", b"\xff", b"\x80", b"\xef\xbb\xbf",
    b"\xed\xa0\x80", b"\\ud800", b"\r", b"\r\n", b"\n", b"\n\n", b"\t", b" ", b'"', b"'", b"[", b"]", b"{", b"}", b"(",
    b",", b":", b"null", b"true", b"-1", b"1e999", b"NaN", b"9" * 30, b"9" * 5000, b"[" * 3000, b"{\"a\":" * 1000,
    b"\xe2\x80\xa8", b"\xe2\x80\x8f", b"\xe2\x80\x8d", b"\x1b[31m", b"-DOCSTART- O O\n", b"#", b"_", b"=", b"\\",
)  # fmt: skip


def mutated(data: bytes, draw: random.Random) -> bytes:
    """The file with a few random changes, most of them near its beginning, its end, or anywhere."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 4, 16))):
        if not changed:
            break
        at = draw.choice((draw.randrange(len(changed)), int(draw.expovariate(0.02)) % len(changed)))
        at = len(changed) - 1 - at if draw.random() < 0.3 else at
        kind = draw.randrange(7)
        if kind == 0:
            changed[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            changed[at : at + draw.choice((0, 1, 4))] = draw.choice(_PIECES)
        elif kind == 2:
            del changed[at : at + draw.choice((1, 2, 4, 8, 64))]
        elif kind == 3:
            length = draw.choice((1, 4, 16, 64))
            changed[at:at] = changed[at : at + length] * draw.choice((1, 2, 50))
        elif kind == 4 and draw.random() < 0.3:
            del changed[at:]
        elif kind == 5:
            other = draw.randrange(len(changed))
            changed[at : at + 8] = changed[other : other + 8]
        else:
            changed[at] = draw.randrange(256)
    return bytes(changed)


def numbered(count: int, seed: int, kinds: list[str] | None = None) -> Iterator[tuple[int, str, str, bytes]]:
    """Damaged files, each with its number and kind; the same of the same number."""
    with tempfile.TemporaryDirectory() as folder:
        every = seeds(Path(folder), kinds)
    names = kinds or list(every)
    for number in range(seed, seed + count):
        kind = names[number % len(names)]
        name, data = every[kind]
        yield number, kind, name, mutated(data, random.Random(f"{kind}{number}"))


def _work(arguments: argparse.Namespace) -> None:
    """Read files one after the other; what is done is printed before, so that a crash can be told."""
    import logging
    import resource

    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, kind, name, data in numbered(arguments.count, arguments.seed, arguments.kind):
            print(number, kind, flush=True)
            began = time.process_time()
            try:
                counts["read" if check(kind, name, data, Path(folder)) else "refused"] += 1
                assert time.process_time() - began < SECONDS, f"{time.process_time() - began:.1f} s"
            except Exception:
                reason = " ".join(traceback.format_exc().split())[-300:]
                print("failed", f"number {number}, {kind}: {reason}", flush=True)
    print("done", json.dumps(counts), flush=True)


def run(count: int, seed: int = 0, kinds: list[str] | None = None) -> tuple[Counter[str], list[str]]:
    """Read damaged files in a process of its own, begun again behind each failure.

    Args:
        count: number of files.
        seed: number of the first one.
        kinds: kinds of files; by default all.

    Returns:
        How many were read and refused, and each failure in a line.
    """
    counts: Counter[str] = Counter()
    failures: list[str] = []
    number, end = seed, seed + count
    while number < end:
        line = [sys.executable, __file__, "--work", "--count", str(end - number), "--seed", str(number)]
        line += [part for kind in kinds or [] for part in ("--kind", kind)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=_environment())
        printed = done.stdout.splitlines()
        failures += [line.removeprefix("failed ") for line in printed if line.startswith("failed ")]
        if printed and printed[-1].startswith("done "):
            counts.update(json.loads(printed[-1].removeprefix("done ")))
            break
        reason = " ".join(done.stderr.split())[-300:]
        if not printed:
            failures.append(f"nothing was read: {reason}")
            break
        number = int(printed[-1].split()[0])
        failures.append(f"number {number}, {printed[-1].split()[1]}: exit code {done.returncode}: {reason}")
        number += 1
    return counts, failures


def _environment() -> dict[str, str]:
    import os

    root = str(Path(__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _guided(count: int, kinds: list[str] | None) -> None:
    """Let atheris look for files that reach new code of the readers, starting from the small ones."""
    import atheris

    with atheris.instrument_imports(include=["bilstm_tagger.corpus", "bilstm_tagger.files", "bilstm_tagger.vocab"]):
        import bilstm_tagger.corpus.reading
        import bilstm_tagger.files.inputs
        import bilstm_tagger.vocab.vectors  # noqa: F401
    folder = Path(tempfile.mkdtemp())
    every = seeds(folder, kinds)
    names = list(every)
    (folder / "corpus").mkdir()
    for index, (_, data) in enumerate(every.values()):
        (folder / "corpus" / names[index]).write_bytes(bytes([index]) + data)

    def one(data: bytes) -> None:
        kind = names[data[0] % len(names)] if data else names[0]
        check(kind, every[kind][0], data[1:], folder)

    atheris.Setup([sys.argv[0], f"-runs={count}", "-rss_limit_mb=4096", "-timeout=60", str(folder / "corpus")], one)
    atheris.Fuzz()


def main() -> None:
    """Read the arguments, run, and end with 1 if a file failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="number of damaged files")
    parser.add_argument("--seed", type=int, default=0, help="number of the first one")
    parser.add_argument("--kind", action="append", help="kind of file; default: all")
    parser.add_argument("--coverage", action="store_true", help="guided by the code that is reached (atheris)")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        _work(arguments)
    elif arguments.coverage:
        _guided(arguments.count, arguments.kind)
    else:
        began = time.monotonic()
        counts, failures = run(arguments.count, arguments.seed, arguments.kind)
        sizes = f"{counts['read']} read, {counts['refused']} refused, {len(failures)} failures"
        print("\n".join([*failures, f"{sizes}, {time.monotonic() - began:.0f} s"]))
        sys.exit(bool(failures))


if __name__ == "__main__":
    main()
