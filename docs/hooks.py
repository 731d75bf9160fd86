"""What MkDocs runs to make the site beside the pages of this folder.

Two pages are made from the program itself, so they cannot go stale: all commands and all settings. Files elsewhere in
the repository (the changelog, tables of results) become pages too, and links between the files are turned into links
between the pages.
"""

from __future__ import annotations

import ast
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parent.parent
RESULTS = "benchmarks/results"
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "data/README.md": "sample-corpus.md",
    "models/en/README.md": "model-en.md",
    "models/en-news/README.md": "model-en-news.md",
    **{
        f"{RESULTS}/{path.name}": f"results/{path.name}"
        for path in sorted((ROOT / RESULTS).iterdir())
        if path.suffix in (".md", ".png")
    },
}
SOURCES = {page: source for source, page in PAGES.items()}
COMMANDS = re.compile(r'(<div class="language-bash[^"]*"><pre>)(.*?)(</pre>)', re.DOTALL)
LINK = re.compile(r"(\[[^\]]*\])\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Put pages that the navigation does not name yet under its guides."""
    named = set(_pages_of(config.nav))
    folder = Path(config.docs_dir)
    others = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.md"))]
    guides = next(section["Guides"] for section in config.nav if "Guides" in section)
    guides += [page for page in others if page not in named]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made, and those that live elsewhere in the repository."""
    made = {"reference/commands.md": commands_page(), "reference/settings.md": settings_page()}
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_content(html: str, **_: Any) -> str:
    """Keep options and file names whole where a command wraps; browsers break lines behind every hyphen."""

    def whole(text: re.Match[str]) -> str:
        return re.sub(r"[^\s<>]*-[^\s<>]*", r'<span class="whole">\g<0></span>', text[0])

    return COMMANDS.sub(lambda block: block[1] + re.sub(r">[^<]+<", whole, block[2]) + block[3], html)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between files of the repository into links between pages; what is no page loses its link."""
    here = page.file.src_uri
    source = SOURCES.get(here, f"docs/{here}")

    def linked(match: re.Match[str]) -> str:
        words, target, anchor = match[1], match[2], match[3] or ""
        if not target:
            return match[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if place in PAGES:
            goal = PAGES[place]
        elif place.startswith("docs/"):
            goal = place.removeprefix("docs/")
        elif (ROOT / place).exists():
            return words[1:-1]
        else:
            return match[0]
        return f"{words}({posixpath.relpath(goal, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(linked, markdown)


def _pages_of(nav: Any) -> Iterator[str]:
    """All pages that a navigation names."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, Mapping):
        yield from _pages_of(list(nav.values()))
    else:
        for item in nav:
            yield from _pages_of(item)


# Commands


def commands_page() -> str:
    """Write the reference of all commands from the command line itself."""
    from typer.main import get_command

    from bilstm_tagger.cli import app

    parts = [
        "# Commands\n\nMade from the program. `bilstm-tagger COMMAND --help` shows the same. Results go to standard "
        "output, progress and notes to standard error. The exit code is 0 when done, 1 after an error, which is told "
        "in one line, 2 for wrong usage, and 130 after Ctrl-C. `--version` prints the version.\n"
    ]
    for name, command in _commands(get_command(app), ""):
        parts.append(_command(name, command))
    return "\n".join(parts)


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def _command(name: str, command: Any) -> str:
    shown = [each for each in command.params if not getattr(each, "hidden", False) and each.name != "help"]
    given = [each for each in shown if not each.opts[0].startswith("-")]
    usage = " ".join(["bilstm-tagger", name, "[OPTIONS]", *map(_argument, given)])
    lines = [f"## {name}\n", f"{(command.help or '').strip()}\n", f"```text\n{usage}\n```\n"]
    lines += ["| Argument or option | Meaning |", "|---|---|", *map(_row, shown), ""]
    if command.epilog:
        title, *examples = command.epilog.split("\n\n")
        lines += [title, "", "```text", *examples, "```", ""]
    return "\n".join(lines)


def _argument(given: Any) -> str:
    name = (given.metavar or given.name).strip("[]{}.").upper() + ("..." if given.nargs == -1 else "")
    return name if given.required else f"[{name}]"


def _row(given: Any) -> str:
    if given.opts[0].startswith("-"):
        value = "" if given.is_flag else f" {given.metavar or given.name.rstrip('_').upper().replace('_', '-')}"
        name = ", ".join(given.opts) + value
    else:
        name = _argument(given)
    notes = [given.help or ""]
    if given.required:
        notes.append("Required.")
    elif given.default not in (None, False, (), []) and given.show_default:
        notes.append(f"Default: `{given.default}`.")
    if given.multiple and "repeatable" not in notes[0]:
        notes.append("May be given several times.")
    return f"| `{_cell(name)}` | {_cell(' '.join(filter(None, notes)))} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


# Settings


def settings_page() -> str:
    """Write the reference of all settings from their schema, its docstrings and the presets."""
    from bilstm_tagger.settings.loading import presets, read_toml
    from bilstm_tagger.settings.schema import Settings

    schema = Settings.model_json_schema()
    meanings = field_docstrings()
    parts = [
        "# Settings\n\nMade from the program. The names are those of TOML tables and of `--set`, as in "
        "`--set encoder.layers=2`. `none` stands for no value. [The guide](../guides/settings.md) shows how files, "
        "flags and presets go together.\n"
    ]
    for prefix, owner in SECTIONS.items():
        definition = schema["$defs"][owner] if prefix else schema
        title = prefix.removesuffix(".") or "At the top"
        parts.append(f"## {title}\n\n{definition['description'].strip()}\n")
        parts.append("| Setting | Values | Default | Meaning |\n|---|---|---|---|")
        for name, field in definition["properties"].items():
            if "$ref" in str(field) or (not prefix and name in ("tasks", "features")):
                continue
            meaning = " ".join(meanings[owner].get(name, "").split())
            parts.append(f"| `{prefix}{name}` | {_values(field)} | {_default(field)} | {_cell(meaning)} |")
        parts.append("")
    parts.append("## Presets\n\nWhat each preset changes:\n")
    folder = ROOT / "bilstm_tagger" / "settings" / "presets"
    for name in presets():
        file = folder / f"{name}.toml"
        read_toml(file)  # what is shown can be read
        parts.append(f"### {name}\n\n```toml\n{file.read_text('utf-8').strip()}\n```\n")
    return "\n".join(parts)


SECTIONS = {
    "": "Settings",
    "data.": "DataSettings",
    "tasks.NAME.": "TaskSettings",
    "features.NAME.": "FeatureSettings",
    "embedder.": "EmbedderSettings",
    "embedder.characters.": "CharacterSettings",
    "encoder.": "EncoderSettings",
    "head.": "HeadSettings",
    "training.": "TrainingSettings",
}


def field_docstrings() -> dict[str, dict[str, str]]:
    """Find for each class of settings the docstring that stands behind each of its fields."""
    tree = ast.parse((ROOT / "bilstm_tagger" / "settings" / "schema.py").read_text("utf-8"))
    found: dict[str, dict[str, str]] = {}
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        fields = found[owner.name] = {}
        for field, after in zip(owner.body, owner.body[1:], strict=False):
            text = after.value if isinstance(after, ast.Expr) else None
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Constant) and isinstance(text.value, str):
                fields[ast.unparse(field.target)] = text.value
    return found


def _values(field: Mapping[str, Any]) -> str:
    """Which values a setting takes, in a few words, from its JSON schema."""
    if "anyOf" in field:
        return " or ".join(_values(each) for each in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    kind = field.get("type", "")
    if kind == "array":
        return f"list of {_values(field['items'])}"
    if kind == "object":
        return "table"
    words = {"integer": "whole number", "number": "number", "string": "text"}
    words |= {"boolean": "true or false", "null": "none"}
    bounds = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
    limits = [f"{word} {field[key]:g}" for key, word in bounds.items() if key in field]
    return " ".join([words[kind], *limits])


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    if value is None or value == "":
        return "none"
    return f"`{json.dumps(value)}`" if not isinstance(value, str) else f"`{value}`"
