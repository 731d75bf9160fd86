"""An encoder and an embedding from outside the package: trained, stored, and refused in the folders of strangers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import sentences, settings_of, write_conll
from torch import Tensor, nn

from bilstm_tagger.cli.info import describe
from bilstm_tagger.errors import ConfigError, ModelError
from bilstm_tagger.model_folder import plugins
from bilstm_tagger.nn.batch import Types, mask_of
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train


class MeanEncoder(nn.Module):
    """Each token beside the mean of its sentence."""

    def __init__(self, input_size: int, *, hidden_size: int, dropout: float, **_: object) -> None:
        super().__init__()
        self.layer = nn.Linear(2 * input_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.output_size = hidden_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        mask = mask_of(lengths, x.shape[1])[..., None]
        mean = (x * mask).sum(1, keepdim=True) / lengths[:, None, None]
        return torch.tanh(self.layer(self.dropout(torch.cat([x, mean.expand_as(x)], -1))))


class LengthEmbedding(nn.Module):
    """A vector for each length of word."""

    def __init__(self, *, words: int, characters: int, shapes: int) -> None:
        super().__init__()
        self.table = nn.Embedding(30, 3)
        self.output_size = 3

    def forward(self, types: Types) -> Tensor:
        return self.table((types.chars != 0).sum(1).clamp_max(29))


class NoModule:
    """Lacks what the contract asks for."""

    def __init__(self, *_: object, **__: object) -> None: ...


class Transformer(nn.Module):
    """Torch's own, which cannot be used in bfloat16 while tagging."""

    def __init__(self, input_size: int, *, layers: int, **_: object) -> None:
        super().__init__()
        self.input = nn.Linear(input_size, 8)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.1, batch_first=True), layers)
        self.output_size = 8

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.layers(self.input(x), src_key_padding_mask=~mask_of(lengths, x.shape[1]))


class Odd(MeanEncoder):
    """Breaks the contract."""

    def __init__(self, input_size: int, **_: object) -> None:
        super().__init__(input_size, hidden_size=4, dropout=0.5)


class RaisesAtFirst(Odd):
    def __init__(self, *_: object, **__: object) -> None:
        raise ValueError("no such width")


class Raises(Odd):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(x.T, lengths)


class GivesTwo(Odd):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(x, lengths), None


class Short(Odd):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(x, lengths)[:, 1:]


class ReadsPadding(Odd):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return super().forward(x, torch.full_like(lengths, x.shape[1]))


class Plain:
    """Has what the contract asks for, and is no torch module."""

    output_size = 4

    def __init__(self, *_: object, **__: object) -> None: ...

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return x


class AlwaysDrops(Odd):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return nn.functional.dropout(super().forward(x, lengths) + 1, 0.5)


class WantsTheLongestFirst(Odd):
    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
        return super().forward(x, lengths)


class OddEmbedding(LengthEmbedding):
    def forward(self, types: Types) -> Tensor:
        return super().forward(types)[0]


HERE = __name__
ENCODER, EMBEDDING = f"{HERE}:MeanEncoder", f"{HERE}:LengthEmbedding"


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("data")
    train_file, dev_file = (
        str(write_conll(folder / f"{name}.conll", sentences(count, seed=count)))
        for name, count in (("a", 60), ("b", 20))
    )
    return settings_of(
        data__train=train_file, data__dev=dev_file, encoder__type=ENCODER, embedder__plugin=EMBEDDING,
        encoder__ensemble_size=2,
    )  # fmt: skip


