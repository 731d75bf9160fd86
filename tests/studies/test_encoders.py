"""The study of encoders: runs, resumption, claims from numbers, the report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest
from tiny import sentences, settings_of, write_conll

from bilstm_tagger.errors import ConfigError, CorpusError, TaggerError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.network import network_config
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.studies import encoders
from bilstm_tagger.studies.encoders import ENCODERS, run_encoders_study
from bilstm_tagger.studies.encoders_claims import compare, encoders_claims, undecided
from bilstm_tagger.studies.encoders_report import encoders_table, write_encoders_report
from bilstm_tagger.studies.encoders_result import EncoderRun, EncodersResult
from bilstm_tagger.studies.seed_statistics import difference
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
        assert run.dev_units == found.tasks["ner"].micro.support
        scores = [row["score"] for row in tagger.metrics["history"]]
        assert run.late_gain == max(scores) - scores[0], "two epochs: the first is the early one"
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
    with pytest.raises(
        ConfigError,
        match=r"study/runs/cnn-0: was trained with other settings: embedder.dropout was 0.5, is 0.1; choose another "
        r"--output, or remove .*/study$",
    ):
        run_encoders_study(other, **one)
    record.write_text(json.dumps({"run": {}}))
    with pytest.raises(
        TaggerError, match=r"study/results/cnn-0\.json: damaged: .*; remove it and the run is repeated$"
    ):
        run_encoders_study(settings, **one)
    record.unlink()
    assert run_encoders_study(other, **one).settings["embedder"]["dropout"] == 0.1, "what has no record is done again"
    with pytest.raises(ConfigError, match=r"^the study of encoders needs data\.train and data\.dev$"):
        run_encoders_study(settings_of(), **one)


@pytest.mark.parametrize("role", ["train", "dev"])
def test_other_data_is_refused(tmp_path: Path, settings: Settings, role: str) -> None:
    """Whether nothing is left to do, a seed is added or the run has only begun."""
    one: dict[str, Any] = {"encoders": {"cnn": ENCODERS["cnn"]}, "output": tmp_path / "study"}
    done = run_encoders_study(settings, seeds=[0], **one)
    before = (tmp_path / f"{role}.conll").read_bytes()
    write_conll(tmp_path / f"{role}.conll", sentences(7))
    for seeds in ([0], [0, 1]):
        with pytest.raises(ConfigError, match=rf"runs/cnn-0: was trained with .*: {role}.conll has another content; "):
            run_encoders_study(settings, seeds=seeds, **one)
    assert not (tmp_path / "study" / "runs" / "cnn-1").exists()

    class Stop:
        def step(self, **_: Any) -> None:
            raise KeyboardInterrupt

        def epoch(self, _: dict[str, Any]) -> None: ...

    with pytest.raises(KeyboardInterrupt):
        run_encoders_study(settings, seeds=[1], progress=Stop(), **one)
    (tmp_path / f"{role}.conll").write_bytes(before)
    with pytest.raises(ConfigError, match=rf"runs/cnn-1: .*{role}.conll has another content; choose .*, or remove .*"):
        run_encoders_study(settings, seeds=[0, 1], **one)
    assert run_encoders_study(settings, seeds=[0], **one).runs == done.runs


def test_a_test_file_binds_no_training(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    one: dict[str, Any] = {"seeds": [0], "encoders": {"cnn": ENCODERS["cnn"]}, "output": tmp_path / "study"}
    (tmp_path / "untagged.conll").write_text("Ada\nleft\n\n")
    for name in ("nowhere.conll", "untagged.conll"):
        with pytest.raises(CorpusError, match=name):
            run_encoders_study(settings, test=str(tmp_path / name), **one)
        assert not (tmp_path / "study").exists(), "looked at before the first training"
    without = run_encoders_study(settings, **one)
    assert without.runs[0].test == {}
    monkeypatch.setattr(encoders, "train", None)  # whoever trains again fails
    model = Tagger.load(tmp_path / "study" / "runs" / "cnn-0")
    test = tmp_path / "test.conll"
    for content in (sentences(9, seed=2), sentences(9, seed=3)):
        write_conll(test, content)
        (run,) = run_encoders_study(settings, test=str(test), **one).runs
        assert run.test == {"ner": evaluate(model, test).tasks["ner"].headline}
        assert replace(run, test={}) == without.runs[0]
    monkeypatch.setattr(encoders, "score_on_test", None)
    assert run_encoders_study(settings, test=str(test), **one).runs == [run]
    assert run_encoders_study(settings, **one).runs == without.runs


def test_a_place_that_cannot_be_is_told_first(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"/file: is a file; choose another place$"):
        run_encoders_study(settings, output=tmp_path / "file")
    with pytest.raises(TaggerError, match=r"/file/study: cannot be written: Not a directory; choose another place$"):
        run_encoders_study(settings, output=tmp_path / "file" / "study")


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


@pytest.mark.parametrize(
    ("scores", "others"),
    [([0.92, 0.93, 0.94], [0.89, 0.88, 0.90]), ([0.5, 0.7], [0.61, 0.62, 0.6, 0.63]), ([0.1, 0.2], [0.1, 0.3])],
)
def test_the_interval_is_welchs(scores: list[float], others: list[float]) -> None:
    """Against scipy: its error and degrees of freedom, these rounded down."""
    stats = pytest.importorskip("scipy.stats")
    expected = stats.ttest_ind(scores, others, equal_var=False)
    margin = stats.t.ppf(0.975, np.floor(expected.df)) * expected._standard_error
    found = difference(scores, others)
    assert found.mean == pytest.approx(mean(scores) - mean(others))
    assert found.interval == pytest.approx((found.mean - margin, found.mean + margin), rel=1e-3)


def test_many_degrees_of_freedom_use_the_last_quantile() -> None:
    stats = pytest.importorskip("scipy.stats")
    scores = [0.5 + 0.01 * (number % 5) for number in range(40)]
    found = difference(scores, [0.4 + score / 10 for score in scores])
    assert found.interval is not None
    low, high = found.interval
    sides = [np.var(each, ddof=1) / 40 for each in (scores, [0.4 + score / 10 for score in scores])]
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 30) * np.sqrt(sum(sides)), rel=1e-3)


def test_differences_count_only_beyond_the_interval() -> None:
    assert difference([0.92, 0.93, 0.94], [0.89, 0.88, 0.90]).sign == 1
    assert difference([0.89, 0.88, 0.90], [0.92, 0.93, 0.94]).sign == -1
    assert difference([0.92, 0.93, 0.94], [0.91, 0.93, 0.96]).sign == 0
    assert difference([0.9], [0.1]).interval is None
    assert difference([0.9], [0.1]).sign == 0
    assert difference([0.5, 0.5], [0.5, 0.5]).sign == 0
    assert difference([0.6, 0.6], [0.5, 0.5]).sign == 1


def test_verdicts_follow_the_numbers() -> None:
    claims = encoders_claims(made_up())
    assert [claim.verdict for claim in claims] == [
        "agrees", "disagrees", "agrees", "agrees", "not enough to tell", "not enough to tell"
    ]  # fmt: skip
    assert "4,000 weights in the encoder against 1,000, 4.00 times as many" in claims[3].measured
    assert "It has 75% of the weights" in claims[5].measured
    assert "the interval contains 0" in claims[4].measured
    swapped = {**SCORES, "lstm-both-concat": SCORES["rnn-both"], "rnn-both": SCORES["lstm-both-concat"]}
    assert encoders_claims(made_up(swapped))[0].verdict == "disagrees"
    assert encoders_claims(made_up({**SCORES, "gru-both": [0.99, 0.99, 0.98]}))[5].verdict == "measured"
    assert encoders_claims(made_up({"cnn": [0.9]})) == []


def undecided_by(result: EncodersResult) -> str:
    """The measurement beside the first statement, which is LSTM against RNN and not decided."""
    claim = encoders_claims(result)[0]
    assert claim.verdict == "not enough to tell"
    return claim.measured


def test_one_seed_is_not_enough_to_tell() -> None:
    single = {name: values[:1] for name, values in SCORES.items()}
    assert "with one seed there is no interval" in undecided_by(made_up(single))


def test_a_small_corpus_is_not_enough_to_tell() -> None:
    small = made_up()
    assert compare(small, "lstm-both-concat", "rnn-both").sign == 1
    for units, sign in ((99, 0), (100, 1)):
        runs = [replace(run, dev_units=units) for run in small.runs]
        assert compare(replace(small, runs=runs), "lstm-both-concat", "rnn-both").sign == sign
    assert "dev has only 99 gold spans or tokens; at least 100 are needed" in undecided_by(
        replace(small, runs=[replace(run, dev_units=99) for run in small.runs])
    )


def test_short_training_is_not_enough_to_tell() -> None:
    """The LSTM is 4 points ahead; that counts only if neither network gained as much at the end of its training."""
    result = made_up()
    for gain, sign in ((0.03, 1), (0.05, 0)):
        runs = [replace(run, late_gain=gain if run.encoder == "rnn-both" else 0.0) for run in result.runs]
        changed = replace(result, runs=runs)
        assert compare(changed, "lstm-both-concat", "rnn-both").sign == sign
    assert "RNN (both, concat) has not converged: its last quarter of epochs gained 5.00 points" in undecided_by(
        changed
    )


def test_the_gain_of_the_last_quarter() -> None:
    assert encoders._late_gain([0.2, 0.6, 0.5, 0.8]) == pytest.approx(0.2)
    assert encoders._late_gain([0.2, 0.6, 0.7, 0.5]) == 0
    assert encoders._late_gain([0.4]) == 0.4, "one epoch alone has not converged"


def test_what_to_do_about_undecided_comparisons() -> None:
    note = undecided(made_up())
    assert note is not None
    assert note.startswith("2 of 6 comparisons cannot be decided")
    clear = {**SCORES, "gru-both": [0.99, 0.99, 0.98], "lstm-both-sum": [0.7, 0.71, 0.7]}
    assert undecided(made_up(clear)) is None


def test_the_report(tmp_path: Path) -> None:
    page = write_encoders_report(made_up(), tmp_path / "new", command="bilstm-tagger study encoders --seeds 3")
    text = page.read_text("utf-8")
    assert "data:image/png;base64," in text
    assert "bilstm-tagger study encoders --seeds 3" in text
    assert "Highest mean score on dev: CNN (window of 9) with 96.00 %; lowest: RNN (both, concat) with 89.00 %." in text
    assert "2 of 6 comparisons cannot be decided" in text
    assert "a/train.conll" not in text, "files by their names alone"
    table = (tmp_path / "new" / "encoders.md").read_text("utf-8").splitlines()
    assert table[1] == "| --- | ---: | ---: | ---: | ---: |"
    assert len(table) == 8
    write_encoders_report(replace(made_up({"cnn": [0.9]}), measures={"a": "accuracy", "b": "strict F1"}), tmp_path)
    assert "| CNN (window of 9) | 90.00 |" in (tmp_path / "encoders.md").read_text("utf-8")
