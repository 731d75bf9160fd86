"""The base of all that is read from files and flags, and what a value that cannot be is told in."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Collection, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

__all__ = ["ENCODER_TYPES", "PLUGIN", "Checked", "nearest", "problem", "shown"]

ENCODER_TYPES = ("lstm", "gru", "rnn", "cnn")
PLUGIN = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"

_WORDS = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


class Checked(BaseModel):
    """Values that do not change and whose keys are all known; true and false are no numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false, which pydantic reads as 1 and 0, where neither is meant."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        kinds = (annotation, *get_args(annotation))
        if bool not in kinds:
            inner = (
                value.values()
                if isinstance(value, Mapping) and any(get_origin(kind) is dict for kind in kinds)
                else value
            )
            several = isinstance(inner, Collection) and not isinstance(inner, str | Mapping)
            if any(isinstance(each, bool) for each in (inner if several else [value])):
                raise PydanticCustomError("no_boolean", "takes neither true nor false")
        return value


def problem(error: Any) -> str:
    """What one of pydantic's findings says, in the words of a file of settings, without the place."""
    value = error["input"]
    message: str = error["msg"].removeprefix("Value error, ")
    pattern = error.get("ctx", {}).get("pattern")
    choices: list[str] = []
    if error["type"] in _WORDS:
        message = f"input should be {_WORDS[error['type']]}"
        if message.endswith("list") and isinstance(value, str) and value:
            message += f", as [{shown(value)}]"
    elif pattern is not None:
        choices = [] if pattern == PLUGIN else [*ENCODER_TYPES]
        message = f"input should be {', '.join([*choices, 'or ' * bool(choices) + 'package.module:Class'])}"
    else:
        choices = re.findall("'([^']*)'", error.get("ctx", {}).get("expected", ""))
    if isinstance(value, dict | BaseModel) or error["type"] == "empty":
        return message[0].lower() + message[1:]
    meant = nearest(str(value)[:100], choices) if choices else ""
    return f"{message[0].lower()}{message[1:]}, got {shown(value)}{meant if '?' in meant else ''}"


def shown(value: object) -> str:
    """A value in a message; of a long or deep one the beginning."""
    if isinstance(value, bool):
        return str(value).lower()
    brief = reprlib.Repr()
    brief.maxstring = brief.maxother = 80
    brief.maxlist = brief.maxdict = 8
    try:
        return brief.repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"


def nearest(name: str, valid: list[str]) -> str:
    """What to say of an unknown name: the one that is meant, else all that there are."""
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; valid are {', '.join(valid)}" if valid else ""
