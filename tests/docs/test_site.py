"""The site: it builds without a warning, needs nothing from elsewhere, and its references are complete."""

from __future__ import annotations

import importlib.util
import re
import socket
import sys
import tomllib
from html import unescape
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from pages import PAGES, ROOT
from pydantic import BaseModel
from typer.main import get_command

import bilstm_tagger
from bilstm_tagger.cli import app
from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.files import INPUT_FORMATS, OUTPUT_FORMATS
from bilstm_tagger.settings import schema
from bilstm_tagger.settings.loading import presets

pytest.importorskip("mkdocs")
pytest.importorskip("mkdocstrings")


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning ends the build, and so would a look at the network."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("the build wants the network")

    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", refuse)
        patch.setattr(sys, "path", [*sys.path])
        patch.setenv("NO_MKDOCS_2_WARNING", "1")
        patch.chdir(ROOT)
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


def test_every_page_is_there(site: Path) -> None:
    for page in PAGES:
        if page.parent != ROOT:
            assert (site / page.relative_to(ROOT / "docs").with_suffix(".html")).is_file(), page


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for tag in re.findall(r"<(?:script|img|iframe|link)\b[^>]*>", page.read_text("utf-8")):
            assert not re.search(r'(?:src|href)="(?:https?:)?//', tag), (page, tag)


def test_home_reaches_what_a_new_user_asks(site: Path) -> None:
    """Train on a CSV, read a probability, resume, how fast it is, compare, serve, add a format: a click from home."""
    home = (site / "index.html").read_text("utf-8")
    for page, words in {
        "guides/own-data.html": "From a CSV file",
        "probabilities.html": "80 in 100 are right",
        "guides/reproducibility.html": "--resume",
        "performance.html": "python -m benchmarks.speed --data DIR",
        "contributing.html": "a corpus format",
        "compare.html": "bilstm-tagger compare data/sample/en-test.conllu models/mine en-news",
        "errors.html": "--errors errors.html",
        "guides/runs.html": "bilstm-tagger sweep sweep.toml",
        "guides/annotation.html": "bilstm-tagger suggest",
        "guides/gpu.html": "torchrun --nproc-per-node 2",
        "integrations/server.html": "bilstm-tagger serve --model en",
        "integrations/spacy.html": 'nlp.add_pipe("bilstm_tagger"',
        "integrations/hugging-face.html": "push_to_hub",
        "integrations/frames.html": "to_pandas",
        "reliability.html": "make torture",
    }.items():
        assert f'href="{page}"' in home
        text = unescape(re.sub(r"<[^>]+>", "", (site / page).read_text("utf-8")))
        assert words in text, page


def test_every_page_is_in_the_navigation() -> None:
    """A page that the navigation does not name would stand at the end of the guides; none stands twice."""
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n")[1]
    for page in PAGES:
        if page.parent != ROOT:
            assert navigation.count(f": {page.relative_to(ROOT / 'docs').as_posix()}\n") == 1, page


def test_commands_wrap(site: Path) -> None:
    """The style sheet wraps what the highlighter marks as a command."""
    assert ".language-bash pre > code" in (site / "site.css").read_text("utf-8")
    page = (site / "compare.html").read_text("utf-8")
    assert 'class="language-bash highlight"' in page
    assert '<span class="whole">--gold-column</span>' in page
    line = "bilstm-tagger compare data/sample/en-test.conllu models/mine en-news --gold-column ner=NER"
    assert line in re.sub(r"<[^>]+>", "", page)


def test_figures_are_there_and_used(site: Path) -> None:
    used = {
        (page.parent / target).resolve().relative_to(site.resolve()).as_posix()
        for page in site.rglob("*.html")
        for target in re.findall(r'<img alt="[^"]+" src="([^":]+)"', page.read_text("utf-8"))
    }
    assert {"figures/accuracy_by_lag.png", "figures/clipping.png", "figures/inspect.png"} <= used
    for figure in used:
        assert (site / figure).is_file(), figure


