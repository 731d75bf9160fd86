"""The wheel alone, in an empty folder: what it needs is in it. `make wheel` does the same with all its dependencies."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a wheel, as pip would put them; a wheel is a zip file."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = place.glob("bilstm_tagger-*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(place / "site")
    return place / "site"


def test_it_tags_in_an_empty_folder(unpacked: Path, tmp_path: Path) -> None:
    code = (
        "import bilstm_tagger, sys; assert bilstm_tagger.__file__.startswith(sys.argv[1])\n"
        "from bilstm_tagger.cli import main; sys.argv[1:] = sys.argv[2:]; main()"
    )
    command = [sys.executable, "-c", code, str(unpacked), "predict", "--format", "text", "--text", "Angela saw Paris."]
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Paris" in done.stdout
    assert "LOC" in done.stdout
    assert not list(tmp_path.iterdir())


def test_it_holds_the_package_and_nothing_else(unpacked: Path) -> None:
    sources = {path.relative_to(ROOT) for path in (ROOT / "bilstm_tagger").rglob("*.py")}
    (wheel,) = unpacked.parent.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:  # what is unpacked has been used
        held = set(map(Path, file.namelist()))
    assert sources <= held
    assert {path.parts[0] for path in held if not path.parts[0].endswith(".dist-info")} == {"bilstm_tagger"}
    assert not [path for path in held if "__pycache__" in path.parts or path.suffix in (".pt", ".pkl", ".pickle")]
