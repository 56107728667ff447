"""Generated faces, scored photographs in and out, and the agreement of raters."""

import numpy as np
import pytest
from PIL import Image

from datasets.grimace.agreement import agreement, intraclass_correlation, weighted_kappa
from datasets.grimace.generator.drawing import draw_face
from datasets.grimace.generator.face import View, draw_individual
from datasets.grimace.generator.sample import SampleSettings, make_sample, write_sample
from datasets.grimace.pictures import read_face
from datasets.grimace.scored import names_of, ratings_of, scores_of
from datasets.grimace.units import NOT_ESTABLISHED, OUTPUTS, UNITS
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError

HEAD = ",".join(("image", "animal", "rater", *UNITS))


@pytest.mark.parametrize("coat", ["white", "black"])
@pytest.mark.parametrize("unit", range(5))
def test_every_unit_changes_its_part_of_the_face(coat, unit):
    mouse, values = draw_individual("m", coat, np.random.default_rng(0)), np.zeros(5)
    calm = draw_face(mouse, values, View(), 64).astype(float)
    values[unit] = 2
    changed = np.abs(draw_face(mouse, values, View(), 64) - calm).sum(axis=0)
    rows = np.flatnonzero(changed.sum(axis=1) > 0)
    assert changed.sum() > 500
    down = np.average(np.arange(64), weights=changed.sum(axis=1))
    assert len(rows) < 64
    lowest, highest = {0: (22, 40), 1: (34, 52), 2: (34, 52), 3: (4, 26), 4: (36, 60)}[unit]
    assert lowest < down < highest


def test_the_same_seed_is_the_same_faces_and_raters_slip_as_often_as_said():
    settings = SampleSettings(animals=4, images=30, size=32, raters=2, slips=0.2, seed=3)
    first, again = make_sample(settings), make_sample(settings)
    assert all(np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y) for a, b in zip(first, again, strict=True))
    off = [np.mean(said != scores_of(t)) for t in first for said in ratings_of(first, t).values()]
    assert np.mean(off) == pytest.approx(0.2, abs=0.03)
    assert {trial.group for trial in first} == {trial.name for trial in first}
    assert np.concatenate([scores_of(t)[:, -1] for t in first]).mean() == 0.5


def test_what_is_written_is_read_again(tmp_path, wormtwin):
    sample = make_sample(SampleSettings(animals=2, images=3, size=64, raters=3, seed=1))
    write_sample(sample, tmp_path / "faces")
    command = ("grimace", "import", tmp_path / "faces", "--scores", tmp_path / "faces" / "truth.csv", "--size", 64)
    status, out, err = wormtwin(*command, "--out", tmp_path / "g.h5")
    assert status == 0, err
    assert NOT_ESTABLISHED in out.replace("\n", " ")
    again = load_dataset(tmp_path / "g.h5")
    for mine, its in zip(sample, again, strict=True):
        np.testing.assert_array_equal(np.asarray(its.x), mine.x)
        np.testing.assert_array_equal(scores_of(its), scores_of(mine))
        assert names_of(again, its) == names_of(sample, mine)
    status, out, _ = wormtwin("grimace", "agree", tmp_path / "faces" / "scores.csv")
    assert status == 0
    assert "orbital_tightening" in out


