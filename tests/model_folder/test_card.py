"""The README.md of a model folder, word for word: people read it before they trust a model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tiny import settings_of, untrained

from bilstm_tagger.model_folder.card import model_card
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.schemes.grammar import Scheme

CARD = """\
# ner, pos tagger

Made with [bilstm-tagger](https://pypi.org/project/bilstm-tagger/).

```python
from bilstm_tagger import Tagger

tagger = Tagger.load("my/model")
for token in tagger("Your text here."):
    print(token.text, token.tag())
```

## Tasks

- **ner** (crf head): spans of LOC, PER; data in IOB1, network in IOBES
- **pos** (softmax head): 3 tags: DET, NOUN, X

## Licence

CC0-1.0

## Scores

Epoch 2 of 3, the best on the dev corpus: F1 of exact spans, accuracy of plain tags, in percent.

| task | dev | test.conll |
|---|---|---|
| ner | 50.00 | 12.35 |
| pos | 25.00 |  |

Names by kind

| kind | F1 |
| --- | --- |
| PER | 40.1 |

## Data

| role | file | sentences | tokens | sha256 |
|---|---|---|---|---|
| train | a.conll | 3,000 | 9,000 | `0123456789ab` |

Made of letters.

## Model

1 LSTM layer, two directions, 6 units each; 1,234 trained weights, 1 further word with frozen vectors; 5.6 MB.

Seed 7; bilstm_tagger 1.2, torch 3.4.

## Settings

```json
{settings}
```

## Limits

It has learnt from the data above alone: other genres, other languages and later years will score lower. \
Check it on a sample of your own text before you rely on it.
"""


def told(**changes: Any) -> ModelInfo:
    """A model of which everything that a card can tell is known."""
    tasks = {"ner": {"head": "crf"}, "pos": {"head": "softmax"}}
    settings = settings_of(tasks=tasks, training__seed=7, licence="CC0-1.0", notes="Made of letters.")
    info = untrained(settings, schemes={"ner": Scheme.IOB1, "pos": Scheme.NONE}).info
    row = {"role": "train", "name": "a.conll", "sentences": 3000, "tokens": 9000, "sha256": "0123456789abcdef" * 4}
    known = {
        "metrics": {
            "dev": {"ner": 0.5, "pos": 0.25},
            "best_epoch": 2,
            "epochs": 3,
            "test_scores": [{"file": "test.conll", "scores": {"ner": 0.12345}}],
            "test": [{"title": "Names by kind", "header": ["kind", "F1"], "rows": [["PER", 40.1]]}],
        },
        "provenance": {"versions": {"bilstm_tagger": "1.2", "torch": "3.4"}, "data": [row]},
    }
    return replace(info, **known | changes)


def test_the_whole_card() -> None:
    info = told()
    card = model_card(info, weights=1234, size=5_600_000, name="my/model")
    assert card == CARD.replace("{settings}", json.dumps(info.settings, indent=2))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metrics": {}}, "## Scores\n\nNone measured.\n\n## Data"),
        (
            {"metrics": {"dev": {"ner": 0.5}}},
            "Scores\n\nOn the dev corpus: F1 of exact spans, accuracy of plain tags, in percent.\n\n|",
        ),
        (
            {"settings": {}},
            "|\n\nThe licence of the data decides what the model may be used for; state it in `notes` before you share "
            "it.\n\n##",
        ),
    ],
)
def test_what_is_not_known(changes: dict[str, Any], said: str) -> None:
    assert said in model_card(told(**changes), weights=1, size=1)


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        ({"type": "gru", "layers": 2, "direction": "forward"}, "2 GRU layers, left to right, 6 units each; 1 trained"),
        ({"type": "my.module:Window", "layers": 2}, "Encoder `my.module:Window`; 1 trained"),
        ({"type": "my.module:Window", "ensemble_size": 3}, "Encoder `my.module:Window`, an ensemble of 3; 1 trained"),
    ],
)
def test_of_an_encoder_from_elsewhere_its_name_is_known_alone(encoder: dict[str, Any], said: str) -> None:
    info = told()
    network = info.network.model_copy(update={"encoder": info.network.encoder.model_copy(update=encoder)})
    assert f"## Model\n\n{said} " in model_card(replace(info, network=network), weights=1, size=1)


def test_no_licence_has_no_heading() -> None:
    assert "## Licence" not in model_card(told(settings={}), weights=1, size=1)
