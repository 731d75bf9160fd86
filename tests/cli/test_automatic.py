"""`predict --model auto`: each document is as by the model of its language alone; other languages are refused."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest
from command_line import run

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import Profile, parts, suspicion, worker
from bilstm_tagger.files.by_language import LanguageError, ModelChooser, candidates_of
from bilstm_tagger.settings.schema import Settings

ENGLISH = "The minister visited the town of Turin yesterday and came back to the office in the evening."
GERMAN = "Der Minister besuchte gestern die Stadt Bonn und kehrte am Abend wieder in das Amt zurück."
FRENCH = "Le ministre a visité hier la ville de Lyon et il est rentré le soir avec tous ses collègues."
SPANISH = "El ministro visitó ayer la ciudad de Sevilla y volvió por la noche con todos sus compañeros."
RUSSIAN = "Вчера министр посетил город, а вечером вернулся вместе со всеми в своё ведомство, что было неожиданно."


@pytest.fixture(scope="module")
def models(model_folder: Path, tiny_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One for English with two tasks, and one for German with one."""
    from bilstm_tagger.training import train

    folder = tmp_path_factory.mktemp("automatic")
    english = shutil.copytree(model_folder, folder / "english")
    config = json.loads((english / "config.json").read_text("utf-8"))
    config["settings"]["languages"] = ["en"]
    (english / "config.json").write_text(json.dumps(config), "utf-8")
    rows = "".join(f"{word}\t{'B-ORT' if word == 'Bonn' else 'O'}\n" for word in GERMAN.replace(".", " .").split())
    (folder / "de.conll").write_text((rows + "\n") * 8, "utf-8")
    values = tiny_settings.model_dump() | {"languages": ["de"], "tasks": {"ner": {}}}
    values["data"] |= {"train": str(folder / "de.conll"), "dev": str(folder / "de.conll"), "tokenizer": "spacy:de"}
    values["training"] |= {"epochs": 1}
    train(Settings.model_validate(values), output=folder / "german")
    return {"en": english, "de": folder / "german"}


@pytest.fixture
def auto(models: dict[str, Path]) -> str:
    return f"auto:{models['en']},{models['de']}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Texts in two languages, documents in two languages in one file, and a text of words."""
    inputs = tmp_path / "in"
    inputs.mkdir()
    (inputs / "a.txt").write_text(ENGLISH, "utf-8")
    (inputs / "b.txt").write_text(GERMAN, "utf-8")
    (inputs / "c.jsonl").write_text(
        "".join(json.dumps({"text": each}) + "\n" for each in (GERMAN, ENGLISH, GERMAN)), "utf-8"
    )
    (inputs / "d.conll").write_text("".join(f"{word}\tO\n" for word in GERMAN.split()) + "\n", "utf-8")
    (inputs / "e.txt").write_text("", "utf-8")
    return inputs


