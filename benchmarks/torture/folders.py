"""Ways to spoil a model folder, by accident or on purpose."""

from __future__ import annotations

import json
import os
import random
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder.info import checksum

PIECES = ("config.json", "vocab.json", "metrics.json", "model.safetensors")
JSON = PIECES[:3]
NUMBERS = (2**63, 2**31, 10**18, 10**6, 1000, 0, -1, 1, 2, 3.5, 1e308, float("nan"), float("inf"))
NAMES = (
    "",
    "a.b",
    "type",
    "keys",
    "training",
    "forward",
    "__class__",
    "\ud800",
    "\x00",
    "a\nb",
    "\x1b[2J",
    "x" * 100_000,
)
VALUES = (None, True, [], {}, [[]], "", "x", [None], {"a": {}}, "y" * 100_000, *NUMBERS)
KINDS = (torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.int64, torch.bool)

Way = Callable[[Path, random.Random], None]


def spoil(folder: Path, draw: random.Random) -> tuple[str, bool]:
    """Changes a folder in a way that is drawn.

    Args:
        folder: to be changed in place.
        draw: decides everything.

    Returns:
        The name of the way, and whether the checksums were made true afterwards, as one does who means it.
    """
    way = draw.choice(WAYS)
    way(folder, draw)
    meant = draw.random() < 0.5 and way not in ACCIDENTS
    if meant:
        with suppress(Exception):
            _true_checksums(folder)
    return way.__name__, meant


