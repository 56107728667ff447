"""Calcium recordings from their files: `.npz`, MATLAB of both versions, NWB; each written here from its description."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import h5py
import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

from datasets.calcium.recording import NEURON_SETS, Recording, as_dataset, select_neurons, shared_neurons
from datasets.calcium.recordings import load_npz, load_recordings, read_recordings, resampled
from datasets.calcium.states import STATES
from datasets.store import load_dataset, save_dataset
from neuron_models.errors import InputError

PUBLISHED_STATES = ("fwd", "slow", "dt", "vt", "rev1", "rev2", "revsus", "nostate")


def worms(number=2, neurons=("AVAL", "RIML", "VB02"), frames=60):
    """What the files below hold: (traces, states, fps) of each worm, of different lengths."""
    rng = np.random.default_rng(3)
    return [
        (rng.normal(size=(frames + 5 * i, len(neurons))), rng.integers(0, 8, frames + 5 * i), 2.9 + 0.1 * i)
        for i in range(number)
    ]


@pytest.fixture
def npz(tmp_path):
    def write(**changed):
        arrays = {"neurons": np.array(["AVAL", "RIML", "VB02"]), "state_names": np.array(STATES)}
        for i, (traces, states, fps) in enumerate(worms(), start=1):
            arrays |= {f"traces_{i}": traces, f"states_{i}": states + 1, f"fps_{i}": fps}
        arrays |= changed
        path = tmp_path / "worms.npz"
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    return write


def check(dataset, found=None):
    """A dataset holds the worms above."""
    assert dataset.x_names == ("AVAL", "RIML", "VB2")
    assert dataset.task == "classification"
    names = list(dataset.extra["fps"])
    for trial, (traces, states, fps) in zip(dataset, worms(), strict=True):
        assert np.allclose(trial.x, traces)
        assert np.array(dataset.extra["classes"])[trial.y[:, 0]].tolist() == [STATES[s] for s in states]
        assert trial.group == trial.name
        assert dataset.extra["fps"][trial.name] == pytest.approx(fps)
    assert names == (found or names)


# --- npz


def test_npz_becomes_a_dataset_that_a_file_holds(npz, tmp_path):
    dataset = load_npz(npz())
    check(dataset, ["worm1", "worm2"])
    assert dataset.dt == pytest.approx(1000 / 2.95)
    check(load_dataset(save_dataset(dataset, tmp_path / "worms.h5")))


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
        ({"neurons": np.array(["AVAL", "AVAL", "VB02"])}, "recording 'worm1' names a neuron more than once: AVAL"),
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
def test_a_wrong_npz_is_told(npz, changed, message):
    with pytest.raises(InputError) as told:
        load_npz(npz(**changed))
    assert message in str(told.value)
    assert "\n" not in str(told.value)


def test_a_damaged_npz_is_told(tmp_path):
    path = tmp_path / "worms.npz"
    path.write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InputError, match="not a whole"):
        load_npz(path)
    np.savez(path, neurons=np.array(["AVAL", None], dtype=object), traces_1=np.zeros((3, 2)), fps_1=3.0)
    with pytest.raises(InputError, match="file of plain arrays"):
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
def test_neurons_that_a_worm_lacks_are_told(neurons, message):
    group = [recording("a", ["RIML", "AVAL"]), recording("bb", ["AVAL", "RID"])]
    with pytest.raises(InputError) as told:
        as_dataset(group, "both", neurons)
    assert message in str(told.value)


def test_worms_that_share_no_neuron_are_told():
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


# --- MATLAB


def named(i, traces, states, fps):
    """A worm as Kato et al. 2015 write it: neurons without a name are numbered, dashed, or have two candidates."""
    names = ["AVAL", "RIML", "17", "---", "VB02", "", ["RIVL", "SMDVL"]]
    filled = np.insert(traces, [2, 2, 3, 3], 9.0, axis=1)
    return {
        "dataset": f"TS{i}",
        "deltaFOverF": filled + 1.0,
        "deltaFOverF_bc": filled,
        "NeuronNames": names,
        "tv": np.arange(len(traces))[:, None] / fps,
        "fps": fps,
        "States": {key: states[:, None] == k for k, key in enumerate(PUBLISHED_STATES)},
    }


def cells(values):
    """A column of MATLAB cells."""
    column = np.empty((len(values), 1), dtype=object)
    for place, value in enumerate(values):
        column[place, 0] = cells(value) if isinstance(value, list) else value
    return column


def save_old(path, structures, **more):
    """A structure array in a file of version 5."""
    fields = list(structures[0])
    array = np.empty((1, len(structures)), dtype=[(field, object) for field in fields])
    for place, structure in enumerate(structures):
        for field in fields:
            value = structure[field]
            array[0, place][field] = cells(value) if isinstance(value, list) else value
    scipy.io.savemat(path, {"WT_NoStim": array, **more})


class NewMatlab:
    """A file of version 7.3: HDF5 with references, arrays transposed, a class on each."""

    def __init__(self, path):
        self.file = h5py.File(path, "w", userblock_size=512)
        self.refs = self.file.create_group("#refs#")

    def reference(self, value):
        name = f"r{len(self.refs)}"
        self.write(self.refs, name, value)
        return self.refs[name].ref

    def write(self, group, name, value):
        if isinstance(value, dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for key, each in value.items():
                self.write(inner, key, each)
            return
        if isinstance(value, list):
            stored = group.create_dataset(name, (1, len(value)), dtype=h5py.ref_dtype)
            stored[0] = [self.reference(each) for each in value]
            stored.attrs["MATLAB_class"] = np.bytes_("cell")
            return
        if isinstance(value, str) and not value:
            stored = group.create_dataset(name, data=np.zeros(2, np.uint64))
            stored.attrs.update(MATLAB_class=np.bytes_("char"), MATLAB_empty=1)
            return
        array = np.array([[ord(c)] for c in value], np.uint16) if isinstance(value, str) else np.atleast_2d(value).T
        stored = group.create_dataset(name, data=array.astype(np.uint8) if array.dtype == bool else array)
        kind = "char" if isinstance(value, str) else "logical" if array.dtype == bool else "double"
        stored.attrs["MATLAB_class"] = np.bytes_(kind)

    def close(self):
        self.file.close()
        with open(self.file_name, "r+b") as file:  # noqa: PTH123
            file.write(b"MATLAB 7.3 MAT-file, HDF5 schema 1.00".ljust(124) + b"\x00\x02IM")


def save_new(path, name, content):
    """One variable in a file of version 7.3."""
    matlab = NewMatlab(path)
    matlab.file_name = path
    matlab.write(matlab.file, name, content)
    matlab.close()


def structures():
    return [named(i, *worm) for i, worm in enumerate(worms(), start=1)]


def by_field(many):
    """A structure of cell arrays, a worm a cell."""
    return {field: [each[field] for each in many] for field in many[0]}


def test_a_structure_array_of_version_5(tmp_path):
    save_old(tmp_path / "WT_NoStim.mat", structures())
    check(load_recordings([tmp_path / "WT_NoStim.mat"]), ["TS1", "TS2"])


def test_a_structure_of_version_7_3(tmp_path):
    save_new(tmp_path / "WT_NoStim.mat", "WT_NoStim", by_field(structures()))
    check(load_recordings([tmp_path / "WT_NoStim.mat"]), ["TS1", "TS2"])


def test_a_structure_for_each_worm(tmp_path):
    save_new(tmp_path / "WT_data.mat", "WT_data", dict(zip(("N1", "N2"), structures(), strict=True)))
    check(load_recordings([tmp_path / "WT_data.mat"]), ["TS1", "TS2"])


@pytest.mark.parametrize("save", ["old", "new"])
def test_the_names_of_nichols_and_numbered_states(tmp_path, save):
    """Cells of candidates, a time vector instead of a rate, states as whole numbers from 1."""
    many = [
        {
            "ExpID": f"n2-{i}",
            "traces": traces,
            "IDs": [["AVAL"], ["RIML", "---"], ["VB02", ""]],
            "timeVectorSeconds": np.arange(len(traces)) / fps,
            "States": np.minimum(states, 3) + 1,
        }
        for i, (traces, states, fps) in enumerate(worms(), start=1)
    ]
    path = tmp_path / "n2_let.mat"
    if save == "old":
        save_old(path, many)
    else:
        save_new(path, "n2_let", by_field(many))
    dataset = load_recordings([path])
    assert [trial.name for trial in dataset] == ["n2-1", "n2-2"]
    assert dataset.x_names == ("AVAL", "RIML", "VB2")
    assert dataset.extra["fps"]["n2-2"] == pytest.approx(3.0)
    assert dataset.extra["states"] == ["state_1", "state_2", "state_3", "state_4"]
    assert np.array_equal(dataset.trials[0].y[:, 0], np.minimum(worms()[0][1], 3))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"deltaFOverF": None, "deltaFOverF_bc": None}, "no structure with a field for the traces (deltaFOverF_bc,"),
        ({"NeuronNames": None}, "has no field for the neuron names (NeuronNames, NeuronIds, identifiers, IDs); it has"),
        ({"fps": None, "tv": None}, "has no frame rate: one of the fields fps, tv, timeVectorSeconds is needed"),
        ({"NeuronNames": ["AVAL", "RIML"]}, "has 2 neuron names and traces of the shape (60, 7)"),
        ({"NeuronNames": ["AVAL"] * 7}, "names a neuron more than once: AVAL"),
        ({"States": {"fwd": np.ones(60, bool), "slow": np.ones(60, bool)}}, "frame 0 is in more than one state"),
        ({"States": {"fwd": np.ones(60, bool), "slow": np.ones(9, bool)}}, "the vectors of the states differ"),
        ({"States": np.linspace(0, 1, 60)}, "the states must be whole numbers from 1"),
    ],
)
def test_a_wrong_matlab_structure_is_told(tmp_path, changed, message):
    one = {key: value for key, value in (structures()[0] | changed).items() if value is not None}
    save_old(tmp_path / "w.mat", [one])
    with pytest.raises(InputError) as told:
        load_recordings([tmp_path / "w.mat"])
    assert message in str(told.value)
    assert "w.mat" in str(told.value) or "TS1" in str(told.value)


def test_what_is_no_matlab_file_is_told(tmp_path):
    (tmp_path / "w.mat").write_text("not at all")
    with pytest.raises(InputError, match="not a MATLAB file that can be read"):
        load_recordings([tmp_path / "w.mat"])


# --- NWB


def write_nwb(
    path, *, rate=2.9, column="neuron_name", names=("AVAL", "RIML", "VB02", ""), extra_series=False, states=True
):
    pynwb = pytest.importorskip("pynwb")
    from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel

    traces, labels, fps = worms()[0]
    names = ("AVAL", "RIML", "VB02", "")
    content = pynwb.NWBFile("a worm", path.stem, datetime(2020, 1, 1, tzinfo=UTC))
    plane = content.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0),
        description="head",
        device=content.create_device("microscope"),
        excitation_lambda=488.0,
        indicator="GCaMP5",
        location="head",
    )
    module = content.create_processing_module("ophys", "traces")
    segmentation = ImageSegmentation()
    module.add(segmentation)
    table = segmentation.create_plane_segmentation("neurons", plane, name="neurons")
    for k in range(len(names)):
        table.add_roi(pixel_mask=[(k, k, 1.0)])
    if column:
        table.add_column(column, "the neuron", data=list(names))
    rois = table.create_roi_table_region("all", region=list(range(len(names))))
    timing = {"rate": rate} if rate else {"timestamps": np.arange(len(traces)) / fps}
    filled = np.hstack([traces, np.zeros((len(traces), len(names) - 3))])
    dff = DfOverF()
    module.add(dff)
    dff.create_roi_response_series(name="dff", data=filled, rois=rois, unit="1", **timing)
    if extra_series:
        raw = Fluorescence()
        module.add(raw)
        raw.create_roi_response_series(name="raw", data=filled + 100, rois=rois, unit="1", **timing)
    if states:
        intervals = pynwb.epoch.TimeIntervals(name="behaviour", description="states")
        intervals.add_column("state", "the state")
        edges = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
        for first, last in pairwise(edges):
            if labels[first] < 7:
                intervals.add_row(start_time=first / fps, stop_time=last / fps, state=PUBLISHED_STATES[labels[first]])
        content.add_time_intervals(intervals)
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(content)
    return path


@pytest.mark.parametrize("rate", [2.9, 0.0])
def test_nwb_with_names_and_intervals_of_states(tmp_path, rate):
    dataset = load_recordings([write_nwb(tmp_path / "worm.nwb", rate=rate, extra_series=True)])
    traces, labels, _ = worms()[0]
    trial = dataset.trials[0]
    assert trial.name == "worm"
    assert dataset.x_names == ("AVAL", "RIML", "VB2")
    assert np.allclose(trial.x, traces)
    assert dataset.extra["fps"]["worm"] == pytest.approx(2.9)
    assert np.array(dataset.extra["states"])[trial.y[:, 0]].tolist() == [STATES[k] for k in labels]


def test_one_of_several_traces_is_chosen_by_its_name(tmp_path):
    path = write_nwb(tmp_path / "worm.nwb", extra_series=True, states=False)
    dataset = load_recordings([path], series="raw")
    assert np.allclose(dataset.trials[0].x, worms()[0][0] + 100)
    assert dataset.trials[0].y is None
    with pytest.raises(InputError, match=r"no traces 'other' \(RoiResponseSeries: "):
        load_recordings([path], series="other")


def test_nwb_without_names_is_told(tmp_path):
    with pytest.raises(InputError, match="no neuron names: the segmentation 'neurons' has the columns"):
        load_recordings([write_nwb(tmp_path / "worm.nwb", column="")])


def test_what_is_no_nwb_file_is_told(tmp_path):
    with h5py.File(tmp_path / "w.nwb", "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match="not an NWB file that can be read"):
        load_recordings([tmp_path / "w.nwb"])


# --- several files


def test_worms_of_several_files_get_names_of_their_own(npz, tmp_path):
    one = npz()
    other = one.with_name("more.npz")
    other.write_bytes(one.read_bytes())
    assert [r.name for r in read_recordings([one, other])] == ["worms worm1", "worms worm2", "more worm1", "more worm2"]
    with pytest.raises(InputError, match="the recordings name a worm more than once: worms worm1"):
        load_recordings([one, one])
    with pytest.raises(InputError, match=r"w\.csv: recordings end in \.npz, \.mat, \.nwb"):
        read_recordings([tmp_path / "w.csv"])
