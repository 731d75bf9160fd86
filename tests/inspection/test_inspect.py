"""What `inspect` shows against the fused LSTM and against gradients taken token by token."""

from __future__ import annotations

import dataclasses
import json
import re
from copy import deepcopy
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import sentences, settings_of, untrained, write_conll
from torch import Tensor

import bilstm_tagger
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.inspection.inspect import GATES, NamedArray, inspect
from bilstm_tagger.inspection.traces import embed, gradient_norms, trace
from bilstm_tagger.inspection.views import best_tags, depends_most_on, draw, pieces, write_page
from bilstm_tagger.nn.fast_lstm import fast_lstm
from bilstm_tagger.nn.lstm_reference import run_direction, weights_of
from bilstm_tagger.nn.recurrent import RecurrentEncoder
from bilstm_tagger.nn.stacked_lstm import stackable
from bilstm_tagger.plots import Heatmap
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train

WORDS = ["Ada", "left", "<Turin>", "at", "42", "."]
SENTENCE = Document.from_words(WORDS)
KINDS = [
    ("both", "concat", 1),
    ("both", "sum", 2),
    ("both", "concat", 2),
    ("forward", "concat", 2),
    ("backward", "sum", 1),
]


def tagger_of(
    cell: str = "lstm", direction: str = "both", merge: str = "concat", layers: int = 1, **more: object
) -> Tagger:
    encoder = {"type": cell, "direction": direction, "merge": merge, "layers": layers, "width": 3}
    return untrained(settings_of(**{f"encoder__{key}": value for key, value in encoder.items()}, **more))


# ---- gates and states


@pytest.mark.parametrize(("direction", "merge", "layers"), KINDS)
def test_states_are_those_of_the_fused_lstm(direction: str, merge: str, layers: int) -> None:
    """The hidden states come from the fused passes; the gates give them again: h = o * tanh(c), c = f c + i g."""
    tagger = tagger_of("lstm", direction, merge, layers)
    seen = trace(tagger.runtime.model.encoders[0], embed(tagger, SENTENCE))
    assert seen.directions == (("forward", "backward") if direction == "both" else (direction,))
    assert seen.gates is not None
    assert seen.cell is not None
    assert seen.gates.shape == (layers, len(seen.directions), 3, len(WORDS), 6)
    forget, store, output = np.moveaxis(seen.gates, 2, 0)
    np.testing.assert_allclose(seen.hidden, output * np.tanh(seen.cell), atol=1e-5)
    for number, name in enumerate(seen.directions):
        cell = seen.cell[:, number]
        before = np.zeros_like(cell)
        if name == "forward":
            before[:, 1:] = cell[:, :-1]
        else:
            before[:, :-1] = cell[:, 1:]
        candidate = (cell - forget[:, number] * before) / store[:, number]
        assert np.abs(candidate).max() <= 1 + 1e-4


def test_gates_equal_the_cell_run_by_hand() -> None:
    tagger = tagger_of()
    x = embed(tagger, SENTENCE)
    layer = tagger.runtime.model.encoders[0].layers[0]
    with torch.no_grad():
        forward = run_direction(x, weights_of(layer.passes["left_to_right"]))
        backward = run_direction(x, weights_of(layer.passes["right_to_left"]), right_to_left=True)
    seen = inspect(tagger, WORDS)
    for name, gates in (("forward", forward), ("backward", backward)):
        for gate in GATES:
            mean = getattr(gates, gate)[0].mean(-1).numpy()
            np.testing.assert_allclose(seen.gates.select(layer=0, direction=name, gate=gate), mean, atol=1e-6)
        norm = gates.cell[0].norm(dim=-1).numpy()
        np.testing.assert_allclose(seen.cell_norm.select(layer="layer 1", direction=name), norm, atol=1e-5)
        norm = gates.hidden[0].norm(dim=-1).numpy()
        np.testing.assert_allclose(seen.hidden_norm.select(layer=0, direction=name), norm, atol=1e-5)


# ---- dependences


def scores(tagger: Tagger, x: Tensor, tags: list[int]) -> Tensor:
    states = tagger.runtime.model.encoders[0](x, torch.tensor([x.shape[1]]))
    return tagger.runtime.model.heads("ner")[0](states)[0, torch.arange(len(tags)), tags]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "cnn"])
