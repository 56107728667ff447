"""Files that version 0.1 wrote, before each topic had a folder of its own, load and mean what they meant.

`earlier_files/` holds one small file of every kind, written by `make_files.py` with the code of that time, and
`expected.json`: what that code read in each of them, and for every model what it gave for an input drawn at random.
"""

import dataclasses
import hashlib
import json
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from datasets.pose.formats.tracks_file import load_tracks
from datasets.responses.screen_file import load_screen
from datasets.store import dataset_checksum, load_dataset
from surrogates.backend import keras
from surrogates.importance.storage import load_importance
from surrogates.registry import MODELS, model_kind
from surrogates.runs.model_file import load_model
from surrogates.runs.result import load_result

FOLDER = Path(__file__).parent / "earlier_files"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
DETAILS = ("size", "edges", "pairs")
"""What model files had beside the names, and have in `details` now."""


def summary(value):
    """What a loaded object holds, as JSON has it; of arrays shape, type, sum of what is finite and SHA-256."""
    if dataclasses.is_dataclass(value):
        return {field.name: summary(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        total, digest = math.fsum(value[np.isfinite(value)].tolist()), hashlib.sha256(value.tobytes()).hexdigest()
        return {"shape": list(value.shape), "dtype": str(value.dtype), "sum": total, "sha256": digest}
    if isinstance(value, Mapping):
        return {key: summary(each) for key, each in value.items()}
    return [summary(each) for each in value] if isinstance(value, list | tuple) else value


def known(found, expected):
    """What was found, without the fields that came after the file was written."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return {key: known(found[key], each) for key, each in expected.items()}
    return found


def inputs_of(text: Mapping) -> np.ndarray:
    """The input that a model's outputs were kept for."""
    x = np.random.default_rng(text["seed"]).uniform(text["low"], text["high"], text["shape"]).astype(np.float32)
    if text["given"] is not None:  # the last channel of a forecast says whether a frame is given
        x[:, text["given"] :] = 0.0
        x[:, : text["given"], -1] = 1.0
    return x


def signature_now(channels: Mapping) -> dict:
    """What an earlier file says of its model, as the signature says it now."""
    details = {name: channels[name] for name in DETAILS if channels[name]}
    return {name: value for name, value in channels.items() if name not in DETAILS} | {
        "details": details,
        "learned": None,
        "stimuli": None,
        "bands": None,
    }


def test_every_file_is_reported_of():
    text = {*EXPECTED["models"], *EXPECTED["datasets"], *EXPECTED["tracks"], "expected.json"}
    text |= {"screen.h5", "importance.h5", "aligned.h5.partial", "gru_scores.json"}
    assert {path.name for path in FOLDER.iterdir()} == text
    assert {each["model"] for each in EXPECTED["models"].values()} <= set(MODELS)


@pytest.mark.parametrize("name", EXPECTED["models"])
def test_a_model_gives_what_it_gave_and_takes_the_data_that_it_learned(name):
    text = EXPECTED["models"][name]
    model, signature = load_model(FOLDER / name)
    assert json.loads(json.dumps(dataclasses.asdict(signature))) == signature_now(text["channels"])
    y = keras.ops.convert_to_numpy(model(inputs_of(text["input"]), training=False))
    numbers = np.array(text["output"]["numbers"])
    assert list(y.shape) == text["output"]["shape"]
    found = y.ravel()[np.linspace(0, y.size - 1, len(numbers)).astype(int)]
    np.testing.assert_allclose(found, numbers, rtol=0, atol=1e-5 * np.abs(numbers).max())
    signature.require_same(model_kind(text["model"]).prepare(load_dataset(FOLDER / text["data"])))


@pytest.mark.parametrize("name", EXPECTED["datasets"])
def test_a_dataset_holds_what_it_held(name):
    text = dict(EXPECTED["datasets"][name])
    assert dataset_checksum(FOLDER / name) == text.pop("checksum")
    assert summary(load_dataset(FOLDER / name)) == text


@pytest.mark.parametrize("name", EXPECTED["tracks"])
def test_tracks_hold_what_they_held(name):
    text = EXPECTED["tracks"][name]
    found = summary(load_tracks(FOLDER / name))
    assert {part: found[part] for part in text} == text


def test_an_alignment_on_its_way_is_refused(refused, wormtwin, movie, tmp_path):
    left = tmp_path / "aligned.h5.partial"
    left.write_bytes((FOLDER / left.name).read_bytes())
    text = wormtwin("pose", "align", movie, "--out", tmp_path / "aligned.h5", "--size", 24)
    refused(text, f"{left} was begun by an earlier version of wormtwin: delete it")
    assert left.read_bytes() == (FOLDER / left.name).read_bytes()


@pytest.mark.parametrize(
    ("what", "load", "name"),
    [
        ("screen", load_screen, "screen.h5"),
        ("importance", load_importance, "importance.h5"),
        ("result", load_result, "gru_scores.json"),
    ],
)
def test_results_hold_what_they_held(what, load, name):
    assert known(summary(load(FOLDER / name)), EXPECTED[what]) == EXPECTED[what]


def test_a_model_file_of_a_version_that_is_not_known_is_one_line(wormtwin, refused, tmp_path):
    other = tmp_path / "other.keras"
    with zipfile.ZipFile(FOLDER / "gru.keras") as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "wormtwin.json":
                content = json.dumps({**json.loads(content), "form": 9}).encode()
            new.writestr(name, content)
    said = "other.keras: wormtwin.json does not list channels"
    refused(wormtwin("evaluate", "--model", other, "--data", FOLDER / "responses.h5"), said)