def _true_checksums(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    for key, name in (("weights", "model.safetensors"), ("vocab", "vocab.json")):
        if (folder / name).is_file():
            config[key] = {"sha256": sha256_file(folder / name)}
    config["sha256"] = checksum(config)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


def _bytes(folder: Path, draw: random.Random) -> tuple[Path, bytearray]:
    path = folder / draw.choice(PIECES)
    return path, bytearray(path.read_bytes())


def flipped_bits(folder: Path, draw: random.Random) -> None:
    """Some bits of a file."""
    path, content = _bytes(folder, draw)
    for _ in range(draw.choice((1, 1, 2, 8))):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def flipped_header(folder: Path, draw: random.Random) -> None:
    """A bit of the header of the weights."""
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    (length,) = struct.unpack("<Q", content[:8])
    content[draw.randrange(8 + length)] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def cut(folder: Path, draw: random.Random) -> None:
    """A file ends too early."""
    path, content = _bytes(folder, draw)
    path.write_bytes(content[: draw.randrange(len(content))])


def longer(folder: Path, draw: random.Random) -> None:
    """A file goes on."""
    path, content = _bytes(folder, draw)
    path.write_bytes(content + draw.randbytes(draw.choice((1, 8, 4096))))


def zeros(folder: Path, draw: random.Random) -> None:
    """A piece of a file is zero, as after a crash of the disk."""
    path, content = _bytes(folder, draw)
    first = draw.randrange(len(content))
    count = min(draw.choice((1, 64, 4096)), len(content) - first)
    content[first : first + count] = bytes(count)
    path.write_bytes(content)


def swapped_files(folder: Path, draw: random.Random) -> None:
    """A file stands under the name of another."""
    one, other = draw.sample(PIECES, 2)
    (folder / one).write_bytes((folder / other).read_bytes())


def missing(folder: Path, draw: random.Random) -> None:
    """A file is not there."""
    (folder / draw.choice(PIECES)).unlink()


def not_a_file(folder: Path, draw: random.Random) -> None:
    """Something else than a regular file stands under its name."""
    path = folder / draw.choice((*PIECES, "calibration.json"))
    path.unlink(missing_ok=True)
    kind = draw.choice(("pipe", "zeros", "random", "null", "itself", "nowhere", "folder", "socket", "around"))
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        before = Path.cwd()
        os.chdir(folder)  # the name of a socket is at most 107 bytes long
        try:
            socket.socket(socket.AF_UNIX).bind(path.name)
        finally:
            os.chdir(before)
    else:
        targets = {"zeros": "/dev/zero", "random": "/dev/urandom", "null": "/dev/null", "itself": path.name}
        path.symlink_to(targets.get(kind, "nowhere" if kind == "nowhere" else ".."))


def _leaves(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in inside:
        yield (*path, key)
        yield from _leaves(value, (*path, key))


def _json(folder: Path, draw: random.Random) -> tuple[Path, Any, Any, Any]:
    """A JSON file, its values, and a container in it with one of its keys."""
    path = folder / draw.choice(("config.json", *JSON))
    values = json.loads(path.read_text("utf-8"))
    *way, key = draw.choice(list(_leaves(values)))
    holder = values
    for step in way:
        holder = holder[step]
    return path, values, holder, key


def other_value(folder: Path, draw: random.Random) -> None:
    """A value in a JSON file is another one."""
    path, values, holder, key = _json(folder, draw)
    holder[key] = draw.choice(VALUES)
    path.write_text(json.dumps(values), "utf-8")


def huge_size(folder: Path, draw: random.Random) -> None:
    """A size or a number of parts is out of all reason."""
    path = folder / "config.json"
    values = json.loads(path.read_text("utf-8"))
    network = values["network"]
    holder = draw.choice((network["encoder"], network["embedder"], *network["tasks"].values()))
    key = draw.choice([name for name, value in holder.items() if isinstance(value, int)])
    holder[key] = draw.choice(NUMBERS)
    path.write_text(json.dumps(values), "utf-8")


def deep(folder: Path, draw: random.Random) -> None:
    """A value in a JSON file is very deep, or never ends."""
    path, values, holder, key = _json(folder, draw)
    holder[key] = "HERE"
    depth = draw.choice((100, 5_000, 1_000_000))
    opening, closing = draw.choice((("[", "]"), ('{"a":', "}")))
    inside = opening * depth + ("0" if opening != "[" else "") + (closing * depth if draw.random() < 0.7 else "")
    path.write_text(json.dumps(values).replace('"HERE"', inside, 1), "utf-8")


def long_number(folder: Path, draw: random.Random) -> None:
    """A number that no memory holds as it is."""
    path, values, holder, key = _json(folder, draw)
    holder[key] = "HERE"
    path.write_text(json.dumps(values).replace('"HERE"', draw.choice(("9" * 5_000, "1e9999", "-0")), 1), "utf-8")


def key_twice(folder: Path, draw: random.Random) -> None:
    """A key stands twice in an object."""
    path, values, holder, key = _json(folder, draw)
    if not isinstance(holder, dict):
        return key_twice(folder, draw)
    text, written = json.dumps(values), json.dumps(holder)
    again = written[:-1] + f", {json.dumps(key)}: {json.dumps(draw.choice((holder[key], 1, None)))}}}"
    path.write_text(text.replace(written, again, 1), "utf-8")
    return None


def odd_name(folder: Path, draw: random.Random) -> None:
    """A task, or a key, has a name that makes trouble elsewhere."""
    name = draw.choice(NAMES)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    vocab = json.loads((folder / "vocab.json").read_text("utf-8"))
    if draw.random() < 0.3:
        path, values, holder, key = _json(folder, draw)
        if isinstance(holder, dict):
            holder[name] = holder.pop(key)
        else:
            holder[key] = name
        path.write_text(json.dumps(values), "utf-8")
        return
    task = draw.choice(list(vocab["tags"]))
    for holder in (config["network"]["tasks"], config["reading"], vocab["tags"]):
        if task in holder:
            holder[name] = holder.pop(task)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    (folder / "vocab.json").write_text(json.dumps(vocab), "utf-8")
    tensors = load_file(folder / "model.safetensors")
    with suppress(Exception):
        renamed = {key.replace(f".{task}.", f".{name}."): value for key, value in tensors.items()}
        save_file(renamed, folder / "model.safetensors")


def other_words(folder: Path, draw: random.Random) -> None:
    """The vocabulary has fewer, more or other words, characters or tags."""
    path = folder / "vocab.json"
    values = json.loads(path.read_text("utf-8"))
    words = draw.choice([values["trained"], values["characters"], values["known"], *values["tags"].values()])
    change = draw.randrange(4)
    if change == 0:
        words.pop()
    elif change == 1:
        words.append(draw.choice(NAMES))
    elif change == 2:
        words[0] = words[-1]
    else:
        draw.shuffle(words)
    path.write_text(json.dumps(values), "utf-8")


def other_tensors(folder: Path, draw: random.Random) -> None:
    """A tensor has another kind, shape, name or number."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    name = draw.choice(list(tensors))
    tensor = tensors[name]
    change = draw.randrange(6)
    if change == 0:
        tensors[name] = tensor.to(draw.choice(KINDS))
    elif change == 1:
        tensors[name] = draw.choice((tensor[None], tensor.flatten(), torch.zeros(0), torch.cat([tensor, tensor])))
    elif change == 2:
        del tensors[name]
    elif change == 3:
        tensors[draw.choice(NAMES[1:7])] = tensor.clone()
    elif tensor.is_floating_point() and tensor.numel():
        number = draw.choice((float("nan"), float("inf"), -float("inf"), 3e38, -3e38))
        tensor.view(-1)[draw.randrange(tensor.numel())] = number
    save_file(tensors, path)


def other_header(folder: Path, draw: random.Random) -> None:
    """The header of the weights says something else."""
    path = folder / "model.safetensors"
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    name = draw.choice([each for each in header if each != "__metadata__"])
    change = draw.randrange(5)
    if change == 0:
        header[name]["shape"] = draw.choice(([2**63], [2**40, 2**40], [10**6] * 3, [], [0], [-1]))
    elif change == 1:
        header[name]["dtype"] = draw.choice(("F64", "I8", "F8_E4M3", "C64", "X9", 5))
    elif change == 2:
        header[name]["data_offsets"] = draw.choice(([0, 2**62], [8, 0], [-1, 4], [0, 1], []))
    elif change == 3:
        header["__metadata__"] = draw.choice(({"a": "b" * 100_000}, {"a": 1}, []))
    text = json.dumps(header).encode()
    if change == 4:
        text = text.replace(b"{", b'{"%s": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, ' % name.encode(), 1)
    size = draw.choice((len(text), len(text), len(text), 2**63, 10**9, 0))
    path.write_bytes(struct.pack("<Q", size) + text + content[8 + length :])


def code(folder: Path, draw: random.Random) -> None:
    """Files that would leave a file named `ran` if something in them were run."""
    mark = str(folder / "ran")
    pickled = b"cbuiltins\nopen\n(V" + mark.encode() + b"\nVw\ntR."
    config = json.loads((folder / "config.json").read_text("utf-8"))
    change = draw.randrange(4)
    if change == 0:
        (folder / draw.choice(PIECES)).write_bytes(pickled)
    elif change == 1:
        for name in ("pytorch_model.bin", "model.pt", "__init__.py", "model.py", "sitecustomize.py"):
            (folder / name).write_bytes(pickled if "." in name[-4:] else f"open({mark!r}, 'w')".encode())
    else:
        config["network"]["encoder" if change == 2 else "embedder"]["type" if change == 2 else "plugin"] = draw.choice(
            ("os:system", "builtins:exec", "antigravity:geohash", "model:Encoder", ":", "os:")
        )
        (folder / "config.json").write_text(json.dumps(config), "utf-8")
        (folder / "model.py").write_text(f"open({mark!r}, 'w')\nclass Encoder: ...\n")


WAYS: tuple[Way, ...] = (
    flipped_bits, flipped_header, cut, longer, zeros, swapped_files, missing, not_a_file, other_value, huge_size, deep,
    long_number, key_twice, odd_name, other_words, other_tensors, other_header, code,
)  # fmt: skip
ACCIDENTS = (flipped_bits, cut, longer, zeros, swapped_files, missing, not_a_file)