@pytest.mark.parametrize("layers", [1, 2])
def test_dependence_equals_the_jacobian(cell: str, layers: int) -> None:
    tagger = tagger_of(cell, layers=layers)
    x = embed(tagger, SENTENCE)
    tags = [1, 0, 2, 2, 3, 0]
    jacobian = torch.autograd.functional.jacobian(lambda given: scores(tagger, given, tags), x)[:, 0]
    found = gradient_norms(tagger.runtime.model, x, task="ner", tags=tags)
    np.testing.assert_allclose(found["all"], jacobian.norm(dim=-1).numpy(), rtol=1e-4, atol=1e-6)
    assert list(found) == (["all"] if cell == "cnn" else ["forward", "backward", "all"])


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize(("merge", "layers"), list(product(["concat", "sum"], [1, 3])))
def test_each_direction_sees_one_side(cell: str, merge: str, layers: int) -> None:
    tagger = tagger_of(cell, merge=merge, layers=layers)
    found = gradient_norms(tagger.runtime.model, embed(tagger, SENTENCE), task="ner", tags=[0] * 6)
    for path, other in (("forward", np.triu), ("backward", np.tril)):
        assert not other(found[path], 1 if path == "forward" else -1).any()
        assert (np.diag(found[path]) > 0).all()
    if layers == 1:  # a path that turns round needs a second layer
        both = np.tril(found["forward"], -1) + np.triu(found["backward"], 1)
        np.testing.assert_allclose(both, found["all"] - np.diag(np.diag(found["all"])), rtol=1e-4, atol=1e-7)


def test_dependence_through_a_tanh_layer_equals_the_jacobian() -> None:
    tagger = tagger_of(head__hidden_size=5)
    x = embed(tagger, SENTENCE)
    found = gradient_norms(tagger.runtime.model, x, task="ner", tags=[0] * 6)
    assert not np.triu(found["forward"], 1).any()
    assert not np.tril(found["backward"], -1).any()
    jacobian = torch.autograd.functional.jacobian(lambda given: scores(tagger, given, [0] * 6), x)[:, 0]
    np.testing.assert_allclose(found["all"], jacobian.norm(dim=-1).numpy(), rtol=1e-4, atol=1e-6)
    assert found["all"].any()


def test_a_direction_alone_is_its_own_part_of_the_score() -> None:
    """One layer, merged by concatenation: the score is a sum of a forward and a backward part."""
    tagger = tagger_of()
    x = embed(tagger, SENTENCE)
    forward = tagger.runtime.model.encoders[0].layers[0].passes["left_to_right"]
    weight = tagger.runtime.model.heads("ner")[0].projection.weight[:, :6]

    def part(given: Tensor) -> Tensor:
        return run_direction(given, weights_of(forward)).hidden[0] @ weight[2]

    jacobian = torch.autograd.functional.jacobian(part, x)[:, 0]
    found = gradient_norms(tagger.runtime.model, x, task="ner", tags=[2] * 6)
    np.testing.assert_allclose(found["forward"], jacobian.norm(dim=-1).numpy(), rtol=1e-4, atol=1e-6)


def test_long_texts_are_differentiated_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = tagger_of()
    x = embed(tagger, SENTENCE)
    whole = gradient_norms(tagger.runtime.model, x, task="ner", tags=[1] * 6)
    monkeypatch.setattr("bilstm_tagger.inspection.traces.COPIES_TOKENS", 13)
    pieces = gradient_norms(tagger.runtime.model, x, task="ner", tags=[1] * 6)
    for path in whole:
        np.testing.assert_allclose(pieces[path], whole[path], rtol=1e-5, atol=1e-7)


def test_the_network_is_left_as_it_was() -> None:
    tagger = tagger_of(layers=2)
    before = tagger(WORDS).tags
    inspect(tagger, WORDS)
    assert not any(part.training for part in tagger.runtime.model.modules())
    assert not any(part._forward_hooks for part in tagger.runtime.model.modules())
    assert all(weight.grad is None for weight in tagger.runtime.model.parameters())
    assert tagger(WORDS).tags == before


# ---- the whole inspection


