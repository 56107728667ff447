"""Midlines from files of the Worm tracker Commons Object Notation."""

import json
import zipfile

import numpy as np
import pytest

from datasets.posture.formats.raw import Reading
from datasets.posture.midlines import angles_of
from datasets.posture.recording import recordings_of
from datasets.posture.recordings import load_recordings, read_recordings
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError


def wcon(points, *, rate=30.0, worm="1", **more):
    """One record of many times."""
    rounded = [[[round(v, 6) for v in row] for row in axis] for axis in np.moveaxis(points, 2, 0).tolist()]
    times = (np.arange(len(points)) / rate).tolist()
    return {"id": worm, "t": times, "x": rounded[0], "y": rounded[1], **more}


def write_wcon(path, data, units=None, **more):
    units = units or {"t": "s", **dict.fromkeys(("x", "y", "ox", "oy", "cx", "cy"), "mm")}
    path.write_text(json.dumps({"units": units, "data": data, **more}))
    return path


def test_wcon_of_several_worms_and_records(load, midlines, require_same, tmp_path):
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


def test_wcon_units_are_converted_each(load, midlines, require_same, tmp_path):
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
def test_wcon_origins(load, midlines, require_same, tmp_path, more, shift):
    recording = recordings_of(load(write_wcon(tmp_path / "w.wcon", wcon(midlines(), **more))).dataset)[0]
    require_same(recording, midlines() + np.array(shift), atol=1e-3)


def test_wcon_parts_of_one_recording_are_one_worm(load, midlines, require_same, tmp_path):
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


def test_wcon_zip_with_the_entries_of_a_folder_and_of_a_mac(load, midlines, require_same, tmp_path):
    path = write_wcon(tmp_path / "w.wcon", wcon(midlines()))
    with zipfile.ZipFile(tmp_path / "w.wcon.zip", "w") as archive:
        archive.writestr("rec/", "")
        archive.write(path, "rec/w.wcon")
        for name in ("__MACOSX/rec/._w.wcon", "rec/.DS_Store", "desktop.ini"):
            archive.writestr(name, "x")
    require_same(recordings_of(load(tmp_path / "w.wcon.zip").dataset)[0], midlines(), atol=1e-3)


def test_wcon_of_python_and_of_editors(load, midlines, tmp_path):
    """NaN for null, as json.dumps writes it, and a byte order mark."""
    points = midlines()
    points[4] = np.nan
    content = {"units": {"t": "s", "x": "mm", "y": "mm"}, "data": wcon(points)}
    (tmp_path / "w.wcon").write_text(json.dumps(content), encoding="utf-8-sig")
    (found,) = read_recordings([tmp_path / "w.wcon"])
    np.testing.assert_allclose(found.midlines, points, atol=1e-5)
    content["data"]["t"][1] = float("inf")
    (tmp_path / "w.wcon").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"data.t\[1\] must be a number, got an infinite one"):
        load(tmp_path / "w.wcon")


def test_wcon_worm_of_one_frame_is_left_out_and_named(load, midlines, tmp_path):
    one = wcon(midlines(1), worm="brief") | {"t": 0.0}
    path = write_wcon(tmp_path / "w.wcon", [wcon(midlines()), one], metadata={"strain": None})
    imported = load(path, shortest=1.0)
    assert [trial.name for trial in imported.dataset] == ["w 1"]
    assert imported.left_out == ("w brief",)


def test_wcon_in_frames_and_pixels_takes_the_rate_and_the_unit_of_the_user(load, midlines, require_same, tmp_path):
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
        (["wcon-tierpsy/tierpsy_units.wcon"], 1, {"fps": 25.0, "unit": 0.01}),
    ],
)
def test_wcon_files_that_failed(shared, files, worms, settings):
    reading = Reading(**settings)
    paths = [shared / "cases" / "behaviour" / file for file in files]
    assert len(load_recordings(paths, reading, shortest=1.0).dataset) == worms


