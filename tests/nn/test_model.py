"""The whole network: losses and decoding against each sentence by itself."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.network import network_config
from bilstm_tagger.nn.batch import Batch, Types, mask_of
from bilstm_tagger.nn.device import pick_device, pick_precision
from bilstm_tagger.nn.fast_heads import FastHeads
from bilstm_tagger.nn.heads import Head
from bilstm_tagger.nn.model import Output, TaggingModel
from bilstm_tagger.schemes.grammar import Scheme, first_illegal, tag_names
from bilstm_tagger.settings.loading import load_settings, parse_settings
from bilstm_tagger.vocab.vocab import build_vocab

WORDS = ["the", "Boat", "sank", "in", "Turin", ".", "1999", "extraordinarily"]
TASKS = {"crf": Scheme.IOBES, "softmax": Scheme.BIO, "plain": Scheme.NONE}
SETTINGS = load_settings(
    overrides={
        "tasks": {
            "crf": {"head": "crf", "encoding": "IOBES"},
            "softmax": {"head": "softmax", "encoding": "BIO"},
            "plain": {"head": "softmax"},
        },
        "embedder.size": 5,
        "embedder.characters.size": 4,
        "embedder.characters.widths": [2, 3],
        "embedder.characters.filters": [3, 3],
        "encoder.hidden_size": 5,
        "encoder.layers": 2,
    }
)


def make(seed: int = 0, *, ensemble_size: int = 1, hidden_size: int = 0) -> TaggingModel:
    """A network of three tasks with large random weights."""
    values = SETTINGS.model_dump()
    values["encoder"]["ensemble_size"], values["head"]["hidden_size"] = ensemble_size, hidden_size
    tags = {task: tag_names(["A", "B"], scheme) for task, scheme in TASKS.items()}
    vocab = build_vocab(WORDS[:6], tags=tags, vector_words=["river"], min_count=1)
    torch.manual_seed(seed)
    model = build_model(network_config(parse_settings(values), TASKS, word_size=5), vocab).eval()
    for weight in model.parameters():
        weight.data.normal_(std=0.8)
    for table in (model.embedder.words, model.embedder.characters.embedding):  # type: ignore[union-attr]
        table.weight.data[0] = 0
    arrays = vocab.encode(WORDS)
    model.types = [torch.from_numpy(part) for part in (arrays.rows, arrays.chars, arrays.shapes)]  # type: ignore[assignment]
    return model


MODEL = make(1)


def batch_of(sentences: list[list[int]], *, spare: int = 0, tags: dict[str, list[list[int]]] | None = None) -> Batch:
    """The sentences of numbers of words as a batch, padded by `spare` more than needed."""
    rows, chars, shapes = MODEL.types  # type: ignore[misc]
    width = max(map(len, sentences)) + spare
    types = Types(
        torch.cat([torch.tensor([0]), rows]), F.pad(chars, (0, spare, 1, 0)), torch.cat([torch.tensor([0]), shapes])
    )
    gold = {task: pad(rows_, width) for task, rows_ in (tags or {}).items()}
    index = pad([[number + 1 for number in sentence] for sentence in sentences], width)
    return Batch(types, index, torch.tensor([len(sentence) for sentence in sentences]), gold)


def decode(batch: Batch, model: TaggingModel = MODEL) -> dict[str, list[list[int]]]:
    """The best tags of each sentence, for each task."""
    lengths = batch.lengths.tolist()
    return {task: [tags.tolist() for tags in found.split(lengths)] for task, found in model.decode(batch).items()}


def pad(rows: list[list[int]], width: int) -> Tensor:
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])


sentence_lists = st.lists(st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=7), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(sentences=sentence_lists, spare=st.integers(0, 5))
def test_a_sentence_alone_equals_itself_in_any_padded_batch(sentences: list[list[int]], spare: int) -> None:
    batch = batch_of(sentences, spare=spare)
    together = decode(batch)
    states, output = MODEL.states(batch), MODEL(batch)
    assert output.lengths.tolist() == list(map(len, sentences))
    for row, sentence in enumerate(sentences):
        lone = batch_of([sentence])
        alone = decode(lone)
        for task in TASKS:
            assert together[task][row] == alone[task][0]
            found, expected = output.emissions[task][0, row, : len(sentence)], MODEL(lone).emissions[task][0, 0]
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
        torch.testing.assert_close(states[row, : len(sentence)], MODEL.states(lone)[0], rtol=0, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(sentences=sentence_lists, data=st.data())
def test_losses_are_the_sums_of_those_of_each_sentence_alone(sentences: list[list[int]], data: st.DataObject) -> None:
    def gold(task: str) -> list[list[int]]:
        """Legal tags: the model's own where they have to be, so that no likelihood is 0."""
        if task == "crf":
            return [decode(batch_of([sentence]))[task][0] for sentence in sentences]
        count = MODEL.heads(task)[0].tags
        tag = st.integers(0, count - 1)
        return [[data.draw(tag) for _ in sentence] for sentence in sentences]

    tags = {task: gold(task) for task in TASKS}
    with torch.no_grad():
        together = MODEL.losses(batch_of(sentences, spare=2, tags=tags))
        alone = [
            MODEL.losses(batch_of([sentence], tags={task: [rows[row]] for task, rows in tags.items()}))
            for row, sentence in enumerate(sentences)
        ]
    for task in TASKS:
        torch.testing.assert_close(together[task], sum(loss[task] for loss in alone), rtol=1e-4, atol=1e-4)


