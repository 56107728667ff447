"""Calcium recordings from MATLAB files of both versions and from NWB, each written here from its description."""

from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

import h5py
import numpy as np
import pytest
import scipy.io

from connectome.c302_files import neurons
from datasets.calcium.features import with_features
from datasets.calcium.recordings import load_recordings
from datasets.calcium.state_rules import STATES, UNLABELLED, state_name
from neuron_models.foundation.errors import InputError

PUBLISHED_STATES = ("fwd", "slow", "dt", "vt", "rev1", "rev2", "revsus", "nostate")


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
    for index, value in enumerate(values):
        column[index, 0] = cells(value) if isinstance(value, list) else value
    return column


def save_old(path, structures, **more):
    """A structure array in a file of version 5."""
    fields = list(structures[0])
    array = np.empty((1, len(structures)), dtype=[(field, object) for field in fields])
    for index, structure in enumerate(structures):
        for field in fields:
            value = structure[field]
            array[0, index][field] = cells(value) if isinstance(value, list) else value
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


@pytest.fixture
def structures(imaged):
    return [named(i, *worm) for i, worm in enumerate(imaged, start=1)]


def by_field(many):
    """A structure of cell arrays, a worm a cell."""
    return {field: [each[field] for each in many] for field in many[0]}


def test_a_structure_array_of_version_5(tmp_path, structures, require_imaged):
    save_old(tmp_path / "WT_NoStim.mat", structures)
    require_imaged(load_recordings([tmp_path / "WT_NoStim.mat"]), ["TS1", "TS2"])


def test_a_structure_of_version_7_3(tmp_path, structures, require_imaged):
    save_new(tmp_path / "WT_NoStim.mat", "WT_NoStim", by_field(structures))
    require_imaged(load_recordings([tmp_path / "WT_NoStim.mat"]), ["TS1", "TS2"])


def test_a_structure_for_each_worm(tmp_path, structures, require_imaged):
    save_new(tmp_path / "WT_data.mat", "WT_data", dict(zip(("N1", "N2"), structures, strict=True)))
    require_imaged(load_recordings([tmp_path / "WT_data.mat"]), ["TS1", "TS2"])


def test_a_worm_of_its_own_and_what_cannot_be_read_of_it(tmp_path, structures):
    path = tmp_path / "w.mat"
    for save in (partial(save_new, path, "worm", structures[0]), partial(save_old, path, structures[:1])):
        save()
        assert [trial.name for trial in load_recordings([path])] == ["TS1"]
    save_new(path, "worms", by_field(structures[:1]))
    with pytest.raises(InputError, match="'TS1': neuron names in a cell of one cell cannot be read"):
        load_recordings([path])


@pytest.mark.parametrize("save", ["old", "new"])
def test_the_names_of_nichols_and_numbered_states(tmp_path, save, imaged):
    """Cells of candidates, a time vector instead of a rate, states as whole numbers from 1."""
    many = [
        {
            "ExpID": f"n2-{i}",
            "traces": traces,
            "IDs": [["AVAL"], ["RIML", "---"], ["VB02", ""]],
            "timeVectorSeconds": np.arange(len(traces)) / fps,
            "States": np.minimum(states, 3) + 1,
        }
        for i, (traces, states, fps) in enumerate(imaged, start=1)
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
    assert np.array_equal(dataset.trials[0].y[:, 0], np.minimum(imaged[0][1], 3))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"deltaFOverF": None, "deltaFOverF_bc": None}, "no structure with a field for the traces (deltaFOverF_bc,"),
        ({"NeuronNames": None}, "has no field for the neuron names (NeuronNames, NeuronIds, identifiers, IDs); it has"),
        ({"fps": None, "tv": None}, "has no frame rate: one of the fields fps, tv, timeVectorSeconds is needed"),
        ({"NeuronNames": ["AVAL", "RIML"]}, "has 2 neuron names and traces of the shape (60, 7)"),
        ({"NeuronNames": ["AVAL"] * 7}, "has no neuron of one trace: AVAL"),
        ({"States": {"fwd": np.ones(60, bool), "slow": np.ones(60, bool)}}, "frame 0 is in more than one state"),
        ({"States": {"fwd": np.ones(60, bool), "slow": np.ones(9, bool)}}, "the vectors of the states differ"),
        ({"States": np.linspace(0, 1, 60)}, "the states must be whole numbers from 1"),
    ],
)
def test_a_wrong_matlab_structure_is_reported(tmp_path, changed, message, structures):
    one = {key: value for key, value in (structures[0] | changed).items() if value is not None}
    save_old(tmp_path / "w.mat", [one])
    with pytest.raises(InputError) as text:
        load_recordings([tmp_path / "w.mat"])
    assert message in str(text.value)
    assert any(
        where in str(text.value) for where in (f"{tmp_path / 'w.mat'}: ", "w.mat: recording 'TS1'", "recording 'TS1' ")
    )