@pytest.mark.shared
def test_wcon_centroid_leaves_the_midlines_of_the_plain_file(load, shared):
    folder = shared / "cases" / "behaviour" / "wcon-centroid"
    plain, other = (recordings_of(load(folder / f"{name}.wcon").dataset)[0] for name in ("plain", "centroid"))
    np.testing.assert_allclose(other.centroid, plain.centroid)


def test_wcon_times_in_parts_of_frames_are_a_row_a_frame(midlines, tmp_path):
    """Tierpsy writes seconds under the unit "frames"."""
    points, units = midlines(), {"t": "frames", "x": "pixels", "y": "pixels"}
    path = write_wcon(tmp_path / "w.wcon", wcon(points, rate=25.0), units)
    (found,) = read_recordings([path], Reading(fps=25.0, unit=0.01))
    assert found.midlines.shape == points.shape
    np.testing.assert_allclose(found.midlines, points * 0.01, atol=1e-7)
    every_second = wcon(points, rate=0.5)  # t = 0, 2, 4 ... frames
    (found,) = read_recordings([write_wcon(path, every_second, units)], Reading(fps=25.0, unit=0.01))
    assert len(found.midlines) == 2 * len(points) - 1


def test_one_bad_part_never_refuses_the_whole(midlines, wormtwin, tmp_path):
    good, other = wcon(midlines(), worm="good"), wcon(midlines(seed=1), worm="other")
    data = [good, broken(x=5.0, id="bad"), other, broken(t=[0, 1, 1, 3], id="twice")]
    path, damaged = write_wcon(tmp_path / "w.wcon", data), tmp_path / "damaged.wcon"
    damaged.write_text("{,}")
    out = tmp_path / "w.h5"
    status, text, _ = wormtwin("posture", "import", path, damaged, "--out", out, "--shortest", 1)
    assert status == 0
    lines = [line for line in text.splitlines() if line.startswith("left out: ")]
    assert [any(word in line for line in lines) for word in ("data[1].x", "worm 'twice'", "damaged.wcon")] == [True] * 3
    dataset = load_dataset(out)
    assert [trial.name for trial in dataset] == ["w good", "w other"]
    assert len(dataset.extra["left_out"]) == 3
    with pytest.warns(UserWarning, match="left out: ") as warned:
        assert len(read_recordings([path])) == 2
    assert len(warned) == 2
    with pytest.raises(InputError, match="there is no such file"):
        read_recordings([path, tmp_path / "nothing.wcon"])


def test_wcon_gaps_heads_and_midlines_of_other_lengths(load, midlines, require_same, tmp_path):
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


def test_wcon_times_that_are_rounded_do_not_drift(load, midlines, tmp_path):
    record = wcon(midlines(3000), rate=29.97)
    record["t"] = [round(t, 2) for t in record["t"]]
    for key in "txy":
        del record[key][1000:1030]
    recording = recordings_of(load(write_wcon(tmp_path / "w.wcon", record)).dataset)[0]
    assert recording.fps == pytest.approx(29.97, rel=1e-3)
    assert (~recording.valid()).nonzero()[0].tolist() == list(range(1000, 1030))


def broken(**change):
    record = wcon(np.arange(24.0).reshape(4, 3, 2) / 100)
    return {key: value for key, value in (record | change).items() if value is not ...}


LINES = [[0.0, 0.1, 0.2]] * 4


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([broken(id=...), broken(id=...)], r"data\[0\].id is missing"),
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
def test_wcon_that_breaks_its_schema_says_where(load, tmp_path, data, text):
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
def test_wcon_without_its_frame_is_reported(load, midlines, tmp_path, content, text):
    path = tmp_path / "w.wcon"
    path.write_text(content.replace("%s", json.dumps(wcon(midlines(4)))))
    with pytest.raises(InputError, match=text):
        load(path)
