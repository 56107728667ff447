"""Calcium recordings from `.npz`, the neurons of a group of worms, frame rates."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.calcium.neuron_sets import NEURON_SETS
from datasets.calcium.recording import Recording, as_dataset, select_neurons, shared_neurons
from datasets.calcium.recordings import load_npz, load_recordings, read_recordings, resampled
from datasets.calcium.state_rules import STATES
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError


@pytest.fixture
def npz(tmp_path, imaged):
    def write(**changed):
        arrays = {"neurons": np.array(["AVAL", "RIML", "VB02"]), "state_names": np.array(STATES)}
        for i, (traces, states, fps) in enumerate(imaged, start=1):
            arrays |= {f"traces_{i}": traces, f"states_{i}": states + 1, f"fps_{i}": fps}
        arrays |= changed
        path = tmp_path / "worms.npz"
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    return write


# --- npz


def test_npz_becomes_a_dataset_that_a_file_holds(npz, tmp_path, require_imaged):
    dataset = load_npz(npz())
    require_imaged(dataset, ["worm1", "worm2"])
    assert dataset.dt == pytest.approx(1000 / 2.95)
    require_imaged(load_dataset(save_dataset(dataset, tmp_path / "worms.h5")), ["worm1", "worm2"])


@pytest.mark.shared
def test_the_four_published_worms(shared):
    dataset = load_npz(shared / "data" / "calcium" / "kato2015_worms1-4.npz")
    assert [len(trial) for trial in dataset] == [3137, 3134, 3059, 3311]
    assert len(dataset.x_names) == 14
    assert len(set(dataset.x_names) & set(NEURON_SETS["kato_2015"])) == 10
    seconds = [len(trial) / dataset.extra["fps"][trial.name] for trial in dataset]
    assert np.allclose(seconds, 1080, atol=1)  # 18 minutes (Kato et al. 2015)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"neurons": None}, "the key neurons is missing"),
        ({"fps_2": None}, "the key fps_2 is missing (the frame rate of traces_2 in Hz)"),
        ({"state_names": None}, "the key state_names is missing"),
        ({"traces_1": None, "traces_2": None}, "no key traces_1, traces_2, ...; the keys are neurons,"),
        (
            {"neurons": np.array(["AVAL", "AVAL", "AVAL"])},
            "recording 'worm1' has no neuron of one trace: AVAL, the name of the traces 1, 2, 3: rename all but one",
        ),
        ({"neurons": np.array(["AVAL", "RIML"])}, "2 neuron names and traces of the shape (60, 3): neither side fits"),
        ({"neurons": np.array(["---", "1", "2"])}, "has no neuron with a name"),
        ({"fps_1": 0.0}, "the frame rate must be > 0 Hz, got 0.0"),
        ({"fps_1": 9.0}, "frame rates from 3 to 9 Hz differ too much: give one by --fps"),
        ({"states_1": np.zeros(60, int)}, "has a state that is none of its 8 state names"),
        ({"states_1": np.ones(7, int)}, "has 60 frames and 7 states"),
        ({"states_2": None}, "'worm2' has no states and others have"),
        ({"traces_1": np.full((60, 3), np.nan)}, "has no neuron with a name"),
    ],
)
def test_a_wrong_npz_is_reported(npz, changed, message):
    """Where the other worm can be used, the wrong one is left out and reported; else the file is refused."""
    try:
        (text,) = load_npz(npz(**changed)).extra["left_out"]
    except InputError as error:
        text = str(error)
    assert message in text
    assert "\n" not in text


def test_a_damaged_npz_is_reported(tmp_path):
    path = tmp_path / "worms.npz"
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InputError, match="not a whole"):
        load_npz(path)
    np.savez(path, neurons=np.array(["AVAL", None], dtype=object), traces_1=np.zeros((3, 2)), fps_1=3.0)
    with pytest.raises(InputError, match="neurons: an array of Python objects"):
        load_npz(path)


# --- the neurons of a group of worms


def recording(name, neurons, frames=30, fps=3.0):
    rng = np.random.default_rng(len(name))
    return Recording(name, rng.normal(size=(frames, len(neurons))), tuple(neurons), fps)


def test_worms_share_the_neurons_that_all_have():
    group = [recording("a", ["RIML", "AVAL", "VB2"]), recording("bb", ["VB2", "AVAL", "RID"])]
    dataset = as_dataset(group, "both")
    assert dataset.x_names == shared_neurons(group) == ("AVAL", "VB2")
    assert np.array_equal(dataset.trials[1].x, group[1].traces[:, [1, 0]])
    assert dataset.extra["neurons"] == {"a": ["RIML", "AVAL", "VB2"], "bb": ["VB2", "AVAL", "RID"]}
    assert as_dataset(group, "one", "VB02").x_names == ("VB2",)
    assert dataset.task == "next_step"
    assert select_neurons(dataset, ["VB2"]).x_names == ("VB2",)


@pytest.mark.parametrize(
    ("neurons", "message"),
    [
        ("RIML", "recording 'bb' has no neuron RIML"),
        ("nichols_2017", "recording 'a' has no neuron AIBR"),
        ("AVAL,AVAL", "names more than once: AVAL"),
        (",", "names no neuron: give 'shared', kato_2015, nichols_2017 or"),
    ],
)
def test_neurons_that_a_worm_lacks_are_reported(neurons, message):
    group = [recording("a", ["RIML", "AVAL"]), recording("bb", ["AVAL", "RID"])]
    with pytest.raises(InputError) as text:
        as_dataset(group, "both", neurons)
    assert message in str(text.value)


def test_worms_that_share_no_neuron_are_reported():
    with pytest.raises(InputError, match=r"the 2 worms share no neuron \(a: RIML; b: AVAL\)"):
        as_dataset([recording("a", ["RIML"]), recording("b", ["AVAL"])], "both")


def test_frames_that_were_not_measured_do_not_count():
    one = recording("a", ["RIML", "AVAL"])
    one.traces[5:8, 0] = np.nan
    assert (~as_dataset([one], "one").trials[0].valid()).nonzero()[0].tolist() == [5, 6, 7]
    assert as_dataset([one], "one", "AVAL").trials[0].valid().all()
    one.traces[:, 0] = np.nan
    with pytest.raises(InputError, match="has no frame in which all of 2 neurons were measured"):
        as_dataset([one], "one")


@given(st.floats(1.0, 6.0))
def test_resampling_a_line_gives_the_line(fps):
    line = replace(recording("a", ["AVAL"], frames=50), traces=np.arange(50.0)[:, None] / 3.0)
    found = resampled(line, fps).traces[:, 0]
    assert np.allclose(found, np.arange(len(found)) / fps)
    assert 49 / 3 - 1 / fps < found[-1] < 49 / 3 + 1e-6


def test_resampling_keeps_gaps_and_states():
    one = recording("a", ["AVAL"], frames=30)
    one = replace(one, states=np.repeat([0, 1], 15), state_names=("x", "y"))
    one.traces[10] = np.nan
    half = resampled(one, 6.0)
    assert np.isnan(half.traces[:, 0]).nonzero()[0].tolist() == [19, 20, 21]
    assert np.bincount(half.states).tolist() == [30, 29]


# --- several files


def test_worms_of_several_files_get_names_of_their_own(npz, tmp_path):
    one = npz()
    other = one.with_name("more.npz")
    other.write_bytes(one.read_bytes())
    assert [r.name for r in read_recordings([one, other])] == ["worms worm1", "worms worm2", "more worm1", "more worm2"]
    with pytest.raises(InputError, match="the recordings name a worm more than once: worms worm1"):
        load_recordings([one, one])
    with pytest.raises(InputError, match=r"w\.csv: files of recordings end in \.npz, \.mat, \.nwb"):
        read_recordings([tmp_path / "w.csv"])


def test_one_name_that_comes_twice_renames_all(npz, tmp_path, monkeypatch):
    recording = read_recordings([npz()])[0]
    names = {"day1": ("worm1", "worm2"), "day2": ("worm1", "worm3")}
    read = {".npz": lambda path: tuple(replace(recording, name=name) for name in names[path.stem])}
    monkeypatch.setattr("datasets.calcium.recordings.READERS", read)
    files = [tmp_path / "day1.npz", tmp_path / "day2.npz"]
    for file in files:
        file.touch()
    found = read_recordings(files)
    assert [each.name for each in found] == ["day1 worm1", "day1 worm2", "day2 worm1", "day2 worm3"]