def test_what_is_no_matlab_file_is_reported(tmp_path):
    (tmp_path / "w.mat").write_text("not at all")
    with pytest.raises(InputError, match="not a MATLAB file that can be read"):
        load_recordings([tmp_path / "w.mat"])


# --- NWB

NAMES = ("AVAL", "RIML", "VB02", "")


@pytest.fixture
def write_nwb(imaged):
    return partial(write, imaged[0])


def write(worm, path, *, rate=2.9, column="neuron_name", extra_series=False, states=True, times=None, names=NAMES):
    pynwb = pytest.importorskip("pynwb")
    from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel

    traces, labels, fps = worm
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
    timing = timing if times is None else {"timestamps": times}
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
def test_nwb_with_names_and_intervals_of_states(tmp_path, rate, imaged, write_nwb):
    dataset = load_recordings([write_nwb(tmp_path / "worm.nwb", rate=rate, extra_series=True)])
    traces, labels, _ = imaged[0]
    trial = dataset.trials[0]
    assert trial.name == "worm"
    assert dataset.x_names == ("AVAL", "RIML", "VB2")
    assert np.allclose(trial.x, traces)
    assert dataset.extra["fps"]["worm"] == pytest.approx(2.9)
    assert np.array(dataset.extra["states"])[trial.y[:, 0]].tolist() == [STATES[k] for k in labels]


def state_by_pynwb(path, series="dff"):
    """The timestamps of a file, and the state whose interval each lies in, as pynwb and pandas read them."""
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        content = io.read()
        found = next(each for each in content.objects.values() if each.name == series)
        times, table = found.timestamps[:], next(iter(content.intervals.values())).to_dataframe()
    states = np.full(len(times), "", object)
    for _, row in table.iterrows():
        states[(times >= row.start_time - 1e-9) & (times < row.stop_time - 1e-9)] = state_name(row.state)
    return times, np.where(states == "", UNLABELLED, states)


def require_states_at_their_times(path, series, pauses):
    times, expected = state_by_pynwb(path, series)
    dataset = load_recordings([path])
    trial = dataset.trials[0]
    measured = np.isfinite(trial.x).all(axis=1)
    assert measured.sum() == len(times)
    assert np.array(dataset.extra["states"])[trial.y[measured, 0]].tolist() == expected.tolist()
    assert (~measured).sum() == pauses(times)
    assert np.array_equal(trial.valid(), measured)
    return dataset


def test_a_pause_in_the_timestamps_is_a_gap(tmp_path, write_nwb):
    times = np.arange(60) / 2.9
    times[20:] += 30 / 2.9
    times[41] += 0.6 / 2.9  # late alone: no frame is missing
    path = write_nwb(tmp_path / "worm.nwb", times=times)
    dataset = require_states_at_their_times(path, "dff", lambda _: 30)
    assert (~dataset.trials[0].valid()).nonzero()[0].tolist() == list(range(20, 50))
    starts = dataset.windows(15).start
    assert not ((starts > 5) & (starts < 50)).any()
    features = with_features(dataset).trials[0]
    assert np.abs(features.x[20:50]).max() == 0


def test_times_that_fall_are_reported(tmp_path, write_nwb):
    times = np.arange(60) / 2.9
    times[30] = 1.0
    with pytest.raises(InputError, match="frame 30 is at 1 s and the one before at 10 s"):
        load_recordings([write_nwb(tmp_path / "worm.nwb", times=times)])


