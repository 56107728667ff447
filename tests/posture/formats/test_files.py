"""Files of postures, each written here from its description, and the real ones where they are."""

import h5py
import numpy as np
import pytest

from datasets.posture.formats.measures import in_millimetres, in_seconds
from datasets.posture.recording import recordings_of
from datasets.posture.recordings import read_recordings
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError


def write_tierpsy(path, worms, *, key="coordinates/skeletons", table="timeseries_data", scale=1000.0, **attributes):
    """Rows of all worms frame by frame, as documented; frame 5 of each worm is not in the table."""
    rows = [(frame, worm) for frame in range(90) for worm in range(1, len(worms) + 1) if frame != 5]
    joined = table == "trajectories_data"
    names = ("worm_index_joined", "frame_number", "skeleton_id") if joined else ("worm_index", "timestamp", "length")
    data = np.zeros(len(rows) + joined, dtype=[(name, "<i4") for name in names])
    for index, (frame, worm) in enumerate(rows):
        data[index] = (worm, frame, index)
    if joined:
        data[-1] = (1, 5, -1)  # a frame that has no skeleton
    with h5py.File(path, "w") as file:
        file[table] = data
        file[key] = np.stack([worms[worm - 1][frame] * scale for frame, worm in rows])
        file[table].attrs.update(attributes)


UNITS = {"fps": 30.0, "microns_per_pixel": 10.0, "time_units": np.bytes_("seconds"), "xy_units": np.bytes_("microns")}


@pytest.mark.parametrize(
    ("key", "table", "scale"),
    [
        ("coordinates/skeletons", "timeseries_data", 1000.0),
        ("coordinates/skeletons", "features_timeseries", 1000.0),
        ("coordinates/skeletons", "trajectories_data", 1000.0),
        ("skeleton", "trajectories_data", 100.0),  # pixels of 10 um
    ],
)
def test_tierpsy_skeletons(load, midlines, require_same, tmp_path, key, table, scale):
    worms = [midlines(seed=0), midlines(seed=3)]
    worms[1][20:23] = np.nan
    path = tmp_path / "plate_featuresN.hdf5"
    write_tierpsy(path, worms, key=key, table=table, scale=scale, **UNITS)
    found = recordings_of(load(path, strain="CB4856").dataset)
    assert [r.name for r in found] == ["plate_featuresN worm 1", "plate_featuresN worm 2"]
    for recording, points in zip(found, worms, strict=True):
        points[5] = np.nan
        require_same(recording, points)
        assert recording.fps == pytest.approx(30.0)
        assert recording.strain == "CB4856"


def test_tierpsy_that_does_not_know_its_rate_or_pixel(load, midlines, tmp_path):
    path = tmp_path / "w.hdf5"
    unknown = {"expected_fps": 1, "microns_per_pixel": 1, "time_units": "frames", "xy_units": "pixels"}
    for attributes in (unknown, {"fps": 1.0, "microns_per_pixel": 1.0}, {}):
        write_tierpsy(path, [midlines()], key="skeleton", table="trajectories_data", **attributes)
        with pytest.raises(InputError, match=r"w.hdf5 does not say its frame rate: give it in Hz by --fps"):
            load(path)
        shape_only = recordings_of(load(path, fps=25.0).dataset)[0]
        assert shape_only.centroid is shape_only.length is None
        assert shape_only.fps == pytest.approx(25.0)
        placed = recordings_of(load(path, fps=25.0, unit=1e-3).dataset)[0]
        assert placed.length == pytest.approx(1.0, abs=0.02)


