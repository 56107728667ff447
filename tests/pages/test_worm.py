"""The worm in three dimensions: what the page holds, that it needs nothing else, and the command that writes it."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from connectome.c302_files import c302_folder, morphology, neurons
from connectome.scenario import FCM_OUTPUTS
from datasets.dataset import Dataset, Trial
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.pages.colour_scale import ANCHORS, colour_scale, oklab, srgb
from surrogates.pages.packing import Packed, pack, unpack
from surrogates.pages.worm.worm import write_worm
from surrogates.pages.worm.worm_run import MOST_FRAMES, MOST_STIMULUS, worm_run
from surrogates.pages.worm.worm_shape import worm_shape

NAMES = tuple(neuron.name for neuron in neurons())
INPUTS = ("PLML", "PLMR", "AVBL", "AVBR")


def recording(names=NAMES, steps=1000, number=2, dt=0.5, units="V", **changes) -> Dataset:
    """Every neuron rises from -65 mV for a time of its own, AVBL to 1 V."""
    time = np.arange(steps)[:, None] * dt
    trials = []
    for index in range(number):
        x = np.where((time >= 100) & (time < 150 + 50 * index), 1.0, 0.0) * np.array([1.4, 1.4, 2.3, 2.3])
        height = np.array([1.065 if name == "AVBL" else 0.0004 * NAMES.index(name) for name in names if name in NAMES])
        y = -0.065 + height * np.sin(np.pi * time / time[-1]) ** 2
        trials.append(Trial(f"run_{index + 1}", x, y * {"V": 1, "mV": 1000}.get(units, 1)))
    made = Dataset(
        "toy", tuple(trials), dt, INPUTS, tuple(names), "nA", units, source="made", extra={"scenario": "fcm"}
    )
    return replace(made, **changes)


@pytest.fixture(scope="module")
def shape():
    return worm_shape()


def facts_of(path) -> dict:
    return json.loads(re.search(r'id="facts">(.*?)</script>', path.read_text(), re.DOTALL)[1])


def test_all_cells_stand_where_their_files_say(shape):
    assert [cell.name for cell in shape.cells] == list(NAMES)
    assert {cell.role for cell in shape.cells} == {"sensory", "interneuron", "motor", "polymodal", "unknown"}
    for cell in shape.cells:
        text = (c302_folder() / "NeuroML2" / f"{cell.name}.cell.nml").read_text()
        distal = re.search(r'<segment id="0".*?<distal ([^>]*)/>', text, re.DOTALL)[1]
        x, y, z, diameter = (float(re.search(rf'{key}="([^"]*)"', distal)[1]) for key in ("x", "y", "z", "diameter"))
        assert cell.soma == pytest.approx((x, y, z), abs=1e-6)
        assert cell.diameter == pytest.approx(diameter)


def test_cables_keep_their_lengths_and_diameters_through_the_page(shape):
    points, diameters = unpack(pack(shape.points)), unpack(pack(shape.diameters))
    assert np.abs(points - shape.points).max() < 0.0075
    assert np.abs(diameters / shape.diameters - 1).max() < 0.001
    edges = np.cumsum(shape.cables[:, 1])[:-1]
    for index, name in enumerate(NAMES):
        wanted = sum(cable.length for cable in morphology(name).cables[1:])
        assert shape.cells[index].length == pytest.approx(wanted)
    steps = [np.linalg.norm(np.diff(cable, axis=0), axis=1).sum() for cable in np.split(points, edges)]
    assert shape.cables[:, 1].sum() == len(points)
    total = sum(cable.length for name in NAMES for cable in morphology(name).cables[1:])
    assert sum(steps) == pytest.approx(total, rel=1e-4)


@given(arrays(float, (7, 3), elements=st.floats(-1e6, 1e6)))
def test_packed_arrays_come_back_to_half_a_step(values):
    packed = pack(values)
    assert packed.shape == (7, 3)
    assert np.abs(unpack(packed) - values).max() <= packed.step * 0.5 * (1 + 1e-6)
    assert packed.step <= max(np.ptp(values) / 65535, 1.0)


def test_what_is_not_finite_is_not_packed():
    with pytest.raises(InputError, match="finite"):
        pack(np.array([1.0, np.nan]))


def test_oklab_meets_its_published_values():
    corners = np.array([[255, 255, 255], [255, 0, 0], [0, 0, 0]], dtype=np.uint8)
    assert oklab(corners) == pytest.approx(np.array([[1, 0, 0], [0.62796, 0.22486, 0.12585], [0, 0, 0]]), abs=1e-4)
    assert np.array_equal(srgb(oklab(corners)), corners)


@pytest.mark.parametrize("ground", ANCHORS)
def test_the_scale_is_even_grey_at_rest_and_reads_without_colours(ground):
    scale = oklab(colour_scale(ground))
    for arm in (scale[128:], scale[127::-1]):
        steps = np.linalg.norm(np.diff(arm[::8], axis=0), axis=1)
        assert steps.max() / steps.min() < 1.35
        lightness = np.diff(arm[::8, 0]) * (-1 if ground == "light" else 1)
        assert lightness.min() > 0
    assert np.abs(scale[127:129, 1:]).max() < 0.02
    # without green cones (Machado, Oliveira and Fernandes 2009) above and below stay apart
    blind = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]])
    linear = (colour_scale(ground) / 255) ** 2.2 @ blind.T
    seen = oklab(np.rint(255 * np.clip(linear, 0, 1) ** (1 / 2.2)).astype(np.uint8))
    assert np.linalg.norm(seen[:100] - seen[:155:-1], axis=1).min() > 0.1


def test_a_run_keeps_its_voltages_and_is_thinned_out():
    dataset = recording()
    run = worm_run(dataset, 2)
    assert (run.name, run.step, run.rest, run.samples) == ("run_2", 1.0, pytest.approx(-65.0), 1000)
    assert run.voltages.shape == (500, 302)
    assert np.array_equal(run.voltages, 1000 * dataset.trials[1].y[::2])
    assert np.array_equal(run.stimulus, dataset.trials[1].x)
    assert run.outputs == FCM_OUTPUTS
    packed = pack(run.voltages)
    assert np.abs(unpack(packed) - run.voltages).max() < 0.01
    assert worm_run(recording(units="mV"), 2).voltages == pytest.approx(run.voltages)


@pytest.mark.parametrize("steps", [2, 600, 601, 9001])
def test_no_recording_is_too_long_and_no_pulse_is_lost(steps):
    dataset = recording(steps=steps, number=1)
    x = np.zeros((steps, 4))
    x[-1, 0], x[0, 1] = -3.0, 2.0
    run = worm_run(replace(dataset, trials=(replace(dataset.trials[0], x=x),)), 1)
    assert len(run.voltages) <= MOST_FRAMES
    assert len(run.stimulus) <= MOST_STIMULUS
    assert (run.stimulus.min(axis=0)[0], run.stimulus.max(axis=0)[1]) == (-3.0, 2.0)
    assert run.step * (len(run.voltages) - 1) <= dataset.dt * (steps - 1)


def test_the_page_holds_the_run_and_fetches_nothing(tmp_path):
    run = worm_run(recording(), 1)
    path = write_worm(tmp_path / "worm.html", run)
    text, facts = path.read_text(), facts_of(path)
    assert path.stat().st_size < 2e6
    assert set(re.findall(r"https?://[\w./-]+", text)) == {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text
    assert not re.search(r"<(link|img|script|iframe)[^>]*(src|href)=\"(?!data:)", text)
    packed = facts["run"]["voltages"] | {"shape": tuple(facts["run"]["voltages"]["shape"])}
    assert np.abs(unpack(Packed(**packed)) - run.voltages).max() <= packed["step"] * 0.51
    assert write_worm(tmp_path / "again.html", run).read_bytes() == path.read_bytes()


def test_names_are_never_run(tmp_path):
    nasty = "</script><script>alert(1)</script>"
    dataset = recording(number=1)
    trial = replace(dataset.trials[0], name=nasty)
    text = write_worm(tmp_path / "worm.html", worm_run(replace(dataset, trials=(trial,)), 1)).read_text()
    assert "alert(1)</script>" not in text


def test_the_command_writes_pages(wormtwin, tmp_path):
    status, out, _ = wormtwin("worm", "--out", tmp_path / "class.html")
    assert (status, out.startswith("302 neurons in")) == (0, True)
    assert facts_of(tmp_path / "class.html")["run"] is None
    data = save_dataset(recording(names=("DB1", "VB1", "AVBL")), tmp_path / "run.h5")
    status, out, _ = wormtwin("worm", "--out", tmp_path / "deep" / "run.html", "--data", data, "--trial", 2)
    assert (status, "run_2" in out) == (0, True)
    text = (tmp_path / "deep" / "run.html").read_text()
    assert "299 of the 302 neurons were not recorded" in text
    assert facts_of(tmp_path / "deep" / "run.html")["run"]["outputs"] == ["DB1", "VB1", "AVBL"]


@pytest.mark.parametrize(
    ("changes", "arguments", "words"),
    [
        ({}, ("--trial", 3), ("trials 1 to 2, not 3",)),
        ({}, ("--trial", 0), ("trials 1 to 2, not 0",)),
        ({"y_names": tuple(f"unit {index}" for index in range(302))}, (), ("'toy'", "none of its outputs is a neuron")),
        ({"y_units": "fluorescence"}, (), ("in V or mV", "'fluorescence'")),
        ({"trials": (Trial("t", np.zeros((5, 4)), np.full((5, 302), np.nan)),)}, (), ("'t'", "not finite")),
        ({"trials": (Trial("t", np.zeros((5, 4))),)}, (), ("none of its outputs is a neuron",)),
    ],
)
def test_data_that_cannot_be_drawn(wormtwin, tmp_path, changes, arguments, words):
    data = save_dataset(recording(steps=5, **changes), tmp_path / "run.h5")
    refused(wormtwin("worm", "--out", tmp_path / "worm.html", "--data", data, *arguments), *words)
    assert not (tmp_path / "worm.html").exists()


def test_wrong_options(wormtwin, tmp_path):
    page, no_folder = tmp_path / "worm.html", tmp_path / "file"
    no_folder.write_text("")
    refused(wormtwin("worm", "--out", page, "--trial", 3), "--trial", "give --data too")
    refused(wormtwin("worm", "--out", tmp_path), str(tmp_path), "is a folder")
    refused(wormtwin("worm", "--out", tmp_path / "worm.png"), ".html", "worm.png")
    refused(wormtwin("worm", "--out", no_folder / "worm.html"), "a file where a folder should be")
    refused(wormtwin("worm", "--out", page, "--data", tmp_path / "none.h5"), "none.h5", "no such file")
    assert not page.exists()


def refused(result, *words):
    """The command ended with status 2 and one line that holds these words."""
    status, out, err = result
    assert status == 2, (out, err)
    assert len(err.strip().splitlines()) == 1, err
    for word in words:
        assert word in err
    assert "Traceback" not in out + err
