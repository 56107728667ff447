"""Recordings in files that SciPy, h5py, pynwb and NumPy write, beside what these read back: no value may differ."""

from datetime import UTC, datetime

import h5py
import numpy as np
import pytest
import scipy.io

from datasets.calcium.recordings import read_recordings

NAMES = ("AVAL", "RIML", "VB02", "unknown", "AVBR")
KNOWN = {"AVAL": 0, "RIML": 1, "VB2": 2, "AVBR": 4}
"""The neurons of these names, and their columns; the fourth is none of the 302."""
FRAMES = 40


def traces(seed):
    return np.random.default_rng(seed).normal(size=(FRAMES, len(NAMES)))


def require_traces(recording, found, rows=slice(None)):
    """The traces are another reader's (time, column), joined by name."""
    assert set(recording.neurons) == set(KNOWN)
    for name, trace in zip(recording.neurons, recording.traces.T, strict=True):
        np.testing.assert_array_equal(trace[rows], found[:, KNOWN[name]])


@pytest.mark.parametrize("field", ["deltaFOverF_bc", "deltaFOverF", "traces"])
@pytest.mark.parametrize("names", ["NeuronNames", "IDs"])
@pytest.mark.parametrize("worms", [1, 3])
def test_matlab_beside_scipy(field, names, worms, tmp_path):
    pytest.importorskip("pymatreader")
    path = tmp_path / "w.mat"
    cells = np.array(NAMES, dtype=object)
    written = [{field: traces(k), names: cells, "fps": 2.5 + 0.01 * k, "dataset": f"worm {k}"} for k in range(worms)]
    scipy.io.savemat(path, {f"W{k}": worm for k, worm in enumerate(written)})
    others = scipy.io.loadmat(path, squeeze_me=True, struct_as_record=True)
    found = read_recordings([path])
    assert len(found) == worms
    for k, recording in enumerate(found):
        other = others[f"W{k}"]
        assert recording.name == str(other["dataset"].item())
        assert recording.fps == float(other["fps"].item())
        require_traces(recording, other[field].item())


@pytest.mark.parametrize("times", ["rate", "even", "gap"])
@pytest.mark.parametrize("region", [(0, 1, 2, 3, 4), (3, 1, 0, 4, 2)])
@pytest.mark.parametrize("column", ["neuron", "id_labels"])
def test_nwb_beside_pynwb(times, region, column, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path = tmp_path / "w.nwb"
    clock = np.arange(FRAMES) / 4
    clock[20:] += 5 if times == "gap" else 0
    write_nwb(path, region, column, {"rate": 4.0} if times == "rate" else {"timestamps": clock})
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        series = io.read().processing["ophys"]["DfOverF"]["dff"]
        names = [series.rois.table[column][row] for row in series.rois.data[:]]
        by_name = np.stack([series.data[:, names.index(name)] for name in NAMES], axis=1)
        stamps = clock if series.timestamps is None else series.timestamps[:]
    (recording,) = read_recordings([path])
    assert recording.fps == pytest.approx(4.0)
    rows = np.round((stamps - stamps[0]) * recording.fps).astype(int)
    require_traces(recording, by_name, rows)
    missing = np.setdiff1d(np.arange(len(recording.traces)), rows)
    assert len(missing) == (20 if times == "gap" else 0)
    assert np.isnan(recording.traces[missing]).all()


def write_nwb(path, region, column, timing):
    """Five neurons in a segmentation, and the traces of a region of it, in the order of the region."""
    import pynwb
    from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel

    content = pynwb.NWBFile("a worm", path.stem, datetime(2020, 1, 1, tzinfo=UTC))
    channel = OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0)
    device, where = content.create_device("microscope"), {"location": "head", "indicator": "GCaMP5"}
    plane = content.create_imaging_plane(
        name="plane", optical_channel=channel, description="head", device=device, excitation_lambda=488.0, **where
    )
    module, segmentation = content.create_processing_module("ophys", "traces"), ImageSegmentation()
    module.add(segmentation)
    table = segmentation.create_plane_segmentation("neurons", plane, name="neurons")
    for k in range(len(NAMES)):
        table.add_roi(pixel_mask=[(k, k, 1.0)])
    table.add_column(column, "the neuron", data=list(NAMES))
    dff = DfOverF()
    module.add(dff)
    rois = table.create_roi_table_region("some", region=list(region))
    dff.create_roi_response_series(name="dff", data=traces(0), rois=rois, unit="1", **timing)
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(content)


def test_scaled_numbers_of_nwb_are_those_of_pynwb(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path = tmp_path / "w.nwb"
    write_nwb(path, range(5), "neuron", {"rate": 4.0, "conversion": 0.01, "offset": -2.0})
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        found = io.read().processing["ophys"]["DfOverF"]["dff"].get_data_in_units()
    require_traces(read_recordings([path])[0], found)


@pytest.mark.parametrize("worms", [1, 2])
def test_npz_beside_numpy(worms, tmp_path):
    path = tmp_path / "w.npz"
    np.savez(path, neurons=NAMES, **{f"traces_{k}": traces(k) for k in range(1, worms + 1)},
             **{f"fps_{k}": 3.0 for k in range(1, worms + 1)})  # fmt: skip
    with np.load(path) as other:
        for k, recording in enumerate(read_recordings([path]), start=1):
            require_traces(recording, other[f"traces_{k}"])


def test_matlab_73_beside_h5py(tmp_path):
    pytest.importorskip("pymatreader")
    path = tmp_path / "w.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        worm = file.create_group("W")
        worm.attrs["MATLAB_class"] = np.bytes_("struct")
        for name, value in {"deltaFOverF": traces(0).T, "fps": np.array([[2.9]])}.items():
            worm[name] = value
            worm[name].attrs["MATLAB_class"] = np.bytes_("double")
        texts = []
        for k, name in enumerate(NAMES):
            file[f"#refs#/{k}"] = np.array([[ord(letter)] for letter in name], dtype=np.uint16)
            file[f"#refs#/{k}"].attrs["MATLAB_class"] = np.bytes_("char")
            texts.append([file[f"#refs#/{k}"].ref])
        worm["NeuronNames"] = np.array(texts, dtype=h5py.ref_dtype)
        worm["NeuronNames"].attrs["MATLAB_class"] = np.bytes_("cell")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    (recording,) = read_recordings([path])
    with h5py.File(path) as other:
        require_traces(recording, other["W/deltaFOverF"][:].T)