def test_tierpsy_features(load, tmp_path):
    path = tmp_path / "w.hdf5"
    names = ["worm_index", "frame_number", *(f"eigen_projection_{i}" for i in range(1, 7))]
    table = np.zeros(50, dtype=[(name, "<i4" if name[0] in "wf" else "<f4") for name in names])
    table["worm_index"] = 1
    table["frame_number"] = [*range(10, 50), *[-1] * 10]
    table["eigen_projection_2"] = np.arange(50)
    table["eigen_projection_2"][7] = np.nan
    with h5py.File(path, "w") as file:
        file["features_timeseries"] = table
    with pytest.raises(InputError, match="does not say its frame rate"):
        load(path)
    dataset = load(path, fps=30.0).dataset
    assert dataset.x_names == ("a1", "a2", "a3", "a4", "a5", "a6")
    trial = dataset.trials[0]
    assert (len(trial), (~trial.valid()).nonzero()[0].tolist()) == (40, [7])
    assert trial.x[39, 1] == 39


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda f: f.__delitem__("trajectories_data"), "no postures of a known kind"),
        (lambda f: f["trajectories_data"].__setitem__(0, (1, 0, 900)), "names a skeleton 900"),
        (lambda f: f["trajectories_data"].__setitem__(0, (1, 2_000_000_000, 0)), "2000000000 cannot be"),
        (lambda f: f["trajectories_data"].__setitem__(slice(None), (-1, 0, 0)), "no row of the table belongs"),
    ],
)
def test_damaged_tierpsy_files_are_reported(load, midlines, tmp_path, change, text):
    path = tmp_path / "w.hdf5"
    write_tierpsy(path, [midlines()], key="skeleton", table="trajectories_data", **UNITS)
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(InputError, match=text):
        load(path)


@pytest.mark.parametrize(
    ("row", "text"),
    [((2, 2_000_000_000, 0), "worm 2 has frames 0 to 2000000000"), ((2, 3, 0), "1 frames more than once"),
     ((2, 5, 900), "worm 2 names a skeleton 900, there are 178")],
)  # fmt: skip
def test_one_bad_worm_of_a_tierpsy_file_is_left_out_and_named(load, midlines, require_same, tmp_path, row, text):
    path, worms = tmp_path / "w.hdf5", [midlines(seed=0), midlines(seed=3)]
    write_tierpsy(path, worms, table="trajectories_data", **UNITS)
    with h5py.File(path, "a") as file:
        file["trajectories_data"][-1] = row
    found = load(path)
    worms[0][5] = np.nan
    require_same(recordings_of(found.dataset)[0], worms[0])
    assert [trial.name for trial in found.dataset] == ["w worm 1"]
    assert len(found.unread) == 1
    assert text in found.unread[0]
    assert found.dataset.extra["left_out"] == list(found.unread)


@pytest.mark.parametrize("features", [False, True])
def test_what_a_person_joined_and_labelled_in_tierpsy_goes_before_its_tracks(
    load, midlines, require_same, tmp_path, features
):
    """Frames 40 on of worm 1 were a track of their own, which the person joined; worm 2 is a cluster."""
    pd = pytest.importorskip("pandas")
    path, worms = tmp_path / "w.hdf5", [midlines(seed=0), midlines(seed=3)]
    write_tierpsy(path, worms, **UNITS)
    with h5py.File(path, "a") as file:
        track = file["timeseries_data"]["worm_index"]
        frame = file["timeseries_data"]["timestamp"]
        names = ("worm_index_joined", "worm_index_manual", "worm_label", "frame_number", "skeleton_id")
        table = np.zeros(len(track), dtype=[(name, "<i4") for name in names])
        table["worm_index_joined"] = np.where((track == 1) & (frame >= 40), 3, track)
        table["worm_index_manual"], table["worm_label"] = track, np.where(track == 1, 1, 2)
        table["frame_number"], table["skeleton_id"] = frame, np.arange(len(track))
        attributes = dict(file["timeseries_data"].attrs)
        del file["timeseries_data"]
        extra = [f"eigen_projection_{i}" for i in range(1, 8)] if features else []
        columns = ["worm_index", "timestamp", *extra]
        rows = np.zeros(len(track), dtype=[(name, "<f4" if "eigen" in name else "<i4") for name in columns])
        rows["worm_index"], rows["timestamp"] = table["worm_index_joined"], frame
        if features:
            del file["coordinates"]
            rows["eigen_projection_1"] = frame
        file["timeseries_data"], file["trajectories_data"] = rows, table
        file["timeseries_data"].attrs.update(attributes)
    found = load(path)
    assert [trial.name for trial in found.dataset] == ["w worm 1"]
    assert "89 skeletons that a person did not label as a single worm" in found.unread[0]
    frames = pd.DataFrame(table).query("worm_label == 1 and worm_index_manual == 1")["frame_number"].tolist()
    trial = found.dataset.trials[0]
    assert np.flatnonzero(trial.valid()).tolist() == frames
    if features:
        assert trial.x[frames, 0].tolist() == frames
    else:
        worms[0][5] = np.nan
        require_same(recordings_of(found.dataset)[0], worms[0])


