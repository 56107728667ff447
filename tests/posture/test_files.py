"""Files of postures, each written here from its description, and the real ones where they are."""

import json
import zipfile

import h5py
import numpy as np
import pytest

from datasets.posture.formats.measures import in_millimetres, in_seconds
from datasets.posture.formats.raw import Reading
from datasets.posture.midlines import angles_of, midlines_of
from datasets.posture.recording import recordings_of
from datasets.posture.recordings import load_recordings, read_recordings
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError


def midlines(frames=90, points=49, seed=0):
    """A worm of 1 mm that crawls along x, in mm."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None] / 30
    angles = np.pi + 0.7 * np.cos(rng.uniform(0, 6) + 2 * np.pi * (0.4 * time + 1.3 * np.linspace(0, 1, points - 1)))
    return midlines_of(angles, centroid=np.stack([0.2 * time[:, 0] + seed, time[:, 0] * 0 + 2], axis=1))


def load(*paths, **settings):
    reading = Reading(**{key: settings.pop(key) for key in ("fps", "unit", "strain") if key in settings})
    return load_recordings(list(paths), reading, **{"shortest": 0.0, "fps": 30.0, **settings})


def require_same(recording, points, atol=1e-6):
    """Shape, heading, place and length are those of midlines in mm."""
    angles, mean = angles_of(points, recording.angles.shape[1])
    assert np.allclose(recording.angles, angles, atol=atol, equal_nan=True)
    assert np.allclose(np.cos(recording.mean_angle - mean), 1, atol=1e-6) or np.isnan(mean).any()
    here = np.isfinite(mean)
    assert np.allclose(recording.centroid[here], points[here].mean(axis=1), atol=2e-3)
    assert recording.length == pytest.approx(1.0, abs=0.02)


# --- Tierpsy Tracker


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
def test_tierpsy_skeletons(tmp_path, key, table, scale):
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


def test_tierpsy_that_does_not_know_its_rate_or_pixel(tmp_path):
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


def test_tierpsy_features(tmp_path):
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
def test_damaged_tierpsy_files_are_told(tmp_path, change, text):
    path = tmp_path / "w.hdf5"
    write_tierpsy(path, [midlines()], key="skeleton", table="trajectories_data", **UNITS)
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(InputError, match=text):
        load(path)


# --- Other HDF5, arrays and tables


def test_wormpose_and_amplitudes_by_group(tmp_path):
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


def test_arrays_of_midlines(tmp_path):
    np.save(tmp_path / "one.npy", midlines() * 1000)
    np.savez(tmp_path / "two.npz", a=midlines(), b=midlines(seed=1), fps=30.0)
    require_same(recordings_of(load(tmp_path / "one.npy", fps=30, unit=1e-3).dataset)[0], midlines())
    found = recordings_of(load(tmp_path / "two.npz", unit=1.0).dataset)
    assert [r.name for r in found] == ["a", "b"]
    require_same(found[1], midlines(seed=1))
    with pytest.raises(InputError, match=r"one.npy does not say its frame rate"):
        load(tmp_path / "one.npy")


def test_the_archives_table_of_one_amplitude(tmp_path):
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
def test_arrays_that_are_no_midlines_are_told(tmp_path, name, array, text):
    with (tmp_path / name).open("wb") as file:
        np.save(file, array)
    with pytest.raises(InputError, match=text):
        load(tmp_path / name, fps=10.0)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.h5", "a.tsv", "a.wcon", "a.zip"])
def test_files_that_are_something_else_are_told(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80 not such a file")
    with pytest.raises(InputError, match=name):
        load(tmp_path / name, fps=10.0)
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "none" / name)


# --- WCON


def wcon(points, *, rate=30.0, worm="1", **more):
    """One record of many times."""
    rounded = [[[round(v, 6) for v in row] for row in axis] for axis in np.moveaxis(points, 2, 0).tolist()]
    times = (np.arange(len(points)) / rate).tolist()
    return {"id": worm, "t": times, "x": rounded[0], "y": rounded[1], **more}


def write_wcon(path, data, units=None, **more):
    units = units or {"t": "s", **dict.fromkeys(("x", "y", "ox", "oy", "cx", "cy"), "mm")}
    path.write_text(json.dumps({"units": units, "data": data, **more}))
    return path


def test_wcon_of_several_worms_and_records(tmp_path):
    one, other = midlines(), midlines(seed=1)
    data = [wcon(one[:40], worm=7), wcon(other, worm="b")]
    data += [
        {**wcon(one[i : i + 1], worm=7), "t": i / 30} | {k: wcon(one[i : i + 1])[k][0] for k in "xy"}
        for i in range(50, 90)
    ]
    path = write_wcon(tmp_path / "plate.wcon", data, metadata={"strain": "ED3049"})
    found = recordings_of(load(path, strain="N2").dataset)
    assert [(r.name, r.strain) for r in found] == [("plate 7", "ED3049"), ("plate b", "ED3049")]
    one[40:50] = np.nan
    require_same(found[0], one, atol=1e-3)
    require_same(found[1], other, atol=1e-3)
    assert found[0].fps == pytest.approx(30.0)
    with zipfile.ZipFile(tmp_path / "plate.wcon.zip", "w") as archive:
        archive.write(path, "plate.wcon")
    np.testing.assert_array_equal(recordings_of(load(tmp_path / "plate.wcon.zip").dataset)[0].angles, found[0].angles)


def test_wcon_units_are_converted_each(tmp_path):
    points = midlines()
    units = {"t": "0.04*s", "x": "um", "y": "centimetres", "ox": "mm", "oy": "in"}
    record = wcon(points * [1000, 0.1], rate=1.0, ox=3.0, oy=[1.0] * 90)
    recording = recordings_of(load(write_wcon(tmp_path / "w.json", record, units)).dataset)[0]
    assert recording.fps == pytest.approx(25.0)
    require_same(recording, points + np.array([3.0, 25.4]), atol=2e-3)


@pytest.mark.parametrize(
    ("more", "shift"),
    [({"cx": 5.0, "cy": 6.0}, [0, 0]), ({"cx": 5.0, "cy": 6.0, "ox": 1.0, "oy": 2.0}, [1.0, 2.0]), ({}, [0, 0])],
)
def test_wcon_origins(tmp_path, more, shift):
    recording = recordings_of(load(write_wcon(tmp_path / "w.wcon", wcon(midlines(), **more))).dataset)[0]
    require_same(recording, midlines() + np.array(shift), atol=1e-3)


def test_wcon_parts_of_one_recording_are_one_worm(tmp_path):
    points = midlines()
    whole = wcon(points)
    for part, (first, last) in enumerate(((0, 40), (50, 90))):
        record = whole | {key: whole[key][first:last] for key in "txy"}
        links = {"current": f"_{part}", "prev": ["_0"] * part, "next": ["_1"] * (1 - part)}
        write_wcon(tmp_path / f"w_{part}.wcon", record, files=links)
    write_wcon(tmp_path / "other.wcon", wcon(midlines(seed=1)))
    points[40:50] = np.nan
    for order in ((0, 1), (1, 0)):
        found = recordings_of(load(tmp_path / "other.wcon", *(tmp_path / f"w_{k}.wcon" for k in order)).dataset)
        assert [each.name for each in found] == ["other 1", f"w_{order[0]} 1"]
        require_same(found[1], points, atol=1e-3)


def test_wcon_zip_with_the_entries_of_a_folder_and_of_a_mac(tmp_path):
    path = write_wcon(tmp_path / "w.wcon", wcon(midlines()))
    with zipfile.ZipFile(tmp_path / "w.wcon.zip", "w") as archive:
        archive.writestr("rec/", "")
        archive.write(path, "rec/w.wcon")
        archive.writestr("__MACOSX/rec/._w.wcon", "x")
    require_same(recordings_of(load(tmp_path / "w.wcon.zip").dataset)[0], midlines(), atol=1e-3)


def test_wcon_worm_of_one_frame_is_left_out_and_named(tmp_path):
    one = wcon(midlines(1), worm="brief") | {"t": 0.0}
    path = write_wcon(tmp_path / "w.wcon", [wcon(midlines()), one], metadata={"strain": None})
    imported = load(path, shortest=1.0)
    assert [trial.name for trial in imported.dataset] == ["w 1"]
    assert imported.left_out == ("w brief",)


def test_wcon_in_frames_and_pixels_takes_the_rate_and_the_unit_of_the_user(tmp_path):
    units = {"t": "frames", "x": "pixels", "y": "px"}
    path = write_wcon(tmp_path / "w.wcon", wcon(midlines() / 0.005, rate=1.0), units)
    recording = recordings_of(load(path, fps=30.0, unit=0.005).dataset)[0]
    require_same(recording, midlines(), atol=1e-3)
    assert recording.fps == pytest.approx(30.0)
    with pytest.raises(InputError, match=r"units.t: 'frames' is no unit of time: give the frame rate in Hz by --fps"):
        read_recordings([path], Reading(unit=0.005))
    with pytest.raises(InputError, match=r"units.x: 'pixels' is no unit of length: give the size of a pixel by --unit"):
        read_recordings([path], Reading(fps=30.0))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("files", "worms", "settings"),
    [
        (["wcon-zip/mac.wcon.zip"], 1, {}),
        (["wcon-zip/dir.wcon.zip"], 1, {}),
        (["wcon-zip/part_0.wcon", "wcon-zip/part_1.wcon"], 1, {}),
        (["wcon-tierpsy/tierpsy_one_frame.wcon"], 2, {}),
        (["wcon-tierpsy/strain_none.wcon"], 1, {}),
    ],
)
def test_wcon_files_that_failed(shared, files, worms, settings):
    reading = Reading(**settings)
    paths = [shared / "cases" / "behaviour" / file for file in files]
    assert len(load_recordings(paths, reading, shortest=1.0).dataset) == worms


@pytest.mark.shared
def test_wcon_centroid_leaves_the_midlines_of_the_plain_file(shared):
    folder = shared / "cases" / "behaviour" / "wcon-centroid"
    plain, other = (recordings_of(load(folder / f"{name}.wcon").dataset)[0] for name in ("plain", "centroid"))
    np.testing.assert_allclose(other.centroid, plain.centroid)


def test_wcon_gaps_heads_and_midlines_of_other_lengths(tmp_path):
    points = midlines()
    record = wcon(points)
    record["x"][3], record["y"][3] = None, None
    record["x"][4][7] = None
    record["x"][6], record["y"][6] = record["x"][6][::2], record["y"][6][::2]
    turned = wcon(points[:, ::-1], head="R", worm="turned")
    found = recordings_of(load(write_wcon(tmp_path / "w.wcon", [record, turned])).dataset)
    assert (~found[0].valid()).nonzero()[0].tolist() == [3, 4]
    assert np.allclose(found[0].angles[6], angles_of(points, 48)[0][6], atol=0.1)
    require_same(found[1], points, atol=1e-3)


def test_wcon_times_that_are_rounded_do_not_drift(tmp_path):
    record = wcon(midlines(3000), rate=29.97)
    record["t"] = [round(t, 2) for t in record["t"]]
    for key in "txy":
        del record[key][1000:1030]
    recording = recordings_of(load(write_wcon(tmp_path / "w.wcon", record)).dataset)[0]
    assert recording.fps == pytest.approx(29.97, rel=1e-3)
    assert (~recording.valid()).nonzero()[0].tolist() == list(range(1000, 1030))


def broken(**change):
    record = wcon(midlines(4))
    return {key: value for key, value in (record | change).items() if value is not ...}


LINES = [[0.0, 0.1, 0.2]] * 4


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([broken(), broken(id=...)], r"data\[1\].id is missing"),
        ([3], r"data\[0\] must be an object"),
        ([], "data is empty"),
        ([broken(id=None)], r"data\[0\].id must be text or a number"),
        ([broken(t=[0, 1, "2", 3])], r"data\[0\].t\[2\] must be a number, got '2'"),
        ([broken(t=[0, 1, None, 3])], r"data\[0\].t\[2\] must be a number, got null"),
        ([broken(t=[0, 1, 1, 3])], "worm '1' has two midlines at t = 1 s"),
        ([broken(x=LINES[:3])], r"data\[0\].x has 3 midlines and t 4 times"),
        ([broken(x=5.0)], r"data\[0\].x must be a list, as t is one"),
        ([broken(x=[*LINES[:3], "a"])], r"data\[0\].x\[3\] must be a list of numbers, got 'a'"),
        ([broken(x=[*LINES[:3], [0.0, True, 1.0]], y=LINES)], r"data\[0\].x\[3\]\[1\] must be a number, got True"),
        ([broken(y=[*LINES[:2], [0.0], LINES[0]], x=LINES)], r"data\[0\].x\[2\] has 3 points and data\[0\].y\[2\] 1"),
        ([broken(x=[1.0] * 4, y=[1.0] * 4)], r"1 point\(s\) a midline"),
        ([broken(ox=1.0)], r"data\[0\] has ox alone: ox and oy go together"),
        ([broken(ox=[1.0, 2.0], oy=0.0)], r"data\[0\].ox has 2 numbers for 4 times"),
        ([broken(head=["L", "L", "X", "R"])], r"data\[0\].head\[2\] must be L, R or \?, got 'X'"),
        (broken(t=1.0), r"data.x has 4 midlines|data.x\[0\]|a midline|data.x"),
    ],
)
def test_wcon_that_breaks_its_schema_says_where(tmp_path, data, text):
    with pytest.raises(InputError, match=text) as caught:
        load(write_wcon(tmp_path / "w.wcon", data))
    assert "w.wcon: " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{,}", "not JSON: .*line 1"),
        ("[]", "an object with units and data, got a list"),
        ('{"data": []}', "units is missing; it has data"),
        ('{"units": {"t": "s", "x": "mm"}, "data": []}', "units.y is missing"),
        ('{"units": {"t": "s", "x": "mm", "y": 3}, "data": []}', "units.y must be text such as mm, got a number"),
        ('{"units": {"t": "s", "x": "mm", "y": "px"}, "data": []}', "units.y: 'px' is no unit of length"),
        ('{"units": {"t": "mm", "x": "mm", "y": "mm"}, "data": []}', "units.t: 'mm' is no unit of time"),
        (
            '{"units": {"t": "s", "x": "mm", "y": "mm"}, "metadata": {"strain": 3}, "data": [%s]}',
            "metadata.strain must",
        ),
    ],
)
def test_wcon_without_its_frame_is_told(tmp_path, content, text):
    path = tmp_path / "w.wcon"
    path.write_text(content.replace("%s", json.dumps(wcon(midlines(4)))))
    with pytest.raises(InputError, match=text):
        load(path)


def test_units():
    assert [
        in_millimetres(u, "") for u in ("mm", "µm", "microns", "m", "in/72", "12*in", "kilometres")
    ] == pytest.approx([1, 1e-3, 1e-3, 1e3, 25.4 / 72, 304.8, 1e6])
    assert [in_seconds(u, "") for u in ("ms", "seconds", "0.04*s", "min", "7*day")] == pytest.approx(
        [1e-3, 1, 0.04, 60, 604800]
    )
    for wrong in ("", "mm^2", "1", "msecond", "pixels", "mm/s", "0*mm", "mm mm", "m^m"):
        with pytest.raises(InputError, match="no unit of length"):
            in_millimetres(wrong, "--unit")


# --- Many files


def test_names_strains_and_what_is_too_short(tmp_path):
    for strain in ("N2", "trp-4"):
        (tmp_path / strain).mkdir()
        np.savez(tmp_path / strain / "w.npz", worm=midlines(90), short=midlines(20), never=np.ones((9, 5, 2)))
    files = [tmp_path / strain / "w.npz" for strain in ("N2", "trp-4")]
    imported = load(*files, fps=30.0, strain="folder", shortest=1.0)
    assert imported.dataset.extra["strain"] == {"N2 worm": "N2", "trp-4 worm": "trp-4"}
    assert imported.left_out == ("N2 short", "N2 never", "trp-4 short", "trp-4 never")
    np.savez(tmp_path / "none.npz", a=np.full((9, 5, 2), np.nan), b=np.ones((9, 5, 2)))
    with pytest.raises(InputError, match="recording 'a': no frame has a midline: all 9 frames are NaN"):
        load(tmp_path / "none.npz", fps=30.0)
    with pytest.raises(InputError, match=r"no recording has 5 s without a gap \(the longest stretch is 3 s\)"):
        load(*files, fps=30.0, shortest=5.0)


def test_midlines_and_amplitudes_do_not_mix(tmp_path):
    np.save(tmp_path / "a.npy", midlines())
    np.savetxt(tmp_path / "w.tsv", np.column_stack([[1], np.ones((1, 30))]), delimiter="\t")
    with pytest.raises(InputError, match="'a' holds midlines and 'w 1' amplitudes: import them apart"):
        load(tmp_path / "a.npy", tmp_path / "w.tsv", fps=30.0)
    with pytest.raises(InputError, match="no file of recordings is named"):
        read_recordings([])


# --- The command


def test_the_command_imports_and_draws(wormtwin, tmp_path):
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
    assert (tmp_path / "w.png").stat().st_size > 10_000
    assert wormtwin("dataset", "plot", out, "--out", tmp_path / "t.svg", "--inputs", "mean_angle,angle_1")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--unit", "px"), "--unit: 'px' is no unit of length: give one such as mm, um or 5.2*um"),
        ((), "does not say its frame rate: give it in Hz by --fps"),
        (("--fps", -1), "frame rate must be > 0 Hz, got -1"),
        (("--fps", 30, "--to-fps", 0), "frame rate must be > 0 Hz, got 0"),
        (("--fps", 30, "--points", 2), "at least 3 points, got 2"),
        (("--fps", 30, "--shortest", 60), "allow less by --shortest"),
    ],
)
def test_wrong_options_are_one_line(wormtwin, tmp_path, arguments, text):
    np.save(tmp_path / "w.npy", midlines(60))
    status, _, err = wormtwin("posture", "import", tmp_path / "w.npy", "--out", tmp_path / "w.h5", *arguments)
    assert status == 2
    assert text in err.strip().splitlines()[-1]
    assert not (tmp_path / "w.h5").exists()


# --- Real files


@pytest.mark.shared
def test_real_files(shared):
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