def test_a_pause_in_the_times_of_matlab_is_a_gap(tmp_path, structures):
    one = structures[0]
    times = np.array(one["tv"], dtype=float)
    times[20:] += 10 / one["fps"]
    save_old(tmp_path / "w.mat", [one | {"tv": times}])
    trial = load_recordings([tmp_path / "w.mat"]).trials[0]
    assert (~trial.valid()).nonzero()[0].tolist() == list(range(20, 30))


@pytest.mark.parametrize("factor", [0.5, 1000.0])
def test_a_rate_that_is_not_that_of_the_times_is_reported(factor, tmp_path, structures):
    one = structures[0]
    save_old(tmp_path / "w.mat", [one | {"tv": np.array(one["tv"], dtype=float) * factor}])
    with pytest.raises(InputError, match=r"fps is .* Hz and its times .* give .* Hz: correct one"):
        load_recordings([tmp_path / "w.mat"])


@pytest.mark.shared
@pytest.mark.parametrize("name", ["pause", "dropped"])
def test_timestamps_of_the_files_that_failed(shared, name):
    path = shared / "cases" / "behaviour" / "nwb-calcium-gap" / f"{name}.nwb"
    require_states_at_their_times(
        path, "SignalCalcium", lambda t: round((t[-1] - t[0]) / np.median(np.diff(t))) + 1 - len(t)
    )


def test_labels_that_are_no_neuron_are_left_out(tmp_path, write_nwb):
    for names in (("unknown", "AVAL", "unknown", "Unknown"), ("roi1", "neuron3", "aval", "NEURON")):
        dataset = load_recordings([write_nwb(tmp_path / f"{names[0]}.nwb", names=names)])
        assert dataset.x_names == ("AVAL",)
    with pytest.raises(InputError, match="has no neuron with a name"):
        load_recordings([write_nwb(tmp_path / "none.nwb", names=("roi1", "roi2", "roi3", "none"))])


def test_two_traces_of_one_neuron_are_one_only_where_they_are_equal(tmp_path, write_nwb):
    path = write_nwb(tmp_path / "w.nwb", names=("AVAL", "AVAL", "RIML", "VB1"))
    dataset = load_recordings([path])
    assert dataset.x_names == ("RIML", "VB1")
    (line,) = dataset.extra["left_out"]
    assert line.endswith(
        "recording 'w': AVAL, the name of the traces 1, 2, which differ: rename all but one to read it"
    )
    path = write_nwb(tmp_path / "z.nwb", names=("AVAL", "AVAR", "RIML", "VB1", "VB1"))  # the last two are zero
    dataset = load_recordings([path])
    assert dataset.x_names == ("AVAL", "AVAR", "RIML", "VB1")
    assert "left_out" not in dataset.extra


@pytest.mark.shared
@pytest.mark.parametrize("name", ["unknown", "none", "roi"])
def test_labels_of_the_files_that_failed(shared, name):
    dataset = load_recordings([shared / "cases" / "behaviour" / "nwb-calcium-names" / f"{name}.nwb"])
    assert set(dataset.x_names) <= {neuron.name for neuron in neurons()}


def test_one_of_several_traces_is_chosen_by_its_name(tmp_path, imaged, write_nwb):
    path = write_nwb(tmp_path / "worm.nwb", extra_series=True, states=False)
    dataset = load_recordings([path], series="raw")
    assert np.allclose(dataset.trials[0].x, imaged[0][0] + 100)
    assert dataset.trials[0].y is None
    with pytest.raises(InputError, match=r"no traces 'other' \(RoiResponseSeries: "):
        load_recordings([path], series="other")


def test_nwb_without_names_is_reported(tmp_path, write_nwb):
    with pytest.raises(InputError, match="no neuron names: the segmentation 'neurons' has the columns"):
        load_recordings([write_nwb(tmp_path / "worm.nwb", column="")])


def test_what_is_no_nwb_file_is_reported(tmp_path):
    with h5py.File(tmp_path / "w.nwb", "w") as file:
        file["x"] = 1
    with pytest.raises(InputError, match="not an NWB file that can be read"):
        load_recordings([tmp_path / "w.nwb"])