def test_one_bad_part_of_other_posture_files_is_left_out_and_named(load, midlines, tmp_path):
    groups, arrays, table = tmp_path / "groups.h5", tmp_path / "worms.npz", tmp_path / "worms.tsv"
    with h5py.File(groups, "w") as file:
        for name in ("1", "2"):
            file[f"{name}/tseries"] = np.full((20, 4), float(name))
            file[f"{name}/frameRate"] = [16.0 if name == "1" else -1.0]
    np.savez(arrays, good=midlines(), bad=np.zeros(3), empty=np.full((4, 49, 2), np.nan), fps=30.0)
    table.write_text("1\t0.5\t0.25\t1\nx\t1\t2\t3\n2\t0.5\t1\t1\n")
    for path, kept, faults in (
        (groups, ["worm 1"], ["frame rate must be > 0 Hz, got -1"]),
        (arrays, ["good"], ["'bad' must be midlines", "recording 'empty'"]),
        (table, ["worms 1", "worms 3"], ["row 2: not numbers"]),
    ):
        found = load(path)
        assert [trial.name for trial in found.dataset] == kept
        assert len(found.unread) == len(faults)
        assert all(fault in line for fault, line in zip(faults, found.unread, strict=True))
        assert found.left_out == ()


def test_wormpose_and_amplitudes_by_group(load, midlines, tmp_path):
    worm, groups = tmp_path / "worm.h5", tmp_path / "groups.h5"
    with h5py.File(worm, "w") as file:
        file["skeletons"] = midlines() * 200
    with pytest.raises(InputError, match=r"worm.h5 does not say its frame rate"):
        load(worm)
    assert recordings_of(load(worm, fps=15.0, unit=0.005).dataset)[0].length == pytest.approx(1.0, abs=0.02)
    with h5py.File(groups, "w") as file:
        for name in ("10", "2"):
            file[f"{name}/tseries"] = np.full((20, 4), float(name))
            file[f"{name}/frameRate"] = [16.0]
    dataset = load(groups).dataset
    assert [trial.name for trial in dataset] == ["worm 2", "worm 10"]
    assert dataset.dt == pytest.approx(62.5)


def test_arrays_of_midlines(load, midlines, require_same, tmp_path):
    np.save(tmp_path / "one.npy", midlines() * 1000)
    np.savez(tmp_path / "two.npz", a=midlines(), b=midlines(seed=1), fps=30.0)
    require_same(recordings_of(load(tmp_path / "one.npy", fps=30, unit=1e-3).dataset)[0], midlines())
    found = recordings_of(load(tmp_path / "two.npz", unit=1.0).dataset)
    assert [r.name for r in found] == ["a", "b"]
    require_same(found[1], midlines(seed=1))
    with pytest.raises(InputError, match=r"one.npy does not say its frame rate"):
        load(tmp_path / "one.npy")