def test_photographs_are_seen_as_they_are_meant(tmp_path):
    wide = np.zeros((60, 80, 3), np.uint8)
    wide[:, :40] = 200
    turned = Image.fromarray(wide)
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned.save(tmp_path / "t.jpg", exif=exif, quality=95)
    face = read_face(tmp_path / "t.jpg", 64)
    assert face[:, :20].mean() > 190
    assert face[:, -20:].mean() < 10
    deep = (np.arange(64 * 64, dtype=np.uint16) * 16).reshape(64, 64)
    Image.fromarray(deep).save(tmp_path / "d.png")
    np.testing.assert_array_equal(read_face(tmp_path / "d.png", 64)[0], deep // 256)
    box = read_face(tmp_path / "d.png", 32, (8, 8, 48, 48))
    assert box.shape == (3, 32, 32)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("image,animal\na.png,m\n", "there are no scores"),
        ("image,pain\na.png,1\n", "there is no column animal"),
        ("image,animal,pain\na.png,m,2\n", r"line 2: pain must be 0 to 1, got '2'"),
        (f"{HEAD}\na.png,m,r,0,1,3,0,0\n", "cheek_bulge must be 0 to 2, got '3'"),
        (f"{HEAD}\na.png,m,r,0,1,1.5,0,0\n", "cheek_bulge must be 0 to 2"),
        (f"{HEAD},x\na.png,m,r,,,,,,1\n", "no score in its line"),
        (f"{HEAD}\na.png,m,r,0,1,1,0,0\na.png,m,r,0,1,1,0,0\n", "one rater scored an image twice"),
        (f"{HEAD}\na.png,m,r,0,1,1,0,0\na.png,n,s,0,1,1,0,0\n", "an image of two animals"),
        ("image,animal,orbital_tightening\na.png,m,1\n", "the unit nose_bulge, cheek_bulge"),
        ("image,animal,pain\n../a.png,m,1\n", "a photograph outside of"),
        ("image,animal,pain\nb.png,m,1\n", "there is no such picture"),
        ("image,animal,pain\nn.png,m,1\n", "no picture can be read"),
        ("image,animal,pain\nt.png,m,1\n", "too small: 48 are needed"),
        ("image,animal,pain,left,top,width,height\na.png,m,1,0,0,900,60\n", "is not in the picture of 64 x 64"),
        ("image,animal,pain\n,m,1\n", "without a name"),
        ("image,animal,pain\na\0b,m,1\n", "zero byte"),
        ("", "not a table"),
    ],
)
def test_wrong_tables_and_pictures_are_one_line(tmp_path, wormtwin, table, message):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    Image.new("RGB", (40, 90)).save(tmp_path / "t.png")
    (tmp_path / "n.png").write_text("no picture")
    (tmp_path / "s.csv").write_text(table)
    command = ("grimace", "import", tmp_path, "--scores", tmp_path / "s.csv")
    status, _, err = wormtwin(*command, "--out", tmp_path / "g.h5")
    assert status == 2
    assert len(err.strip().splitlines()) == 1
    with pytest.raises(InputError, match=message):
        raise InputError(err)
    assert not (tmp_path / "g.h5").exists()


def test_agreement_is_that_of_the_textbooks():
    rows = ([9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7])
    shrout_fleiss = np.array(rows, float)
    assert intraclass_correlation(shrout_fleiss) == pytest.approx(0.29, abs=0.005)  # Shrout and Fleiss 1979, Table 4
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 3, (2, 80)).astype(float)
    b[:40] = a[:40]
    assert weighted_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b, weights="quadratic"))
    perfect = agreement({"one": a, "two": a})
    assert (perfect.same, perfect.kappa, perfect.icc) == (1.0, 1.0, pytest.approx(1.0))
    with pytest.raises(InputError, match="needs two raters or more, there is one"):
        agreement({"one": a})


def test_one_rater_has_nobody_to_agree_with(tmp_path, wormtwin, refused):
    (tmp_path / "s.csv").write_text(f"{HEAD}\na.png,m,r,0,1,1,0,0\nb.png,m,r,0,1,1,0,0\n")
    refused(wormtwin("grimace", "agree", tmp_path / "s.csv"), "needs two raters or more")
    refused(
        wormtwin("grimace", "make-sample", "--out", tmp_path / "g.h5", "--coats", "pink"), "there is no coat 'pink'"
    )
    refused(wormtwin("grimace", "make-sample", "--out", tmp_path / "g.txt"), "a dataset file's name ends in .h5")
    assert OUTPUTS[-1] == "pain"