def test_each_sentence_is_seen_alone_as_the_tagger_reads_it() -> None:
    tagger = tagger_of()
    seen = inspect(tagger, [WORDS, ["Rain"], ["the", "boat"]])
    assert seen.tokens == (*WORDS, "Rain", "the", "boat")
    dependence = seen.dependence.select(path="all")
    assert not dependence[:6, 6:].any()
    assert not dependence[6:, :6].any()
    alone = inspect(tagger, WORDS)
    np.testing.assert_allclose(seen.gates.values[..., :6], alone.gates.values, atol=1e-6)
    np.testing.assert_allclose(seen.dependence.values[:, :6, :6], alone.dependence.values, rtol=1e-4, atol=1e-6)


def test_it_is_public() -> None:
    assert bilstm_tagger.inspect is inspect
    assert "inspect" in bilstm_tagger.__all__
    assert not hasattr(Tagger, "inspect")


def test_tags_are_those_that_tagging_gives() -> None:
    tagger = tagger_of()
    seen = inspect(tagger, WORDS)
    assert seen.tags == tuple(tagger(WORDS).tags["ner"])
    assert (seen.task, seen.encoder) == ("ner", "lstm")
    with pytest.raises(dataclasses.FrozenInstanceError):
        seen.task = "pos"  # type: ignore[misc]


def test_of_an_ensemble_the_first_encoder_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    tagger = tagger_of(encoder__ensemble_size=3)
    seen = inspect(tagger, SENTENCE)
    assert "3 encoders" in caplog.text
    assert seen.document.tags == tagger(SENTENCE).tags
    alone = trace(tagger.runtime.model.encoders[0], embed(tagger, SENTENCE))
    assert seen.lstm_gates is not None
    assert alone.gates is not None
    np.testing.assert_array_equal(seen.lstm_gates.values, alone.gates.mean(-1))


def test_token_specific_units() -> None:
    tagger = tagger_of(layers=2)
    hidden = trace(tagger.runtime.model.encoders[0], embed(tagger, SENTENCE)).hidden
    found = inspect(tagger, WORDS).units
    assert len(found) == 12
    distances = []
    for unit in found:
        states = hidden[int(unit.layer[-1]) - 1, ("forward", "backward").index(unit.direction), :, unit.unit]
        others = [np.delete(states, place).mean() for place in range(len(states))]
        assert unit.value == pytest.approx(states[unit.token])
        assert unit.elsewhere == pytest.approx(others[unit.token], abs=1e-6)
        assert unit.token == np.argmax(np.abs(states - others))
        distances.append(abs(unit.value - unit.elsewhere))
        assert list(unit.trace) == pytest.approx(states)
    assert distances == sorted(distances, reverse=True)
    assert inspect(tagger, ["Rain"]).units == ()
    alone = inspect(tagger, ["Rain"]).unit(0, "forward", 3)
    assert (alone.layer, alone.token, alone.elsewhere) == ("layer 1", 0, None)
    with pytest.raises(TaggerError, match=r"axis 'unit' has no position 6; known: 0, 1"):
        inspect(tagger, WORDS).unit(0, "forward", 6)


@pytest.mark.parametrize("cell", ["gru", "rnn", "cnn"])
def test_only_an_lstm_has_gates(cell: str) -> None:
    seen = inspect(tagger_of(cell, layers=2), WORDS)
    assert seen.hidden_norm.values.shape == (2, len(seen.directions), 6)
    assert seen.directions == (("window",) if cell == "cnn" else ("forward", "backward"))
    for name in ("gates", "cell_norm"):
        with pytest.raises(
            TaggerError, match=f"only an LSTM has gates and cell states; this model's encoder.type is '{cell}'"
        ):
            getattr(seen, name)
    assert "gates" not in seen.to_json()


class Smooth(torch.nn.Module):
    """An encoder from elsewhere: a GRU of two layers with dropout of its own, whose `layers` are none of ours."""

    def __init__(self, input_size: int, **_: object) -> None:
        super().__init__()
        self.layers = torch.nn.GRU(input_size, 5, num_layers=2, dropout=0.5, batch_first=True)
        self.output_size = 5

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return self.layers(x)[0]


