"""Labels on the images and movies that they name: by name, whatever else lies there, is missing or has moved."""

import json
import shutil
from pathlib import Path

import imageio.v3
import numpy as np
import pandas as pd
import pytest

from datasets.pose.crops import crops_of
from datasets.pose.formats.export_files import save_labels
from datasets.pose.formats.label_files import load_labels
from datasets.pose.importing import ImportSettings, labelled_dataset
from datasets.pose.tracks import Tracks
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError

JOINTS = ("nose", "tail")
NUMBERS = (1, 2, 10, 30)
SIZE = (48, 64)


def picture(number: int, size=SIZE) -> np.ndarray:
    """Every pixel is the image's number."""
    return np.full(size, number, np.uint8)


def points(number: int) -> np.ndarray:
    return np.array([[20.0 + number / 2, 20.0], [24.0 + number / 2, 28.0]])


def table(names: list[str], numbers, individuals: bool = False) -> pd.DataFrame:
    levels = [["me"], *([["one"]] if individuals else []), JOINTS, ["x", "y"]]
    heads = ["scorer", *(["individuals"] if individuals else []), "bodyparts", "coords"]
    values = np.array([points(number).ravel() for number in numbers])
    return pd.DataFrame(values, index=names, columns=pd.MultiIndex.from_product(levels, names=heads))


def project(folder: Path, sizes=(SIZE,), row="labeled-data/{video}/img{number:03d}.png", written="csv") -> Path:
    """A DeepLabCut project with a video for each size of image."""
    for index, size in enumerate(sizes):
        video = f"m{index + 1}"
        where = folder / "labeled-data" / video
        where.mkdir(parents=True)
        for number in NUMBERS:
            imageio.v3.imwrite(where / f"img{number:03d}.png", picture(number, size))
        made = table([row.format(video=video, number=number) for number in NUMBERS], NUMBERS)
        if written == "csv":
            made.to_csv(where / "CollectedData_me.csv")
        else:
            made.to_hdf(where / "CollectedData_me.h5", key="df_with_missing", mode="w", format=written)
    parts = "".join(f"- {keypoint}\n" for keypoint in JOINTS)
    (folder / "config.yaml").write_text(f"Task: t\nscorer: me\nbodyparts:\n{parts}skeleton:\n- - nose\n  - tail\n")
    return folder


def require_joined(dataset, numbers=NUMBERS):
    """Every image holds its number, and its labels are those of this number."""
    seen = []
    for trial in dataset:
        crops = crops_of(dataset)[trial.name]
        for image, keypoints in zip(trial.x[:], crops.to_video(np.asarray(trial.y[:])), strict=True):
            number = int(image[0, 0, 0])
            assert np.allclose(keypoints, points(number), atol=1e-4)
            seen.append(number)
    assert sorted(seen) == sorted(numbers)


def cut(tracks, size=24):
    return labelled_dataset(tracks, ImportSettings(size=size), "t")


