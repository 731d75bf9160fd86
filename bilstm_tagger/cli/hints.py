"""Options that messages of the library name, as the command that shows the message has them.

The library names the options of most commands. Where a command has none of that name, the message tells the setting
that does the same, or which command has it.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["in_options_of", "options_of"]

# What options of reading are called among the settings, for commands that take --set.
SETTINGS = {
    "--column": "tasks.NAME.column", "--scheme": "tasks.NAME.scheme", "--names": "data.names",
    "--word-column": "data.word_column", "--tokenizer": "data.tokenizer", "--text-column": "data.text_column",
    "--misaligned": "data.misaligned", "--encoding": "data.encoding", "--comments": "data.comments",
    "--delimiter": "data.delimiter", "--sentence-column": "data.sentence_column", "--map": "data.labels",
    "--fix-tags": "data.fix_tags", "--label": "data.label", "--repair": "data.repair", "--epochs": "training.epochs",
    "--train": "data.train",
}  # fmt: skip
_FIRST = "convert"  # which has all options of reading
# An option, and its value in quotes or up to a blank; what joins it to another option is none.
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)( '[^']*'| (?!(?:or|and) )[^\s,;:()]+)?")


def in_options_of(message: str, context: Any) -> str:
    """Write a message so that it names no option which the command lacks.

    Args:
        message: the message.
        context: click's context of the command that shows it; None outside of commands.
    """
    if context is None or "--" not in message:
        return message
    own, others = options_of(context.command), _other_commands(context)

    def spelled(match: re.Match[str]) -> str:
        option, value = match[1], match[2] or ""
        if option == "--resume" and "--resume" not in own and "--train" in own:  # a study, which goes on by itself
            return f"the same command{value}"
        if option == "--scheme" and not ("--set" in own or (option in own and "--from-scheme" not in own)):
            # In `convert` the option of this name is about what is written.
            here = "" if "--from-scheme" in own else f" --scheme BIO (of bilstm-tagger {_FIRST})"
            return f"--from-scheme{value}{here}"
        if option in own:
            return match[0]
        if option == "--column" and "--column-a" in own:
            return f"--gold-column{value} (--column-a or --column-b for a file of predictions)"
        if option in SETTINGS and "--set" in own:
            return _as_setting(option, value)
        names = [name for name, command in others.items() if option in options_of(command)]
        if not names or message[: match.start()].endswith(tuple(f"`{name} " for name in names)):  # its command is told
            return match[0]
        owner = _FIRST if _FIRST in names else names[0]
        taken = value if options_of(others[owner])[option] else ""
        return f"{option}{taken} (of bilstm-tagger {owner}){value.removeprefix(taken)}"

    return _OPTION.sub(spelled, message)


def options_of(command: Any) -> dict[str, bool]:
    """Give the long options of a command, and whether each takes a value."""
    return {
        name: not getattr(each, "is_flag", False)
        for each in command.params
        for name in (*each.opts, *each.secondary_opts)
        if name.startswith("--")
    }


def _as_setting(option: str, value: str) -> str:
    setting = SETTINGS[option]
    if option in ("--fix-tags", "--repair"):
        return f"--set {setting}=true{value}"
    given = value.strip()
    if option == "--column" and "=" in given:
        task, _, given = given.strip("'").partition("=")
        setting = f"tasks.{task}.column"
    if option == "--map" and given:
        pairs = ", ".join(
            "{} = '{}'".format(*pair.split("=", 1)) for pair in given.strip("'").split(",") if "=" in pair
        )
        given = f'"{{{pairs}}}"'
    return f"--set {setting}={given or '...'}"


def _other_commands(context: Any) -> dict[str, Any]:
    """All commands by the name that one writes, those of groups too."""
    found: dict[str, Any] = {}
    for name, command in context.find_root().command.commands.items():
        below = getattr(command, "commands", None)
        found |= {f"{name} {each}": it for each, it in below.items()} if below else {name: command}
    return found