def test_commands_are_complete(hooks: ModuleType) -> None:
    page = hooks.commands_page()

    def check(group: Any, prefix: str = "") -> None:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                check(command, f"{name} ")
                continue
            _, section = page.split(f"\n## {prefix}{name}\n", 1)
            section = section.split("\n## ", 1)[0]
            for each in command.params:
                if each.name != "help" and not getattr(each, "hidden", False):
                    assert (each.help or "").replace("|", "\\|") in section, (name, each.name)
                    assert all(option in section for option in each.opts if option.startswith("-")), (name, each.opts)

    check(get_command(app))


def test_settings_are_complete_and_have_a_meaning(hooks: ModuleType) -> None:
    rows = dict(re.findall(r"^\| `([\w.]+)` (\|.*)\|$", hooks.settings_page(), re.MULTILINE))
    meanings = hooks.field_docstrings()
    for prefix, owner in hooks.SECTIONS.items():
        model = getattr(schema, owner)
        assert issubclass(model, BaseModel)
        for name, field in model.model_fields.items():
            inner = str(field.annotation)
            if "Settings" in inner:  # a section of its own
                assert prefix or name in ("data", "tasks", "features", "embedder", "encoder", "head", "training")
                continue
            assert meanings[owner].get(name), f"{owner}.{name}: has no docstring in settings/schema.py"
            assert rows[prefix + name].split("|")[1].strip(), prefix + name
    assert "`sgd`, `adamw` | `sgd`" in rows["training.optimizer"]


def test_public_names_have_a_reference(site: Path) -> None:
    text = (site / "reference" / "api.html").read_text("utf-8")
    for name in bilstm_tagger.__all__:
        if name not in ("Settings", "__version__"):  # settings have a page of their own
            assert re.search(rf'id="bilstm_tagger\.[\w.]*\b{name}"', text), name


def test_tables_are_complete() -> None:
    """Each preset and format is in the table of its page."""
    guides = ROOT / "docs" / "guides"
    others = "".join(page.read_text("utf-8") for page in (ROOT / "docs").glob("f*.md"))  # formats, files
    for page, names in {
        "settings": presets(),
        "../formats": [*FORMATS, *(suffix for known in FORMATS.values() for suffix in known.suffixes)],
        "files-and-folders": [*INPUT_FORMATS, *OUTPUT_FORMATS],
    }.items():
        text = (guides / f"{page}.md").read_text("utf-8") + others
        for name in names:
            assert f"`{name}`" in text, (page, name)


def test_a_page_that_is_named_nowhere_is_put_under_guides(hooks: ModuleType, tmp_path: Path) -> None:
    for name in ("index.md", "guides/a.md", "new.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("# A\n", "utf-8")
    config = SimpleNamespace(docs_dir=str(tmp_path), nav=[{"Home": "index.md"}, {"Guides": [{"A": "guides/a.md"}]}])
    assert hooks.on_config(config).nav[1] == {"Guides": [{"A": "guides/a.md"}, "new.md"]}


@pytest.mark.parametrize(
    ("page", "link", "made"),
    [
        ("guides/a.md", "[x](../../benchmarks/results/speed.md#tagging)", "[x](../results/speed.md#tagging)"),
        ("guides/a.md", "[x](../index.md)", "[x](../index.md)"),
        ("contributing.md", "[x](docs/architecture.md)", "[x](architecture.md)"),
        ("results/speed.md", "![x](speed.png)", "![x](speed.png)"),
        ("a.md", "[`x`](../bilstm_tagger/errors.py)", "`x`"),
        ("a.md", "[x](https://example.org/a.md)", "[x](https://example.org/a.md)"),
        ("a.md", "[x](missing.md)", "[x](missing.md)"),
    ],
)
def test_links_between_files_become_links_between_pages(hooks: ModuleType, page: str, link: str, made: str) -> None:
    assert hooks.on_page_markdown(link, SimpleNamespace(file=SimpleNamespace(src_uri=page))) == made


def test_extras_are_complete() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "docs" / "installation.md").read_text("utf-8")
    assert not [extra for extra in project["optional-dependencies"] if text.count(f"| `{extra}` |") != 1]
