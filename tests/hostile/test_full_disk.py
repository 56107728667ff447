"""A disk of 2 MB: each command that writes ends in one line and leaves nothing, and works once there is room."""

import resource
import shutil
import subprocess

import numpy as np
import pytest

from datasets.dataset import Dataset, Trial
from datasets.store import load_dataset, save_dataset


@pytest.fixture
def disk(tmp_path):
    """A folder that holds 2 MB; where none can be mounted, files of this process end at 100 kB instead."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, check=False
    )
    if made and made.returncode == 0:
        yield folder
        subprocess.run(["umount", folder], check=False)
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def large(tmp_path):
    """A dataset of 4 MB, beside the disk."""
    x = np.random.default_rng(0).normal(size=(125_000, 2))
    trials = tuple(Trial(f"t{i}", x, x[:, :1], split=split) for i, split in enumerate(("train", "test")))
    return save_dataset(Dataset("large", trials, 1.0, ("a", "b"), ("c",)), tmp_path / "large.h5")


def full(result, folder):
    """One line that says that the disk is full, and nothing left."""
    status, _, err = result
    lines = [line for line in err.splitlines() if line.startswith("wormtwin:")]
    assert (status, len(lines)) == (2, 1), err
    assert "No space left" in lines[0] or "File too large" in lines[0] or "full" in lines[0]
    assert str(folder) in lines[0]
    assert [path.name for path in folder.iterdir() if path.name != "filling"] == []


def test_datasets(wormtwin, disk, large):
    full(
        wormtwin("posture", "make-sample", "--strains", "N2", "--worms", 6, "--minutes", 5, "--out", disk / "a.h5"),
        disk,
    )
    assert (
        wormtwin("posture", "make-sample", "--strains", "N2", "--worms", 1, "--minutes", 0.2, "--out", disk / "b.h5")[0]
        == 0
    )
    assert len(load_dataset(disk / "b.h5")) == 1


def test_text_files(wormtwin, disk, large):
    status, _, err = wormtwin("dataset", "export-dat", large, "--out", disk)
    assert status == 2, err
    assert "wormtwin: " in err
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("name", ["a.slp", "a.nwb", "a.h5"])
def test_labels(wormtwin, disk, tracks, tmp_path, name):
    from datasets.pose.formats.tracks_file import save_tracks

    for package in ("sleap_io", "ndx_pose"):
        pytest.importorskip(package)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits[1], limits[1]))
    labels = save_tracks(tracks, tmp_path / "tracks.h5")
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if limits[0] == limits[1]:  # a disk of its own: fill it but for a page
        with (disk / "filling").open("wb") as file:
            file.write(bytes(2**21 - 4096))
        full(wormtwin("pose", "convert", labels, "--out", disk / name), disk)
        (disk / "filling").unlink()
        assert wormtwin("pose", "convert", labels, "--out", disk / name)[0] == 0
        assert (disk / name).stat().st_size > 0


def test_a_page_leaves_no_figures_where_its_last_one_does_not_fit(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    from surrogates.pages import blocks, page

    def save(figure, path):
        if path.name == "b.png":
            raise OSError(28, "No space left on device", str(path))
        path.write_text("drawn")

    monkeypatch.setattr(page, "save_figure", save)
    figures = tuple(blocks.FigureBlock(name, Figure(), "words", "title") for name in "ab")
    with pytest.raises(OSError, match="No space left"):
        page.write_page(blocks.Page("Page", "Lead", (blocks.Section("S", figures),)), tmp_path / "p.html")
    assert list(tmp_path.iterdir()) == []
