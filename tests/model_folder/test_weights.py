"""A file of weights that does not fit its network is refused with numbers, before anything is built."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tiny import settings_of, untrained

from bilstm_tagger.errors import ModelError
from bilstm_tagger.model_folder.network import NetworkConfig
from bilstm_tagger.model_folder.weights import Header, check_parts


def network_with(**changes: Any) -> NetworkConfig:
    """The network of a tiny tagger with other sizes, by dotted key with `__` for the dot."""
    values = untrained(settings_of()).info.network.model_dump()
    for key, value in changes.items():
        holder = values
        *way, last = key.split("__")
        for name in way:
            holder = holder[name]
        holder[last] = value
    return NetworkConfig.model_validate(values)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoder__layers": 91}, "encoder.layers of config.json asks for 91"),
        ({"encoder__layers": 40, "encoder__ensemble_size": 30}, "encoder.layers of config.json asks for 1,200"),
        (
            {"embedder__characters__widths": [1] * 92, "embedder__characters__filters": [1] * 92},
            "embedder.characters.widths of config.json asks for 92",
        ),
    ],
)
def test_more_parts_than_tensors(changes: dict[str, Any], said: str) -> None:
    headers = {str(number): Header("F32", (1,)) for number in range(90)}
    path = Path("model.safetensors")
    with pytest.raises(ModelError, match=f"^{re.escape(f'{path}: holds 90 tensors where {said}')}$"):
        check_parts(path, network_with(**changes), headers)
    check_parts(path, network_with(encoder__layers=90), headers)
    check_parts(path, network_with(embedder__characters=None), headers)
