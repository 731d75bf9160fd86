"""Single changes to a module, by the operators of mutmut, and a sample of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from pathlib import Path

import libcst as cst
from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a module.

    Attributes:
        path: the module, relative to the root.
        number: which of its changes it is.
        source: the changed module.
        diff: the changed lines, without context.
        line: the first of them.
    """

    path: Path
    number: int
    source: str
    diff: str
    line: int


class _Everywhere(MutationVisitor):
    """Also in decorated functions, which mutmut leaves out because of how it swaps functions."""

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return any(_name(each.decorator) == "overload" for each in node.decorators)
        if isinstance(node, cst.If) and _name(node.test) == "TYPE_CHECKING":
            return True
        if isinstance(node, cst.Call) and _name(node.func) in ("cast", "TypeVar"):  # for mypy alone
            return True
        if isinstance(node, cst.Assign) and _name(node.targets[0].target) == "__all__":  # for readers alone
            return True
        return super()._skip_node_and_children(node)


def _name(node: cst.BaseExpression) -> str:
    return node.value if isinstance(node, cst.Name) else ""


class _Module:
    """A module and all that may be changed in it.

    Args:
        root: the root of the sources.
        path: the module, relative to it.
    """

    def __init__(self, root: Path, path: Path) -> None:
        self.path = path
        self.source = (root / path).read_text("utf-8")
        visitor = _Everywhere(mutation_operators, IgnoredCode(set(), set(), set()))
        self.tree = cst.MetadataWrapper(cst.parse_module(self.source)).visit(visitor)
        self.mutations = visitor.mutations

    def draw(self, count: int, seed: str) -> list[Change]:
        """Some of the changes that leave the module valid Python and other than it was."""
        order = random.Random(seed).sample(range(len(self.mutations)), len(self.mutations))
        possible = filter(None, map(self._change, order))
        return list(islice(possible, count))

    def _change(self, number: int) -> Change | None:
        mutation = self.mutations[number]
        changed = deep_replace(self.tree, mutation.original_node, mutation.mutated_node)
        assert isinstance(changed, cst.Module)
        lines = list(unified_diff(self.source.splitlines(), changed.code.splitlines(), lineterm="", n=0))[2:]
        if not lines or not _compiles(changed.code):
            return None
        line = int(lines[0].split()[1].split(",")[0].removeprefix("-"))
        return Change(self.path, number, changed.code, "\n".join(lines[1:]), line)


def _compiles(source: str) -> bool:
    try:
        compile(source, "changed", "exec")
    except SyntaxError:
        return False
    return True


def sample(root: Path, paths: Sequence[Path], count: int, *, seed: int) -> list[Change]:
    """Changes to modules, from each in proportion to its number of changes, and at least one.

    Args:
        root: the root of the sources.
        paths: the modules, relative to it.
        count: how many, up to rounding.
        seed: decides which.
    """
    every = [_Module(root, path) for path in paths]
    total = max(sum(len(module.mutations) for module in every), 1)
    chosen: list[Change] = []
    for module in every:
        chosen += module.draw(max(1, round(count * len(module.mutations) / total)), f"{seed} {module.path}")
    random.Random(seed).shuffle(chosen)
    return chosen
