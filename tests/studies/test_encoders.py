"""The study of encoders: runs, resumption, claims from numbers, the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from tiny import sentences, settings_of, write_conll

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.network import network_config
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.studies import encoders
from bilstm_tagger.studies.encoders import ENCODERS, run_encoders_study
from bilstm_tagger.studies.encoders_report import compare, encoders_claims, encoders_table, write_encoders_report
from bilstm_tagger.studies.encoders_result import EncoderRun, EncodersResult, standard_error
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.vocab.vocab import build_vocab

TWO = {name: ENCODERS[name] for name in ("lstm-forward", "cnn")}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(
        data__train=str(write_conll(tmp_path / "train.conll", sentences(16))),
        data__dev=str(write_conll(tmp_path / "dev.conll", sentences(8, seed=1))),
    )


def test_a_study_is_measured_and_resumed(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, int, bool]] = []

    def listen(run: EncoderRun, before: bool, done: int, runs: int) -> None:
        heard.append((run.encoder, run.seed, before))
        assert (len(heard) - 1) % 4 + 1 == done
        assert runs == 4

    given: dict[str, Any] = {"output": tmp_path / "study", "seeds": (0, 1), "encoders": TWO, "listener": listen}
    result = run_encoders_study(settings, test=str(tmp_path / "dev.conll"), **given)
    assert heard == [(name, seed, False) for seed in (0, 1) for name in TWO], "seeds are the outer loop"
    assert [(run.encoder, run.seed) for run in result.runs] == [(name, seed) for name in TWO for seed in (0, 1)]
    for run in result.runs:
        tagger = Tagger.load(tmp_path / "study" / "runs" / f"{run.encoder}-{run.seed}")
        assert tagger.info.network.encoder.type == ("cnn" if run.encoder == "cnn" else "lstm")
        assert tagger.info.settings["training"]["seed"] == run.seed
        found = evaluate(tagger, tmp_path / "dev.conll")
        assert run.dev == run.test == {"ner": found.tasks["ner"].headline}
        assert run.dev["ner"] == pytest.approx(tagger.metrics["dev"]["ner"])
        assert run.parameters == sum(weight.numel() for weight in tagger.runtime.model.encoders[0].parameters())
        assert min(run.trained_per_second, run.tagged_per_second, run.seconds) > 0
    assert EncodersResult.load(tmp_path / "study" / "encoders.json") == result
    assert result.settings["data"]["train"] == "train.conll", "files by their names alone"
    assert result.settings["encoder"] == settings.encoder.model_dump(mode="json")

    monkeypatch.setattr(encoders, "train", None)  # whoever trains again fails
    heard.clear()
    again = run_encoders_study(settings, test=str(tmp_path / "dev.conll"), **given)
    assert again == result
    assert all(before for *_, before in heard)

    record = tmp_path / "study" / "results" / "cnn-1.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"run": None}))  # trained, but not measured
    heard.clear()
    again = run_encoders_study(settings, test=str(tmp_path / "dev.conll"), **given)
    assert [before for *_, before in heard] == [True, True, True, False]
    assert [run.dev for run in again.runs] == [run.dev for run in result.runs]


@pytest.mark.parametrize("after", ["first epoch", "its checkpoint"])
def test_an_interrupted_run_goes_on(tmp_path: Path, settings: Settings, after: str) -> None:
    class Stop:
        def step(self, *, epoch: int, **_: Any) -> None:
            if epoch == 2:
                raise KeyboardInterrupt

        def epoch(self, _: dict[str, Any]) -> None:
            if after == "first epoch":
                raise KeyboardInterrupt

    one: dict[str, Any] = {"seeds": [0], "encoders": {"cnn": ENCODERS["cnn"]}}
    with pytest.raises(KeyboardInterrupt):
        run_encoders_study(settings, output=tmp_path / "a", progress=Stop(), **one)
    broken = run_encoders_study(settings, output=tmp_path / "a", **one)
    whole = run_encoders_study(settings, output=tmp_path / "b", **one)
    assert broken.runs[0].dev == whole.runs[0].dev
    assert broken.runs[0].epochs == whole.runs[0].epochs == 2


def test_other_settings_are_refused(tmp_path: Path, settings: Settings) -> None:
    one: dict[str, Any] = {"seeds": [0], "encoders": {"cnn": ENCODERS["cnn"]}, "output": tmp_path / "study"}
    run_encoders_study(settings, **one)
    other = settings.model_copy(update={"embedder": settings.embedder.model_copy(update={"dropout": 0.1})})
    record = tmp_path / "study" / "results" / "cnn-0.json"
    with pytest.raises(ConfigError, match=r"cnn-0\.json: made with other settings; choose another output"):
        run_encoders_study(other, **one)
    with pytest.raises(ConfigError, match="made with other settings"):
        run_encoders_study(settings, test="x.conll", **one)
    record.write_text(json.dumps({"run": {}}))
    with pytest.raises(TaggerError, match=r"cnn-0\.json: damaged: .*; remove it"):
        run_encoders_study(settings, **one)
    record.unlink()
    assert run_encoders_study(other, **one).settings["embedder"]["dropout"] == 0.1, "what has no record is done again"
    with pytest.raises(ConfigError, match=r"needs data\.train and data\.dev"):
        run_encoders_study(settings_of(), **one)


@pytest.mark.parametrize("name", list(ENCODERS))
def test_the_six_encoders_can_be_built(name: str) -> None:
    settings = settings_of(**{f"encoder__{key}": value for key, value in ENCODERS[name][1].items()})
    vocab = build_vocab(["a"], tags={"ner": ["O", "S-X"]}, min_count=1)
    model = build_model(network_config(settings, {"ner": Scheme.IOBES}, word_size=6), vocab)
    assert model.encoders[0].output_size == (12 if name.endswith("concat") or name in ("gru-both", "rnn-both") else 6)


# ---- claims and report


SCORES = {
    "lstm-both-concat": [0.92, 0.93, 0.94],
    "lstm-both-sum": [0.91, 0.93, 0.95],
    "lstm-forward": [0.90, 0.90, 0.91],
    "gru-both": [0.925, 0.93, 0.94],
    "rnn-both": [0.89, 0.88, 0.90],
    "cnn": [0.95, 0.96, 0.97],
}
WEIGHTS = {"lstm-both-concat": 4000, "rnn-both": 1000, "gru-both": 3000}


def made_up(scores: dict[str, list[float]] = SCORES, *, tested: bool = False) -> EncodersResult:
    runs = [
        EncoderRun(
            encoder=name,
            seed=seed,
            dev={"ner": score},
            test={"ner": score - 0.04} if tested else {},
            parameters=WEIGHTS.get(name, 2000),
            trained_per_second=9000.0 + 100 * seed - WEIGHTS.get(name, 2000),
            tagged_per_second=90000.0 - WEIGHTS.get(name, 2000),
            epochs=6,
            seconds=60.0,
        )
        for name, values in scores.items()
        for seed, score in enumerate(values)
    ]
    return EncodersResult(
        settings=settings_of(data__train="a/train.conll", data__dev="a/dev.conll").model_dump(mode="json"),
        titles={name: ENCODERS[name][0] for name in scores},
        settings_of={name: ENCODERS[name][1] for name in scores},
        measures={"ner": "strict F1"},
        runs=runs,
        threads=2,
        torch_version="2",
    )


def test_the_table_has_means_and_deviations() -> None:
    header, rows = encoders_table(made_up(tested=True))
    assert header == [
        "encoder", "dev strict F1", "test strict F1", "encoder weights", "training tokens/s", "tagging tokens/s"
    ]  # fmt: skip
    assert rows[0] == ["LSTM (both, concat)", "93.00 ± 1.00", "89.00 ± 1.00", "4,000", "5,100 ± 100", "86,000 ± 0"]
    assert [len(row) for row in rows] == [6] * 6
    header, rows = encoders_table(made_up({"cnn": [0.9]}))
    assert "test strict F1" not in header
    assert rows == [["CNN (window of 9)", "90.00", "2,000", "7,000", "88,000"]]


def test_differences_count_only_beyond_the_noise() -> None:
    one, other = [0.92, 0.93, 0.94], [0.89, 0.88, 0.90]
    error = (stdev(one) ** 2 / 3 + stdev(other) ** 2 / 3) ** 0.5
    assert standard_error(one, other) == pytest.approx(error)
    assert mean(one) - mean(other) > 2 * error
    assert compare(one, other)[1] == 1
    assert compare(other, one)[1] == -1
    words, sign = compare(one, [0.91, 0.93, 0.96])
    assert sign == 0
    assert "no more than the seeds make" in words
    assert compare([0.9], [0.1]) == ("a difference of +80.00 points of one seed, which shows no spread", 0)
    assert compare([0.5, 0.5], [0.5, 0.5])[1] == 0
    assert compare([0.6, 0.6], [0.5, 0.5])[1] == 1


def test_verdicts_follow_the_numbers() -> None:
    claims = encoders_claims(made_up())
    assert [claim.verdict for claim in claims] == [
        "agrees", "disagrees", "agrees", "agrees", "not claimed", "not claimed"
    ]  # fmt: skip
    assert "4,000 weights in the encoder against 1,000, 4.00 times as many" in claims[3].measured
    assert "at 75% of the weights" in claims[5].measured
    swapped = {**SCORES, "lstm-both-concat": SCORES["rnn-both"], "rnn-both": SCORES["lstm-both-concat"]}
    assert encoders_claims(made_up(swapped))[0].verdict == "disagrees"
    single = {name: values[:1] for name, values in SCORES.items()}
    assert encoders_claims(made_up(single))[0].verdict == "agrees in part"
    assert encoders_claims(made_up({"cnn": [0.9]})) == []


def test_the_report(tmp_path: Path) -> None:
    page = write_encoders_report(made_up(), tmp_path / "new", command="bilstm-tagger study encoders --seeds 3")
    text = page.read_text("utf-8")
    assert "data:image/png;base64," in text
    assert "bilstm-tagger study encoders --seeds 3" in text
    assert "Best on dev is CNN (window of 9) with 96.00 %, last RNN (both, concat) with 89.00 %." in text
    assert "a/train.conll" not in text, "files by their names alone"
    table = (tmp_path / "new" / "encoders.md").read_text("utf-8").splitlines()
    assert table[1] == "| --- | ---: | ---: | ---: | ---: |"
    assert len(table) == 8
    write_encoders_report(replace(made_up({"cnn": [0.9]}), measures={"a": "accuracy", "b": "strict F1"}), tmp_path)
    assert "| CNN (window of 9) | 90.00 |" in (tmp_path / "encoders.md").read_text("utf-8")