ROWS = {
    "plain": "labeled-data/{video}/img{number:03d}.png",
    "of Windows": "labeled-data\\{video}\\img{number:03d}.png",
    "whole paths of another machine": "C:\\users\\me\\p\\labeled-data\\{video}\\img{number:03d}.png",
    "names alone": "img{number:03d}.png",
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("written", ["csv", "fixed", "table"])
def test_projects_of_deeplabcut(row, written, tmp_path):
    if written != "csv":
        pytest.importorskip("tables")
    folder = project(tmp_path / "p", row=row, written=written)
    for index in (folder, folder / "config.yaml"):
        (tracks,) = load_labels(index)
        assert tracks.skeleton.edges == (("nose", "tail"),)
        require_joined(cut([tracks]))


def test_rows_in_three_columns(tmp_path):
    folder = project(tmp_path / "p")
    made = table([f"img{number:03d}.png" for number in NUMBERS], NUMBERS)
    made.index = pd.MultiIndex.from_tuples([("labeled-data", "m1", name) for name in made.index])
    made.to_csv(folder / "labeled-data" / "m1" / "CollectedData_me.csv")
    require_joined(cut(load_labels(folder)))


def test_a_deleted_image_leaves_the_others_in_place(wormtwin, tmp_path):
    folder = project(tmp_path / "p")
    (folder / "labeled-data" / "m1" / "img002.png").unlink()
    status, text, _ = wormtwin("pose", "import", folder, "--size", 24, "--out", tmp_path / "o.h5")
    assert status == 0
    assert "Left out: 1 of 4 images is not there (labeled-data/m1/img002.png; looked under" in text.replace("\n", "")
    require_joined(load_dataset(tmp_path / "o.h5"), (1, 10, 30))
    table_out = tmp_path / "all.csv"
    assert wormtwin("pose", "convert", folder, "--out", table_out)[0] == 0
    assert pd.read_csv(table_out, header=[0, 1, 2], index_col=0).shape == (4, 4)  # a label needs no image


def test_images_that_are_not_there_are_named(wormtwin, refused, tmp_path):
    folder = project(tmp_path / "p")
    for image in folder.rglob("*.png"):
        image.unlink()
    call = wormtwin("pose", "import", folder, "--size", 24, "--out", tmp_path / "o.h5")
    refused(call, "4 of 4 images are not there", "img001.png", "looked under", "--video")


def test_a_table_that_cannot_be_read_does_not_refuse_the_project(wormtwin, tmp_path):
    folder = project(tmp_path / "p", (SIZE, SIZE))
    bad = folder / "labeled-data" / "m1" / "CollectedData_me.csv"
    bad.write_text(bad.read_text().replace("20.5", "twenty"))
    status, text, _ = wormtwin("pose", "import", folder, "--size", 24, "--out", tmp_path / "o.h5")
    assert status == 0
    assert "twenty" in text
    assert "CollectedData_me.csv" in text
    require_joined(load_dataset(tmp_path / "o.h5"))


def test_a_folder_with_more_images_and_in_another_order(tmp_path):
    """A table beside other images: --video names the folder of its own."""
    source = project(tmp_path / "p")
    (lone := tmp_path / "lone").mkdir()
    shutil.copy(source / "labeled-data" / "m1" / "CollectedData_me.csv", lone)
    images = tmp_path / "images"
    shutil.copytree(source / "labeled-data" / "m1", images)
    imageio.v3.imwrite(images / "aaa.png", picture(99))
    require_joined(cut(load_labels(lone / "CollectedData_me.csv", images)))
    with pytest.raises(InputError, match=r"has none of the 4 images .* \(labeled-data/m1/img001\.png"):
        load_labels(lone / "CollectedData_me.csv", lone)


def test_two_images_of_one_name_are_distinguished_by_their_folders(tmp_path):
    folder = project(tmp_path / "p", (SIZE, SIZE))
    parts = [pd.read_csv(each, header=[0, 1, 2], index_col=0) for each in sorted(folder.rglob("*.csv"))]
    (lone := tmp_path / "lone").mkdir()
    pd.concat(parts).to_csv(lone / "CollectedData_me.csv")
    require_joined(cut(load_labels(lone / "CollectedData_me.csv", folder / "labeled-data")), NUMBERS * 2)
    flat = tmp_path / "flat"
    shutil.copytree(folder / "labeled-data" / "m1", flat)
    (flat / "CollectedData_me.csv").unlink()
    with pytest.raises(InputError, match=r"the labels have no images: .*not there"):
        cut(load_labels(lone / "CollectedData_me.csv"))
    for each in load_labels(lone / "CollectedData_me.csv", flat):
        assert each.video == str(flat)


def test_images_of_two_sizes_are_filled_up(wormtwin, tmp_path):
    folder = project(tmp_path / "p", ((48, 64), (80, 56)))
    status, text, _ = wormtwin("pose", "import", folder, "--out", tmp_path / "o.h5")
    assert status == 0
    assert "Filled up: frames of 64 x 48, 56 x 80, below and on the right" in text
    dataset = load_dataset(tmp_path / "o.h5")
    assert [trial.x.shape for trial in dataset] == [(4, 1, 80, 64)] * 2
    require_joined(dataset, NUMBERS * 2)
    assert "single frames" in wormtwin("dataset", "info", tmp_path / "o.h5")[1]


def images_in_a_list(folder: Path, listed: list[str]) -> Tracks:
    import sleap_io

    skeleton = sleap_io.Skeleton(list(JOINTS))
    video = sleap_io.Video.from_filename([str(folder / name) for name in listed])
    frames = [
        sleap_io.LabeledFrame(video, k, [sleap_io.Instance.from_numpy(points(number), skeleton=skeleton)])
        for k, number in enumerate(NUMBERS)
    ]
    path = folder / "labels.slp"
    sleap_io.save_slp(sleap_io.Labels(frames, videos=[video], skeletons=[skeleton]), str(path), verbose=False)
    return path


def test_images_that_sleap_lists(tmp_path):
    source = project(tmp_path / "p") / "labeled-data" / "m1"
    path = images_in_a_list(source, [f"img{number:03d}.png" for number in NUMBERS])
    require_joined(cut(load_labels(path)))
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.copy(path, moved)
    for number in NUMBERS:
        shutil.copy(source / f"img{number:03d}.png", moved)
    shutil.rmtree(tmp_path / "p")
    require_joined(cut(load_labels(moved / "labels.slp")))  # the same names, beside the labels
    (moved / "img002.png").unlink()
    imageio.v3.imwrite(moved / "aaa.png", picture(77))
    (tracks,) = load_labels(moved / "labels.slp", moved)
    assert "1 of 4 images is not there" in tracks.missing
    require_joined(cut([tracks]), (1, 10, 30))


def test_slp_of_images_is_found_from_anywhere(tmp_path, monkeypatch):
    project(tmp_path / "p")
    monkeypatch.chdir(tmp_path)
    save_labels(load_labels("p"), "out.slp", "slp")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    shutil.move("out.slp", elsewhere)
    monkeypatch.chdir("/")
    require_joined(cut(load_labels(elsewhere / "out.slp")))


def test_labels_of_images_on_the_movie_that_they_are_from(movie, tmp_path):
    folder = project(tmp_path / "p")
    (tracks,) = load_labels(folder, movie)
    assert tracks.frames.tolist() == list(NUMBERS)  # by the numbers in their names
    path = folder / "labeled-data" / "m1" / "CollectedData_me.csv"
    path.write_text(path.read_text().replace("img001", "first"))
    with pytest.raises(InputError, match="do not all end in the number of a frame"):
        load_labels(folder, movie)


def coco(folder: Path, names: list[str]) -> Path:
    images = [{"id": k, "file_name": name, "width": SIZE[1], "height": SIZE[0]} for k, name in enumerate(names)]
    marks = [
        {
            "id": k,
            "image_id": k,
            "category_id": 1,
            "keypoints": np.column_stack([points(number), (2, 2)]).ravel().tolist(),
        }
        for k, number in enumerate(NUMBERS)
    ]
    categories = [{"id": 1, "name": "worm", "keypoints": list(JOINTS), "skeleton": [[1, 2]]}]
    path = folder / "labels.json"
    path.write_text(json.dumps({"images": images, "annotations": marks, "categories": categories}))
    return path


@pytest.mark.parametrize("below", ["", "images"])
def test_coco_in_the_working_folder(below, wormtwin, tmp_path, monkeypatch):
    (tmp_path / below).mkdir(exist_ok=True)
    names = [f"img{number}.png" for number in NUMBERS]
    for name, number in zip(names, NUMBERS, strict=True):
        imageio.v3.imwrite(tmp_path / below / name, picture(number))
    coco(tmp_path, names)
    monkeypatch.chdir(tmp_path)
    assert wormtwin("pose", "import", "labels.json", "--size", 24, "--out", "o.h5")[0] == 0
    require_joined(load_dataset(tmp_path / "o.h5"))
    next((tmp_path / below).glob("img2.png")).unlink()
    status, text, _ = wormtwin("pose", "import", "labels.json", "--size", 24, "--out", "p.h5")
    assert (status, "img2.png" in text) == (0, True)
    require_joined(load_dataset(tmp_path / "p.h5"), (1, 10, 30))


@pytest.mark.parametrize("edge", [[1, 99], [1], ["a", 1]])
def test_coco_whose_skeleton_joins_nothing_is_refused(edge, tmp_path):
    path = coco(tmp_path, [f"img{number}.png" for number in NUMBERS])
    path.write_text(path.read_text().replace("[[1, 2]]", json.dumps([edge])))
    with pytest.raises(InputError, match="an edge of the skeleton must join two of the"):
        load_labels(path)


@pytest.mark.parametrize(("text", "said"), [("[" * 100_000, "nested too deeply"), ("{", "line 1: not JSON")])
def test_json_that_is_none_is_one_line(text, said, tmp_path):
    (tmp_path / "o.json").write_text(text)
    with pytest.raises(InputError, match=said):
        load_labels(tmp_path / "o.json")


def test_coco_whose_points_are_no_numbers_is_refused(tmp_path):
    path = coco(tmp_path, [f"img{number}.png" for number in NUMBERS])
    stored = json.loads(path.read_text())
    stored["annotations"][0]["keypoints"][0] = "[red]a[/red]"
    path.write_text(json.dumps(stored))
    with pytest.raises(InputError, match="not a whole file of COCO key points"):
        load_labels(path)


def test_coco_tells_the_size_of_every_image(wormtwin, refused, tmp_path):
    folder = project(tmp_path / "p", ((48, 64), (80, 56)))
    save_labels(load_labels(folder), tmp_path / "o.json", "coco")
    stored = json.loads((tmp_path / "o.json").read_text())
    assert [(each["width"], each["height"]) for each in stored["images"]] == [(64, 48)] * 4 + [(56, 80)] * 4
    assert all((tmp_path / each["file_name"]).is_file() for each in stored["images"])
    require_joined(cut(load_labels(tmp_path / "o.json")), NUMBERS * 2)
    (folder / "labeled-data" / "m2" / "img010.png").unlink()
    refused(wormtwin("pose", "convert", folder, "--out", tmp_path / "q.json"), "1 of 4", "img010.png", "--video")
    gone = Tracks("gone.mp4", load_labels(folder)[0].skeleton, np.arange(1), points(1)[None, None])
    with pytest.raises(InputError, match=r"gone\.mp4 of these labels is not there"):
        save_labels([gone], tmp_path / "r.json", "coco")