def records(stdout: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in stdout.splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
def test_each_document_is_that_of_its_model_alone(
    folder: Path, models: dict[str, Path], auto: str, workers: int
) -> None:
    done = run("predict", folder, "--model", auto, "--format", "jsonl", "--workers", str(workers))
    told = done.stderr
    assert done.exit_code == 0, told
    counts = f"{models['en']}: 3 documents, {models['de']}: 4 documents"  # the empty text is of the first
    assert told.splitlines()[-1].endswith(f"; {counts}")
    alone = {
        name: records(run("predict", folder, "--model", models[name], "--no-check-language").stdout) for name in models
    }
    languages = ["en", "de", "de", "en", "de", "de", "en"]
    found = records(done.stdout)
    assert found == [alone[language][at] for at, language in enumerate(languages)]
    assert [sorted(record["tags"]) for record in found[:2]] == [["ner", "upos"], ["ner"]]


@pytest.mark.parametrize("form", ["csv", "jsonl", "table"])
def test_names_of_many_languages_are_one_table(folder: Path, models: dict[str, Path], auto: str, form: str) -> None:
    done = run("entities", folder, "--model", auto, "--format", form)
    assert done.exit_code == 0, done.stderr
    assert done.stderr.splitlines()[-1].endswith(f"; {models['en']}: 3 documents, {models['de']}: 4 documents")
    alone = [run("entities", folder, "-m", each, "--no-check-language", "-f", form).stdout for each in models.values()]
    if form != "table":  # whose columns are as wide as what is in them
        assert set(done.stdout.splitlines()) <= {line for each in alone for line in each.splitlines()}
    assert run("entities", "--text", GERMAN, "--model", auto, "-f", form).exit_code == 0
    refused = run("entities", folder, "--model", auto, "--min-precision", "0.9")
    assert "is of one model" in refused.stderr


def test_each_model_is_loaded_once_and_only_if_it_is_needed(
    folder: Path, auto: str, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: Counter[str] = Counter()
    load = worker.ModelLoader.__call__

    def counting(self: worker.ModelLoader, profile: object) -> object:
        loaded[self.folder] += 1
        return load(self, profile)

    monkeypatch.setattr(worker.ModelLoader, "__call__", counting)
    assert run("predict", folder, "--model", auto, "--format", "html").exit_code == 0
    assert loaded == {str(models["en"]): 1, str(models["de"]): 1}
    loaded.clear()
    assert run("predict", "--text", GERMAN, "--model", auto).exit_code == 0
    assert loaded == {str(models["de"]): 1}


def test_other_languages_are_refused_in_one_line(tmp_path: Path, auto: str, models: dict[str, Path]) -> None:
    inputs = tmp_path / "in"
    inputs.mkdir()
    for name, text in {"a": FRENCH, "b": ENGLISH, "c": SPANISH, "d": FRENCH, "e": RUSSIAN}.items():
        (inputs / f"{name}.txt").write_text(text, "utf-8")
    done = run("predict", inputs, "--model", auto, "--format", "jsonl", "--output", tmp_path / "out")
    assert done.exit_code == 1
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    for piece in (
        f"'fr' ({inputs}/a.txt, {inputs}/d.txt); 'es' ({inputs}/c.txt); 'ru' ({inputs}/e.txt)",
        f"there are {models['en']} (en), {models['de']} (de)",
        "--model",
    ):
        assert piece in error
    assert [path.name for path in (tmp_path / "out").rglob("*.txt*")] == ["b.txt.jsonl"]
    assert "tagged 1 of 5 files" in done.stderr


def test_a_text_is_refused_too(auto: str) -> None:
    refused = run("predict", "--text", FRENCH, "--model", auto)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: no model is for the language of the text: 'fr' (--text); there are ")


def test_a_line_of_a_file_is_named(tmp_path: Path, auto: str) -> None:
    (tmp_path / "a.txt").write_text(f"{ENGLISH}\n{FRENCH}\n{ENGLISH}\n", "utf-8")
    refused = run("predict", tmp_path / "a.txt", "--input-format", "lines", "--model", auto, "--format", "jsonl")
    assert refused.exit_code == 1
    assert f"'fr' ({tmp_path / 'a.txt'}:2)" in refused.stderr
    assert len(records(refused.stdout)) == 1  # what came before


@pytest.mark.parametrize(
    ("text", "model"),
    [
        (ENGLISH, "first"), (GERMAN, "de"), ("OK", "first"), ("12:30 - 14:00", "first"), ("", "first"),
        ("Hi Tom, see you in Berlin!", "first"), ("Das ist gut.", "de"),
        ("Thanks!", "first"), (RUSSIAN, None), ("Привет", None),
        ("東京タワーに行きました", None),
    ],
)  # fmt: skip
def test_choice(text: str, model: str | None, models: dict[str, Path]) -> None:
    """Of two models for a language the first; texts that say nothing of their language are of the first too."""
    first, de = candidates_of(f"auto:{models['en']},{models['de']}")
    chooser = ModelChooser([first, de, type(de)("second", de.folder, ("en",), de.info)])
    if model is None:
        with pytest.raises(LanguageError):
            chooser.choose(text, "here")
    else:
        assert chooser.choose(text, "here") == {"first": first.name, "de": de.name}[model]


def test_models_that_come_with_the_package() -> None:
    assert next((each.name, each.languages) for each in candidates_of("auto")) == ("en", ("en",))
    done = run("predict", "--text", ENGLISH, "--model", "auto", "--format", "jsonl")
    assert done.exit_code == 0
    assert done.stdout == run("predict", "--text", ENGLISH, "--model", "en", "--format", "jsonl").stdout


def test_long_text_in_several_processes_is_of_one_model(
    tmp_path: Path, auto: str, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pieces alone might be taken for texts in other languages."""
    monkeypatch.setattr(parts, "CHUNK", 200)
    monkeypatch.setattr(parts, "FIRST_CHUNK", 200)
    (tmp_path / "a.txt").write_text((GERMAN + "\n\n") * 12 + (ENGLISH + "\n\n") * 12, "utf-8")
    done = run("predict", tmp_path / "a.txt", "--model", auto, "--format", "jsonl", "--workers", "2")
    assert done.exit_code == 0 and f"{models['de']}: 1 document" in done.stderr
    (record,) = records(done.stdout)
    assert list(record["tags"]) == ["ner"] and len(record["sentences"]) == 24


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "conll"], "the models have not"),
        (["--min-precision", "0.9"], "is of one model"),
        (["--engine", "ray"], "--engine local alone"),
    ],
)
def test_options_that_are_of_one_model(auto: str, options: list[str], said: str) -> None:
    refused = run("predict", "a.txt", "--model", auto, *options)
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.replace("│", " ").split())


@pytest.mark.parametrize("language", ["DE", "german", "de-AT", ""])
def test_a_language_that_cannot_be_told_is_named(tmp_path: Path, models: dict[str, Path], language: str) -> None:
    """Its model would never be chosen, and its texts be refused."""
    other = shutil.copytree(models["de"], tmp_path / "other")
    config = json.loads((other / "config.json").read_text("utf-8"))
    config["settings"]["languages"] = ["en", language]
    (other / "config.json").write_text(json.dumps(config), "utf-8")
    with pytest.raises(ConfigError, match=f"other: its language {language!r} is none that py3langid tells"):
        candidates_of(f"auto:{other},{models['en']}")


def test_the_language_that_train_was_told_is_that_of_the_model(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Bonn\tB-ORT\nist\tO\n\n" * 8, "utf-8")
    small = [part for key in ("embedder.size=4", "encoder.hidden_size=4") for part in ("--set", key)]
    words = ["train", tmp_path / "a.conll", "--epochs", "1", "--language", "de", *small]
    for name, more, languages in (("m", [], ["de"]), ("n", ["--set", 'languages=["de", "lb"]'], ["de", "lb"])):
        done = run(*words, *more, "--output", tmp_path / name)
        assert done.exit_code == 0, done.stderr
        (found,) = candidates_of(f"auto:{tmp_path / name}")
        assert list(found.languages) == languages
    config = json.loads((tmp_path / "m" / "config.json").read_text("utf-8"))
    config["settings"]["languages"] = []  # as a model of before has it
    (tmp_path / "m" / "config.json").write_text(json.dumps(config), "utf-8")
    assert candidates_of(f"auto:{tmp_path / 'm'}")[0].languages == ("de",)


def test_loading_is_left_out_of_the_rate(folder: Path, auto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load = worker.ModelLoader.__call__
    loaded = []

    def slow(self: worker.ModelLoader, profile: Profile) -> object:
        loaded.append(self.folder)
        with profile.part("load model"):
            time.sleep(2)
        return load(self, profile)

    monkeypatch.setattr(worker.ModelLoader, "__call__", slow)
    began = time.perf_counter()
    told = run("predict", folder, "--model", auto, "--format", "html").stderr
    seconds = time.perf_counter() - began
    ((tokens, rate),) = re.findall(r"([\d,]+) tokens \(([\d,]+) tokens/s\)", told)
    least = int(tokens.replace(",", "")) / (int(rate.replace(",", "")) + 0.5)  # the rate is rounded
    assert loaded
    assert least <= seconds - 2 * len(loaded)


def test_what_is_missing_is_told(auto: str, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = run("predict", "--text", ENGLISH, "--model", f"auto:{model_folder}")
    assert refused.exit_code == 1 and "does not say its languages" in refused.stderr
    assert "no such model folder" in run("predict", "--text", ENGLISH, "--model", "auto:nowhere").stderr
    monkeypatch.setattr(suspicion, "_identifier", lambda: None)
    refused = run("predict", "--text", ENGLISH, "--model", auto)
    assert refused.exit_code == 1
    assert refused.stderr == (
        "error: --model auto tells languages by py3langid; install it: pip install 'bilstm-tagger[languages]'\n"
    )