def test_softmax_loss_equals_the_log_probability_of_the_gold_tags() -> None:
    sentences, gold = [[0, 1, 2], [3, 4]], [[0, 1, 1], [1, 0]]
    batch = batch_of(sentences, tags={"plain": gold})
    with torch.no_grad():
        probabilities = MODEL.heads("plain")[0](MODEL.states(batch)).softmax(-1)
        expected = -sum(
            probabilities[row, at, tag].log() for row, tags in enumerate(gold) for at, tag in enumerate(tags)
        )
        torch.testing.assert_close(MODEL.losses(batch)["plain"], expected)


def test_losses_only_of_tasks_with_gold_tags() -> None:
    assert set(MODEL.losses(batch_of([[0, 1]], tags={"plain": [[0, 1]]}))) == {"plain"}
    assert set(MODEL.decode(batch_of([[0, 1]]))) == set(TASKS)


@pytest.mark.parametrize("model", [MODEL, make(1, ensemble_size=3)], ids=["one encoder", "three encoders"])
@pytest.mark.parametrize("task", ["crf", "softmax"])
def test_decoded_spans_are_the_best_among_the_legal_sequences(task: str, model: TaggingModel) -> None:
    """Of a softmax head too: tag by tag its best tags need not be legal. Of an ensemble by the mean of all scores."""
    names = tag_names(["A", "B"], TASKS[task])
    sentences = [[a, b, c] for a, b, c in product(range(0, 8, 2), range(1, 8, 3), range(0, 8, 3))]
    batch = batch_of(sentences)
    decoded = decode(batch, model)[task]
    heads = model.heads(task)
    parts = zip(heads, model.states(batch).chunk(len(heads), -1), strict=True)
    emissions = torch.stack([head(states) for head, states in parts]).double().mean(0)
    each = [head.crf.scores() for head in heads if head.crf is not None]
    transitions, starts, ends = (
        (torch.stack(part).double().mean(0) for part in zip(*each, strict=True)) if each else (None,) * 3
    )
    plain = task == "softmax"
    assert plain is (not each)
    legal = [
        tags
        for tags in product(range(len(names)), repeat=3)
        if first_illegal([names[tag] for tag in tags], TASKS[task]) is None
    ]
    free = 0
    for row in range(len(sentences)):
        scores = torch.stack([
            sum(emissions[row, at, tag] for at, tag in enumerate(tags))
            + (0 if plain else starts[tags[0]] + ends[tags[-1]] + sum(transitions[a, b] for a, b in pairwise(tags)))
            for tags in legal
        ])  # fmt: skip
        assert decoded[row] == list(legal[int(scores.argmax())])
        free += emissions[row].argmax(-1).tolist() != decoded[row]
    assert free > 3, "else the test shows nothing: every best tag was legal already"


def test_plain_tags_are_decoded_one_by_one() -> None:
    batch = batch_of([[0, 1, 2, 3, 4]])
    emissions = MODEL.heads("plain")[0](MODEL.states(batch))
    assert decode(batch)["plain"] == emissions.argmax(-1).tolist()