def test_a_plugin_trains_and_is_loaded_where_it_is_allowed(
    chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = train(chosen, output=tmp_path / "model")
    words = ["Ada", "left", "Turin", "."]
    assert tagger.runtime.model.embedder.type_size == 6 + 6 + 2 + 3
    with pytest.raises(ModelError, match=rf"needs code from elsewhere, '{ENCODER}'.*plugins=\['{ENCODER}'\]"):
        Tagger.load(tmp_path / "model")
    with pytest.raises(ModelError, match=f"needs code from elsewhere, '{EMBEDDING}'"):
        Tagger.load(tmp_path / "model", plugins=[ENCODER])
    assert Tagger.load(tmp_path / "model", plugins=[ENCODER, EMBEDDING])(words).tags == tagger(words).tags
    facts = describe(tmp_path / "model")  # which needs none of it
    assert (facts["plugins"], facts["settings"]["encoder"]["type"]) == ([ENCODER, EMBEDDING], ENCODER)
    assert "parameters" not in facts["sizes"]
    monkeypatch.setenv(plugins.ALLOWED, f"{ENCODER},{EMBEDDING}")
    assert Tagger.load(tmp_path / "model")(words).tags == tagger(words).tags


def test_a_sentence_alone_is_tagged_as_in_any_batch(chosen: Settings, tmp_path: Path) -> None:
    tagger = train(chosen, output=tmp_path / "model")
    rows = [["Ada"], ["Rain", "fell", "."], ["the", "boat", "left", "Lake", "Ob"]]
    assert [document.tags for document in tagger.pipe(rows)] == [tagger(row).tags for row in rows]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{HERE}:Absent", "cannot be imported"),
        (
            "no_such_package.inner:Class",
            r"cannot be imported: No module named 'no_such_package'; name the folder that no_such_package lies in by "
            r"the variable PYTHONPATH$",
        ),
        (
            f"{HERE}:NoModule",
            (
                r"^plug-in 'tests\.model_folder\.test_plugins:NoModule' is not a torch module with `forward` and "
                r"a number `output_size`$"
            ),
        ),
        (f"{HERE}:Plain", "is not a torch module with `forward`"),
        (f"{HERE}:LengthEmbedding", "cannot be made"),
        (f"{HERE}:RaisesAtFirst", "cannot be made: ValueError: no such width$"),
        (f"{HERE}:Raises", "cannot be used: `forward` ends with RuntimeError: "),
        (f"{HERE}:GivesTwo", "`forward` gives a tuple, not a tensor$"),
        (
            f"{HERE}:Short",
            r"gives numbers of shape \(2, 2, 4\), not \(2, 3, 4\): \(batch, tokens, output_size\)$",
        ),
        (f"{HERE}:AlwaysDrops", "gives other numbers each time while tagging"),
        (f"{HERE}:WantsTheLongestFirst", "`forward` ends with RuntimeError: `lengths` array must be sorted"),
        (f"{HERE}:ReadsPadding", "what stands behind the end of a sentence changes the states of its tokens"),
    ],
)
def test_what_is_no_plugin_is_named(chosen: Settings, tmp_path: Path, name: str, message: str) -> None:
    wrong = chosen.model_copy(update={"encoder": chosen.encoder.model_copy(update={"type": name})})
    with pytest.raises(ConfigError, match=message):
        train(wrong, output=tmp_path / "model")


def test_an_embedding_of_another_shape_is_named(chosen: Settings, tmp_path: Path) -> None:
    embedder = chosen.embedder.model_copy(update={"plugin": f"{HERE}:OddEmbedding"})
    wrong = chosen.model_copy(update={"embedder": embedder})
    with pytest.raises(ConfigError, match=r"gives numbers of shape \(3,\), not \(2, 3\): \(types, output_size\)$"):
        train(wrong, output=tmp_path / "model")


def test_trying_a_plugin_draws_no_random_number() -> None:
    torch.manual_seed(3)
    plain = MeanEncoder(5, hidden_size=4, dropout=0.5)
    drawn = torch.rand(1)
    torch.manual_seed(3)
    tried = plugins.plugin_class(ENCODER).encoder(5, hidden_size=4, dropout=0.5)
    assert torch.equal(torch.rand(1), drawn)
    assert torch.equal(tried.layer.weight, plain.layer.weight)
    assert tried.training


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_transformer_of_torch_trains_and_tags(
    precision: str, chosen: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{HERE}:Transformer"
    encoder = chosen.encoder.model_copy(update={"type": name, "ensemble_size": 1})
    training = chosen.training.model_copy(update={"precision": precision, "epochs": 1})
    train(chosen.model_copy(update={"encoder": encoder, "training": training}), output=tmp_path / "model")
    monkeypatch.setenv(plugins.ALLOWED, f"{name},{EMBEDDING}")
    rows = [["Ada"], ["the", "boat", "left", "Lake", "Ob"]]
    tagger = Tagger.load(tmp_path / "model", precision=precision)
    assert [document.tags for document in tagger.pipe(rows)] == [tagger(row).tags for row in rows]


@pytest.mark.parametrize("name", ["mlp", "a.b", ":C", "a:", "a:b c", "../a:B"])
def test_a_name_of_another_form_is_refused_by_the_settings(name: str) -> None:
    with pytest.raises(ConfigError, match=r"encoder\.type"):
        settings_of(encoder__type=name)