def test_the_archives_table_of_one_amplitude(load, tmp_path):
    rows = np.column_stack([[1, 5, 3], np.arange(30.0).reshape(3, 10)])
    np.savetxt(tmp_path / "w.tsv", rows, delimiter="\t")
    dataset = load(tmp_path / "w.tsv").dataset
    assert list(dataset.extra["strain"].values()) == ["N2", "unc-63", "unc-1"]
    assert dataset.dt == 1000.0
    np.testing.assert_array_equal(dataset.trials[2].x[:, 0], np.arange(20, 30))


@pytest.mark.parametrize(
    ("name", "array", "text"),
    [
        (
            "a.npy",
            np.ones((5, 9)),
            r"'a' must be midlines, numbers \(frame, at least 3 points, 2\), got 5x9 of float64",
        ),
        ("a.npy", np.array([["x"]]), "must be midlines"),
        ("a.npy", np.full((5, 9, 2), np.nan), "recording 'a': no frame has a midline: all 5 frames are NaN"),
        ("a.npy", np.ones((5, 9, 2)), "5 of 5 have the same point twice in a row"),
        ("a.csv", np.ones((5, 9, 2)), r"files of postures end in .h5, .hdf5"),
    ],
)
def test_arrays_that_are_no_midlines_are_reported(load, tmp_path, name, array, text):
    with (tmp_path / name).open("wb") as file:
        np.save(file, array)
    with pytest.raises(InputError, match=text):
        load(tmp_path / name, fps=10.0)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.h5", "a.tsv", "a.wcon", "a.zip"])
def test_files_that_are_something_else_are_reported(load, tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80 not such a file")
    with pytest.raises(InputError, match=name):
        load(tmp_path / name, fps=10.0)
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "none" / name)


def test_units():
    assert [
        in_millimetres(u, "") for u in ("mm", "µm", "microns", "m", "in/72", "12*in", "kilometres")
    ] == pytest.approx([1, 1e-3, 1e-3, 1e3, 25.4 / 72, 304.8, 1e6])
    assert [in_seconds(u, "") for u in ("ms", "seconds", "0.04*s", "min", "7*day")] == pytest.approx(
        [1e-3, 1, 0.04, 60, 604800]
    )
    same = ("msec", "secs", "Seconds", "hr", "hrs", "mins", "usec", "MICROSECONDS")  # beside Tracker Commons
    assert [in_seconds(u, "") for u in same] == pytest.approx([1e-3, 1, 1, 3600, 3600, 60, 1e-6, 1e-6])
    for wrong in ("S", "msecond", "millis", "secss"):
        with pytest.raises(InputError, match="no unit of time"):
            in_seconds(wrong, "units.t")
    for wrong in ("", "mm^2", "1", "msecond", "pixels", "mm/s", "0*mm", "mm mm", "m^m"):
        with pytest.raises(InputError, match="no unit of length"):
            in_millimetres(wrong, "--unit")


def test_names_strains_and_what_is_too_short(load, midlines, tmp_path):
    for strain in ("N2", "trp-4"):
        (tmp_path / strain).mkdir()
        np.savez(tmp_path / strain / "w.npz", worm=midlines(90), short=midlines(20), never=np.ones((9, 5, 2)))
    files = [tmp_path / strain / "w.npz" for strain in ("N2", "trp-4")]
    imported = load(*files, fps=30.0, strain="folder", shortest=1.0)
    assert imported.dataset.extra["strain"] == {"N2 worm": "N2", "trp-4 worm": "trp-4"}
    assert imported.left_out == ("N2 short", "trp-4 short")
    assert ["never" in line for line in imported.unread] == [True, True]
    np.savez(tmp_path / "none.npz", a=np.full((9, 5, 2), np.nan), b=np.ones((9, 5, 2)))
    with pytest.raises(InputError, match="recording 'a': no frame has a midline: all 9 frames are NaN"):
        load(tmp_path / "none.npz", fps=30.0)
    with pytest.raises(InputError, match=r"no recording has 5 s without a gap \(the longest stretch is 3 s\)"):
        load(*files, fps=30.0, shortest=5.0)