def test_bfloat16_touches_the_encoder_alone() -> None:
    model = make(1)
    batch = batch_of([[0, 1, 2, 3]])
    seen: list[torch.dtype] = []
    model.encoders[0].register_forward_hook(lambda module, given, states: seen.append(states.dtype))
    with torch.no_grad():
        full = model.states(batch)
        model.precision = torch.bfloat16
        half = model.states(batch)
    assert half.dtype is torch.float32
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}
    assert seen[0] is torch.float32
    assert not torch.equal(full, half)
    torch.testing.assert_close(half, full, rtol=0.1, atol=0.1)


def test_a_device_is_named_taken_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pick_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"^no device 'xpu:9'; known: auto, cpu, cuda, mps$"):
        pick_device("xpu:9")
    with pytest.raises(ConfigError, match=r"^no device 'toaster'; known: auto, cpu, cuda, mps$"):
        pick_device("toaster")


@pytest.mark.parametrize("native", [False, True])
def test_auto_takes_bfloat16_only_where_it_is_native(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    monkeypatch.setattr("bilstm_tagger.nn.device._has_bfloat16", lambda device: native)
    cpu = torch.device("cpu")
    assert pick_precision("auto", cpu) is (torch.bfloat16 if native else torch.float32)
    assert pick_precision("float32", cpu) is torch.float32
    assert pick_precision("bfloat16", cpu) is torch.bfloat16


def test_a_tanh_layer_of_each_task_stands_between_states_and_emissions() -> None:
    torch.manual_seed(0)
    head = Head(5, 3, crf=None, hidden_size=4)
    states = torch.randn(2, 6, 5)
    hidden = torch.tanh(states @ head.hidden.weight.T + head.hidden.bias)  # type: ignore[union-attr]
    expected = hidden @ head.projection.weight.T + head.projection.bias
    torch.testing.assert_close(head(states), expected)
    rounded = head(states, torch.bfloat16)
    with torch.no_grad():  # then by a compiled loop
        torch.testing.assert_close(head(states), expected)
        torch.testing.assert_close(head(states, torch.bfloat16), rounded)
    assert rounded.dtype is torch.float32
    assert not torch.equal(rounded, expected)
    torch.testing.assert_close(rounded, expected, rtol=0, atol=0.05)


GOLD = {"crf": [[0, 0, 0], [0, 0]], "softmax": [[0, 1, 2], [3, 0]], "plain": [[0, 1, 1], [1, 0]]}


@pytest.mark.parametrize("hidden_size", [0, 4])
@pytest.mark.parametrize("ensemble_size", [1, 3])
def test_forward_gives_the_emissions_of_each_encoder(ensemble_size: int, hidden_size: int) -> None:
    model = make(4, ensemble_size=ensemble_size, hidden_size=hidden_size)
    batch = batch_of([[0, 1, 2], [3, 4]], spare=1)
    output = model(batch)
    assert list(output.emissions) == model.tasks == list(TASKS), "all tasks of a batch without tags"
    assert output.lengths.tolist() == [3, 2]
    vectors = model.embedder(batch)
    for task, emissions in output.emissions.items():
        heads = model.heads(task)
        assert emissions.shape == (ensemble_size, 2, 4, heads[0].tags)
        assert emissions.dtype is torch.float32
        for found, encoder, head in zip(emissions, model.encoders, heads, strict=True):
            torch.testing.assert_close(found, head(encoder(vectors, batch.lengths)))


@pytest.mark.parametrize("tasks", [["plain"], ["softmax", "crf"]])
def test_forward_leaves_out_tasks_without_gold_tags(tasks: list[str]) -> None:
    batch = batch_of([[0, 1, 2], [3, 4]], tags={task: GOLD[task] for task in tasks})
    assert list(MODEL(batch).emissions) == tasks
    assert list(MODEL.losses(batch)) == tasks


def test_losses_are_computed_from_the_emissions_of_forward() -> None:
    model = make(4, ensemble_size=2)
    batch = batch_of([[0, 1, 2], [3, 4]], tags=GOLD)
    calls: list[Output] = []
    model.register_forward_hook(lambda module, given, output: calls.append(output))
    losses = model.losses(batch)
    (output,) = calls
    lengths = batch.lengths.tolist()
    for task, emissions in output.emissions.items():
        expected = torch.zeros(())
        for scores, head in zip(emissions, model.heads(task), strict=True):
            if head.crf is not None:
                expected = expected - head.crf.log_likelihood(scores, batch.tags[task], batch.lengths).sum()
            else:
                for row, length in enumerate(lengths):
                    for at in range(length):
                        expected = expected - scores[row, at].log_softmax(-1)[GOLD[task][row][at]]
        torch.testing.assert_close(losses[task], expected)
        (found,) = torch.autograd.grad(losses[task], emissions, retain_graph=True)
        assert found[:, 0].any()
        assert not found[:, 1, 2:].any(), "padding has no part in the loss"


@pytest.mark.parametrize("hidden_size", [0, 4])
@pytest.mark.parametrize("ensemble_size", [1, 3])
def test_mean_emissions_while_tagging_are_those_of_each_head(ensemble_size: int, hidden_size: int) -> None:
    model = make(5, ensemble_size=ensemble_size, hidden_size=hidden_size)
    batch = batch_of([[0, 1, 2], [3, 4, 5, 6]])
    mask = mask_of(batch.lengths, 4)
    with torch.no_grad():
        states, output = model.states(batch), model(batch)
        assert states.shape == (2, 4, ensemble_size * model.encoders[0].output_size)  # type: ignore[operator]
        found = FastHeads(model)(states[mask])
    assert list(found) == list(TASKS)
    for task, emissions in output.emissions.items():
        torch.testing.assert_close(found[task], emissions.mean(0)[mask])


@pytest.mark.parametrize("hidden_size", [0, 4])
def test_members_learn_from_their_own_losses_and_decode_from_their_mean(hidden_size: int) -> None:
    model = make(3, ensemble_size=3, hidden_size=hidden_size)
    batch = batch_of([[0, 1, 2], [3, 4]], tags={"plain": GOLD["plain"]})
    members = [TaggingModel(model.embedder, [member]).eval() for member in model.members]  # type: ignore[list-item]
    losses = model.losses(batch)["plain"]
    torch.testing.assert_close(losses, sum(member.losses(batch)["plain"] for member in members))
    mean = sum(member.heads("plain")[0](member.states(batch)) for member in members)
    mask = mask_of(batch.lengths, 3)
    assert torch.equal(model.decode(batch)["plain"], mean[mask].argmax(-1))

    losses.backward()
    found = model.embedder.characters.embedding.weight.grad.clone()  # type: ignore[union-attr]
    model.zero_grad()
    sum(member.losses(batch)["plain"] for member in members).backward()  # type: ignore[union-attr]
    expected = model.embedder.characters.embedding.weight.grad  # type: ignore[union-attr]
    torch.testing.assert_close(found, expected / 3, msg="the embedder learns at the pace of a single network")


def test_weights_are_named_by_member_and_task() -> None:
    names = set(make(ensemble_size=2, hidden_size=4).state_dict())
    for member in (0, 1):
        heads = f"members.{member}.heads"
        assert f"members.{member}.encoder.layers.0.passes.left_to_right.weight_ih_l0" in names
        for task in TASKS:
            assert {f"{heads}.{task}.projection.weight", f"{heads}.{task}.hidden.weight"} <= names
        transitions = {f"{heads}.crf.crf.{name}" for name in ("transitions", "start_transitions", "end_transitions")}
        assert transitions == {name for name in names if name.startswith(heads) and "transitions" in name}
    assert {name.split(".")[0] for name in names} == {"embedder", "members"}


def test_what_was_learned_can_be_put_back() -> None:
    one, other = make(1, ensemble_size=2), make(2, ensemble_size=2)
    batch = batch_of([[0, 1, 2, 3]])
    other.embedder.frozen.copy_(one.embedder.frozen)
    assert not torch.equal(one.states(batch), other.states(batch))
    other.load_learned(one.learned())
    assert torch.equal(one.states(batch), other.states(batch))
    with pytest.raises(KeyError, match=r"^'members\.1\.encoder\.layers\.0\.passes\.left_to_right\.weight_ih_l0'$"):
        other.load_learned(make(1).learned())
