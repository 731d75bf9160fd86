"""What `config.json` holds of a network: what tagging needs, and nothing that only training knows."""

from __future__ import annotations

from typing import Any

from tiny import settings_of

from bilstm_tagger.model_folder.network import NetworkConfig, network_config
from bilstm_tagger.schemes.grammar import Scheme

STORED: dict[str, Any] = {
    "embedder": {
        "word_size": 6,
        "characters": {"size": 4, "widths": [2, 3], "filters": [3, 3]},
        "case_size": 2,
        "features": {},
        "plugin": None,
        "quantization": "float32",
    },
    "encoder": {
        "type": "lstm",
        "direction": "both",
        "merge": "concat",
        "width": 5,
        "hidden_size": 6,
        "layers": 1,
        "ensemble_size": 1,
    },
    "tasks": {"ner": {"scheme": "BIO", "encoding": "IOBES", "head": "crf", "hidden_size": 0}},
}
RATES = {
    "embedder__word_dropout": 0.1, "embedder__dropout": 0.2, "embedder__characters__dropout": 0.3,
    "encoder__dropout": 0.4,
}  # fmt: skip


def rates(network: NetworkConfig) -> list[float]:
    characters = network.embedder.characters
    assert characters is not None
    return [network.embedder.word_dropout, network.embedder.dropout, characters.dropout, network.encoder.dropout]


def test_rates_of_dropout_are_those_of_training_and_not_stored() -> None:
    network = network_config(settings_of(embedder__quantization="float32", **RATES), {"ner": Scheme.BIO}, word_size=6)
    assert rates(network) == list(RATES.values())
    assert network.model_dump(mode="json") == STORED


def test_a_stored_network_drops_nothing() -> None:
    assert rates(NetworkConfig.model_validate(STORED)) == [0.0] * 4


def test_parts_that_earlier_versions_did_not_have() -> None:
    embedder = {key: STORED["embedder"][key] for key in ("word_size", "characters", "case_size")}
    network = NetworkConfig.model_validate(STORED | {"embedder": embedder})
    assert network == NetworkConfig.model_validate(STORED)