class Reversed(RecurrentEncoder):
    """An encoder from elsewhere that extends one of the package."""

    def __init__(self, input_size: int, *, width: int, **sizes: object) -> None:
        super().__init__(input_size, **sizes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return -super().forward(x, lengths)


class Blind(torch.nn.Module):
    """An encoder from elsewhere that passes no gradient on."""

    def __init__(self, input_size: int, **_: object) -> None:
        super().__init__()
        self.output_size = input_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        return x.sign().detach()


@pytest.mark.parametrize("kind", [Smooth, Reversed, Blind])
def test_what_an_encoder_from_elsewhere_gives_is_shown(kind: type, tmp_path: Path) -> None:
    """Its output as torch computes it, and the Jacobian of the scores."""
    tagger = tagger_of(f"{__name__}:{kind.__name__}")
    encoder = tagger.runtime.model.encoders[0]
    x = embed(tagger, SENTENCE)
    seen = inspect(tagger, WORDS)
    with torch.no_grad():
        states = encoder(x, torch.tensor([len(WORDS)]))[0]
    assert (seen.layers, seen.directions, seen.paths) == (("output",), ("output",), ("all",))
    np.testing.assert_allclose(seen.hidden_states.select(layer=0, direction=0), states.T.numpy(), atol=1e-6)
    tags = [seen.tag_scores.axes["tag"].index(tag) for tag in convert(seen.tags, Scheme.BIO, Scheme.IOBES)]
    jacobian = torch.autograd.functional.jacobian(lambda given: scores(tagger, given, tags), x)[:, 0]
    np.testing.assert_allclose(seen.dependence.select(path="all"), jacobian.norm(dim=-1).numpy(), rtol=1e-4, atol=1e-6)
    assert bool(jacobian.any()) == (kind is not Blind)
    assert seen.own_encoder
    assert seen.lstm_gates is None
    assert {unit.name for unit in seen.units} >= {f"output, unit {seen.units[0].unit}"}
    assert not any(part.training for part in encoder.modules())
    assert fast_lstm(tagger.runtime.model) is None, "it would pass over the `forward` of one that extends an LSTM"
    assert not stackable([encoder])
    assert kind is not Smooth or encoder.layers.dropout == 0.5
    assert all(depends_most_on(seen, place) for place in range(len(WORDS))) == (kind is not Blind)
    write_page(seen, tmp_path / "page.html")
    draw(seen, tmp_path / "figure.png")


def test_a_softmax_has_no_scores_of_transitions() -> None:
    for head in ("softmax", "crf"):
        tagger = tagger_of(tasks__ner__head=head)
        if head == "crf":
            with torch.no_grad():
                tagger.runtime.model.heads("ner")[0].crf.transitions[0, 0] += 1
        seen = inspect(tagger, WORDS)
        assert seen.transitions is not None
        assert (seen.learned_transitions is not None) == (head == "crf")


@pytest.mark.parametrize("source", ["", [], [[]]])
def test_a_text_without_tokens_is_refused(source: object) -> None:
    tagger = tagger_of(data__tokenizer="whitespace")
    with pytest.raises(TaggerError, match="0 tokens to inspect"):
        inspect(tagger, source)


def test_long_texts_and_unknown_tasks_are_refused() -> None:
    tagger = tagger_of()
    with pytest.raises(TaggerError, match="1,001 tokens to inspect; give a text of 1 to 1,000"):
        inspect(tagger, ["a"] * 1001)
    with pytest.raises(TaggerError, match="no task 'pos' in this model; known: ner"):
        inspect(tagger, WORDS, task="pos")


def test_named_arrays() -> None:
    array = NamedArray(np.arange(6).reshape(2, 3), {"gate": ("forget", "input"), "token": ("a", "b", "a")})
    assert array.select(gate="input").tolist() == [3, 4, 5]
    assert array.select(token=-1).tolist() == [2, 5]
    assert array.select(gate=0, token="b") == 1
    assert array.select().shape == (2, 3)
    with pytest.raises(TaggerError, match=r"no axis 'gat'; did you mean 'gate'\? known: gate, token"):
        array.select(gat=0)
    for place in ("output", 2, -3):
        with pytest.raises(TaggerError, match=r"axis 'gate' has no position .*; known: forget, input"):
            array.select(gate=place)
    with pytest.raises(TaggerError, match=r"axis 'gate' has no position 2, counted from 0; known: forget, input$"):
        array.select(gate=2)
    assert array.to_json() == {
        "axes": {"gate": ["forget", "input"], "token": ["a", "b", "a"]},
        "values": [[0, 1, 2], [3, 4, 5]],
    }


def test_the_encoder_reads_what_it_reads_when_tagging(tmp_path: Path) -> None:
    """Features beside the word included."""
    data = write_conll(tmp_path / "train.conll", sentences(20))
    settings = settings_of(
        data__train=str(data), data__dev=str(data), features__pair__bigram=True, features__pair__size=4
    )
    tagger = train(settings, output=tmp_path / "model")
    document = Document.from_words(["Ada", "left", "Turin", "and", "Rain", "fell"])
    read: list[Tensor] = []
    handle = tagger.runtime.model.encoders[0].register_forward_pre_hook(lambda _, given: read.append(given[0]))
    tagger(document)
    handle.remove()
    assert read[0].shape[-1] == tagger.runtime.model.embedder.type_size + 4
    torch.testing.assert_close(embed(tagger, document), read[0].clone(), rtol=0, atol=1e-5)
    assert inspect(tagger, document).tags == tuple(tagger(document).tags["ner"])


# ---- scores and transitions


def by_brute_force(scores: np.ndarray, transitions: np.ndarray | None) -> list[int]:
    """The sequence of tags with the largest sum of scores, of all sequences."""
    tokens, tags = scores.shape
    best: tuple[float, list[int]] = (-np.inf, [])
    for sequence in product(range(tags), repeat=tokens):
        total = float(sum(scores[place, tag] for place, tag in enumerate(sequence)))
        if transitions is not None:
            steps = zip([0, *(tag + 1 for tag in sequence)], [*sequence, tags], strict=True)
            total += float(sum(transitions[before, after] for before, after in steps))
        best = max(best, (total, list(sequence)))
    return best[1]


@pytest.mark.parametrize("head", ["crf", "softmax"])
@pytest.mark.parametrize("encoders", [1, 2])
def test_scores_and_transitions_give_the_predicted_tags(head: str, encoders: int) -> None:
    tagger = tagger_of(encoder__ensemble_size=encoders, tasks__ner__head=head)
    with torch.no_grad():
        for one in tagger.runtime.model.heads("ner"):
            one.projection.weight.mul_(8)  # so that the scores of the tags differ
            if one.crf is not None:
                one.crf.transitions.normal_()
                one.crf.start_transitions.normal_()
                one.crf.end_transitions.normal_()
    tagger = deepcopy(tagger)  # which copies the weights anew
    words = WORDS[:4]
    seen = inspect(tagger, words)
    tags = seen.tag_scores.axes["tag"]
    transitions = None if seen.transitions is None else seen.transitions.values
    best = [tags[tag] for tag in by_brute_force(seen.tag_scores.values, transitions)]
    config = tagger.info.network.tasks["ner"]
    assert tuple(convert(best, config.encoding, config.scheme)) == seen.tags
    assert seen.transitions is not None
    assert seen.transitions.axes["from"] == ("START", *tags)
    assert seen.transitions.axes["to"] == (*tags, "END")
    for before, after in product(seen.transitions.axes["from"], seen.transitions.axes["to"]):
        score = float(seen.transitions.select(**{"from": before, "to": after}))
        inside = {"B": "IE", "I": "IE"}.get(before[0], "") if before != "START" else ""
        if inside:  # IOBES: a begun span goes on with its own label
            allowed = after != "END" and after[0] in inside and after[1:] == before[1:]
        else:
            allowed = (before, after) != ("START", "END") and (after == "END" or after[0] in "OBS")
        assert np.isfinite(score) == allowed, (before, after)


def test_the_first_task_with_spans_is_explained() -> None:
    settings = settings_of(tasks__upos__column=2, tasks__ner__column=3)
    tagger = untrained(settings, schemes={"upos": Scheme.NONE, "ner": Scheme.BIO})
    assert tagger.tasks == ["upos", "ner"]
    assert inspect(tagger, WORDS).task == "ner"
    plain = inspect(tagger, WORDS, task="upos")
    assert plain.task == "upos"
    assert plain.to_json()["tag_scores"]["axes"]["tag"] == ["DET", "NOUN", "X"]
    only_plain = untrained(settings_of(tasks__ner__column=2), schemes={"ner": Scheme.NONE})
    assert inspect(only_plain, WORDS).task == "ner"


# ---- views


def test_what_a_prediction_depends_on_most() -> None:
    seen = inspect(tagger_of(), WORDS)
    row = seen.dependence.select(path="all", token=2)
    found = depends_most_on(seen, 2, most=6)
    assert [place for place, _ in found] == sorted(range(6), key=lambda place: -row[place])
    assert sum(share for _, share in found) == pytest.approx(1)
    assert len(depends_most_on(seen, 0)) == 3
    assert len(depends_most_on(inspect(tagger_of("cnn"), WORDS), 0, most=6)) == 2, "only what the window holds"


@pytest.mark.parametrize("cell", ["lstm", "cnn"])
def test_figure(tmp_path: Path, cell: str) -> None:
    pytest.importorskip("matplotlib")
    draw(inspect(tagger_of(cell, layers=2), [r"$\x$", *WORDS]), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_long_texts_are_cut_for_the_figure() -> None:
    for tokens, widest, count in ((1, 24, 1), (24, 24, 1), (25, 24, 2), (100, 24, 5), (7, 3, 3)):
        cut = pieces(tokens, widest=widest)
        assert [place for piece in cut for place in range(tokens)[piece]] == list(range(tokens))
        sizes = [piece.stop - piece.start for piece in cut]
        assert len(cut) == count
        assert max(sizes) <= widest
        assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("tokens", [6, 45])
def test_maps_of_long_texts_stay_narrow(tokens: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[list[Heatmap]] = []
    monkeypatch.setattr("bilstm_tagger.inspection.views.save_heatmaps", lambda bands, _: drawn.extend(bands))
    words = (WORDS * 8)[:tokens]
    seen = inspect(tagger_of(), words)
    draw(seen, tmp_path / "figure.png")
    assert max(heatmap.cell * len(heatmap.columns) for band in drawn for heatmap in band) <= 24 * 0.42
    assert len({len(band) for band in drawn}) > 1 or tokens > 14, "maps of short texts stand side by side"
    scores = [heatmap for band in drawn for heatmap in band if heatmap.title.startswith("score of each tag")]
    assert [word for heatmap in scores for word in heatmap.columns] == words
    values = np.concatenate([np.array(heatmap.values) for heatmap in scores], axis=1)
    np.testing.assert_array_equal(values.T, seen.tag_scores.values)


def test_tags_with_the_highest_scores() -> None:
    seen = inspect(tagger_of(), WORDS)
    found = best_tags(seen, 2, most=4)
    scores = sorted(seen.tag_scores.select(token=2).tolist(), reverse=True)
    assert [score for _, score in found] == scores[:4]
    assert all(seen.tag_scores.select(token=2, tag=name) == score for name, score in found)


def test_page_is_self_contained_and_safe(tmp_path: Path) -> None:
    words = ["</script><script>alert(1)</script>", "&", "{{data}}", "中"]
    seen = inspect(tagger_of(), words)
    write_page(seen, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("<script") == 2
    assert not re.search(r"https?://|src=|<link|@import", page)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    assert data == json.loads(json.dumps(seen.to_json()))
    assert data["tokens"] == words
    assert "<title>Inside the tagger: &lt;/script&gt;" in page


def test_the_tags_of_the_network_are_those_whose_scores_are_the_largest() -> None:
    words = ["Ada", "Turin", "left", "Turin"]
    seen = inspect(tagger_of(), words)
    assert seen.transitions is not None
    names, steps = seen.tag_scores.axes["tag"], seen.transitions
    best = max(
        product(names, repeat=len(words)),
        key=lambda tags: sum(
            [seen.tag_scores.select(token=place, tag=tag) for place, tag in enumerate(tags)]
            + [steps.select(**{"from": a, "to": b}) for a, b in pairwise(["START", *tags, "END"])]
        ),
    )
    assert seen.network_tags == best
    assert seen.network_tags != seen.tags == tuple(convert(best, Scheme.IOBES, Scheme.BIO))
    alike = zip(seen.shown_tags, seen.tags, best, strict=True)
    assert all(shown == (tag if tag == own else f"{tag} ({own})") for shown, tag, own in alike)
