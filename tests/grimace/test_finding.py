"""Faces found in pictures and videos before they are scored: none, one, two, turned, deep, tiny, by hand."""

import csv

import numpy as np
import pytest
from PIL import Image

from datasets.grimace.generator.sample import SampleSettings, make_sample
from datasets.grimace.generator.scene import SceneSettings, make_scene
from datasets.grimace.units import OUTPUTS
from datasets.store import save_dataset
from neuron_models.foundation.movies import save_movie
from surrogates.grimace.finder.finding import FoundFace, find_faces, only_face
from surrogates.grimace.finder.network import GRID, targets_of

WIDE = SceneSettings(width=320, height=240, smallest=0.45, largest=0.6, bars=0, behind=0, grey=0)
PHOTOGRAPHS = (
    "astronaut",
    "brick",
    "camera",
    "chelsea",
    "coffee",
    "coins",
    "grass",
    "gravel",
    "horse",
    "moon",
    "rocket",
)


def seen(scene):
    return np.moveaxis(scene.image, 0, -1)


def overlap(a, b):
    shared = np.prod([max(0.0, min(a[k] + a[k + 2], b[k] + b[k + 2]) - max(a[k], b[k])) for k in (0, 1)])
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    """A folder with a model, hardly trained, and pictures with no face, one and two."""
    from run_experiments import run

    folder = tmp_path_factory.mktemp("finding")
    data = save_dataset(make_sample(SampleSettings(animals=4, images=4, size=32)), folder / "faces.h5")
    assert run(f"train --data {data} --model grimace_small --epochs 1 --out {folder / 'run'}".split()) == 0
    for number, name in enumerate(("none", "one", "two")):
        Image.fromarray(clear(number)).save(folder / f"{name}.png")
    return folder


def clear(number):
    """The first picture of so many faces about which the finder is right."""
    scenes = (make_scene(number, WIDE, np.random.default_rng((2, k))) for k in range(40))
    for picture in (seen(scene) for scene in scenes if len(scene.boxes) == number):
        found = find_faces([picture])[0]
        if len(found) == number and all(face.sure > 0.9 for face in found):
            return picture
    pytest.fail(f"no picture of {number} faces is counted right")


@pytest.fixture
def score(scorer, wormtwin, tmp_path):
    def call(*given):
        out = tmp_path / "s.csv"
        status, text, error = wormtwin(
            "grimace", "score", *given, "--model", scorer / "run" / "model.keras", "--out", out
        )
        return status, text, error, list(csv.DictReader(out.open())) if out.is_file() else []

    return call


def test_faces_are_found_where_they_were_drawn():
    scenes = [make_scene(k % 3, WIDE, np.random.default_rng((8, k))) for k in range(24)]
    found = find_faces([seen(scene) for scene in scenes])
    right = [
        len(own) == len(scene.boxes) and all(max(overlap(face.box, box) for face in own) > 0.5 for box in scene.boxes)
        for scene, own in zip(scenes, found, strict=True)
    ]
    assert np.mean(right) >= 0.75
    ones = [(scene, own) for scene, own in zip(scenes, found, strict=True) if len(scene.boxes) == 1]
    for scene, own in ones:
        if len(own) == 1:
            assert overlap(own[0].box, scene.boxes[0]) > 0.6


def test_photographs_without_mice_have_no_face():
    from skimage import data

    pictures = [np.asarray(getattr(data, name)()) for name in PHOTOGRAPHS]
    pictures = [
        np.repeat(each.astype(np.uint8)[..., None], 3, axis=-1) if each.ndim == 2 else each[..., :3]
        for each in (255 * each if each.dtype == bool else each for each in pictures)
    ]
    found = dict(zip(PHOTOGRAPHS, find_faces(pictures), strict=True))
    assert {name: [face.sure for face in own] for name, own in found.items() if only_face(own)[0] is not None} == {}


def test_targets_mark_the_middle_of_a_face():
    fields = targets_of(np.array([[16.0, 48.0, 32.0, 32.0]]))
    assert np.argwhere(fields[..., 0] == 1).tolist() == [[4, 2]] or np.argwhere(fields[..., 0] == 1).tolist() == [
        [3, 1]
    ]
    assert (fields[..., 0] == 0).sum() >= GRID * GRID - 9
    row, column = np.argwhere(fields[..., 0] == 1)[0]
    _, _, right, down, large = fields[row, column]
    assert ((column + 0.5 + right) * 16, (row + 0.5 + down) * 16) == (32, 64)
    assert 48 * np.exp(large) == pytest.approx(32)


def test_no_face_or_two_are_told_and_left_out(scorer, score, refused):
    none, one, two = (scorer / f"{name}.png" for name in ("none", "one", "two"))
    refused(score(none)[:3], "none.png: no face is found in it; give its place by --box")
    refused(score(two)[:3], "two.png: 2 faces are found in it, and one must be")
    status, text, _, rows = score(none, one, two)
    assert status == 0
    assert [row["image"] for row in rows] == ["one.png"]
    assert text.count("Left out: ") == 2
    status, _, _, rows = score(two, "--box", "middle")
    assert (status, len(rows)) == (0, 1)
    refused(score(two, "--box", "0,0,400,100")[:3], "is not in the picture of 320 x 240")
    refused(score(two, "--box", "0,0,40,40")[:3], "too small: 48 are needed")


def test_turned_deep_and_tiny_pictures(scorer, score, tmp_path, refused):
    def shares(path, *place):
        status, _, error, rows = score(path, "--confidence", 0, *place)
        assert status == 0, error
        return [float(rows[0][f"{name}_confidence"]) for name in OUTPUTS]

    picture = Image.open(scorer / "one.png")
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned.save(tmp_path / "t.png", exif=exif)
    assert shares(tmp_path / "t.png") == shares(scorer / "one.png")
    grey = np.asarray(picture.convert("L")).astype(np.uint16)
    Image.fromarray((256 * grey).astype(np.uint16)).save(tmp_path / "deep.png")
    picture.convert("L").save(tmp_path / "grey.png")
    assert shares(tmp_path / "deep.png", "--box", "middle") == shares(tmp_path / "grey.png", "--box", "middle")
    picture.resize((96, 72)).save(tmp_path / "small.png")
    refused(score(tmp_path / "small.png")[:3], "small.png: ")
    assert only_face([FoundFace((0.0, 0.0, 40.0, 40.0), 0.95)]) == (None, "its face is 40 px wide: 48 are needed")
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    refused(score(tmp_path / "dot.png")[:3], "no face is found in it")


def test_windows_of_a_video_are_scored_by_their_best_frames(scorer, score, tmp_path, refused):
    one, none = (np.asarray(Image.open(scorer / f"{name}.png")) for name in ("one", "none"))
    save_movie(np.stack([one] * 4 + [none] * 8), tmp_path / "v.mp4", 4.0)
    status, text, _, rows = score(tmp_path / "v.mp4", "--window", 1, "--best", 3, "--confidence", 0)
    assert status == 0
    assert [(row["time"], row["frames"]) for row in rows] == [("0.000", "3"), ("1.000", "0"), ("2.000", "0")]
    assert rows[0]["pain"] in ("0", "1")
    assert [rows[1][name] for name in (*OUTPUTS, "pain_confidence")] == [""] * 7
    assert "Left out: v.mp4, 1 s on: of 4 frames 4 show no face and 0 more than one" in text
    assert "1 face in" in text
    save_movie(np.stack([none] * 4), tmp_path / "n.mp4", 4.0)
    refused(score(tmp_path / "n.mp4")[:3], "no frame shows one face; give its place by --box")