def test_midlines_and_amplitudes_do_not_mix(load, midlines, tmp_path):
    np.save(tmp_path / "a.npy", midlines())
    np.savetxt(tmp_path / "w.tsv", np.column_stack([[1], np.ones((1, 30))]), delimiter="\t")
    with pytest.raises(InputError, match="'a' holds midlines and 'w 1' amplitudes: import them apart"):
        load(tmp_path / "a.npy", tmp_path / "w.tsv", fps=30.0)
    with pytest.raises(InputError, match="no file of postures is named"):
        read_recordings([])


def test_the_command_imports_and_draws(midlines, wormtwin, tmp_path, saved_figures):
    points = midlines(300)
    points[100:110] = points[100:110, ::-1]
    np.save(tmp_path / "w.npy", points * 1000)
    out = tmp_path / "w.h5"
    arguments = ("--fps", 30, "--unit", "um", "--strain", "N2", "--shortest", 1)
    status, text, err = wormtwin("posture", "import", tmp_path / "w.npy", "--out", out, *arguments)
    assert status == 0, err
    assert "10 of 300 frames mended: 100-109" in text
    assert load_dataset(out).extra["swaps"] == {"w": [[100, 110]]}
    assert "1 recording of angles at 10 Hz" in text
    assert wormtwin("dataset", "plot", out, "--out", tmp_path / "w.png")[0] == 0
    (image,) = saved_figures["w.png"].axes[0].images
    angles = load_dataset(out).trials[0].x[:, :48]
    np.testing.assert_allclose(image.get_array(), 48 * np.diff(angles, axis=1).T, atol=1e-4)
    assert wormtwin("dataset", "plot", out, "--out", tmp_path / "t.svg", "--inputs", "mean_angle,angle_1")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--unit", "px"), "--unit: 'px' is no unit of length: give one such as mm, um or 5.2*um"),
        ((), "does not say its frame rate: give it in Hz by --fps"),
        (("--fps", -1), "frame rate must be > 0 Hz, got -1"),
        (("--fps", 30, "--to-fps", 0), "frame rate must be > 0 Hz, got 0"),
        (("--fps", 30, "--points", 2), "3 to 10001 points, got 2"),
        (("--fps", 30, "--shortest", 60), "allow less by --shortest"),
    ],
)
def test_wrong_options_are_one_line(midlines, wormtwin, tmp_path, arguments, text):
    np.save(tmp_path / "w.npy", midlines(60))
    status, _, err = wormtwin("posture", "import", tmp_path / "w.npy", "--out", tmp_path / "w.h5", *arguments)
    assert status == 2
    assert text in err.strip().splitlines()[-1]
    assert not (tmp_path / "w.h5").exists()


@pytest.mark.shared
def test_real_files(load, shared):
    folder = shared / "data" / "posture"
    tierpsy = load(folder / "tierpsy_features_one_worm.hdf5", fps=30.0).dataset
    assert (len(tierpsy.trials[0]), int(tierpsy.trials[0].valid().sum())) == (22_077, 19_688)  # `n_valid_skel` inside
    wormpose = load(folder / "wormpose_skeletons.h5")
    recording = recordings_of(wormpose.dataset)[0]
    assert (recording.fps, recording.centroid) == (pytest.approx(15.0), None)
    assert (~recording.valid()).sum() == 280
    escapes = load(folder / "llsa_escape_12worms.h5").dataset
    assert (len(escapes), escapes.dt, len(escapes.x_names)) == (12, 100.0, 4)
    worms = load(folder / "Worms_TRAIN.tsv").dataset
    strains = list(worms.extra["strain"].values())
    assert [strains.count(name) for name in ("N2", "goa-1", "unc-1", "unc-38", "unc-63")] == [76, 31, 25, 32, 17]
