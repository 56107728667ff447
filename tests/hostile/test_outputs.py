"""What is written: whole or not at all, through links, never in place of a device, on a full disk, under any name."""

import errno
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.dataset import Dataset, Trial
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation import worker_life
from neuron_models.foundation.csv_file import write_csv
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_files, atomic_write, require_writable
from neuron_models.foundation.movies import save_movie


def test_a_file_is_written_through_a_link_which_stays(tmp_path):
    (tmp_path / "disk").mkdir()
    real, link, chain = tmp_path / "disk" / "real.txt", tmp_path / "link.txt", tmp_path / "chain.txt"
    link.symlink_to("disk/real.txt")
    chain.symlink_to("link.txt")
    for path, text in ((link, "one"), (chain, "two"), (link, "three")):
        with atomic_write(path) as beside:
            beside.write_text(text)
        assert path.is_symlink()
        assert real.read_text() == text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["chain.txt", "disk", "link.txt"]
    assert [each.name for each in (tmp_path / "disk").iterdir()] == ["real.txt"]


def test_what_is_read_is_not_written_over(wormtwin, refused, linear_response, tmp_path):
    data = save_dataset(linear_response(), tmp_path / "d.h5")
    before = data.read_bytes()
    (tmp_path / "link.h5").symlink_to(data)
    for out in (data, tmp_path / "link.h5"):
        refused(wormtwin("behaviour", "predict", data, "--model", "m.keras", "--out", out), "exists, and is read")
        refused(wormtwin("train", "--data", data, "--out", out), "exists, and is read")
    assert data.read_bytes() == before


def test_what_a_killed_process_left_of_a_file_goes_when_the_file_is_written(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / f".{name}-abcdefgh.unfinished").mkdir()
        (tmp_path / f".{name}-abcdefgh.unfinished" / name).write_text("half")
    with atomic_write(tmp_path / "a.png") as beside:
        beside.write_text("whole")
    assert sorted(each.name for each in tmp_path.iterdir()) == [".b.png-abcdefgh.unfinished", "a.png"]


def test_what_libraries_put_into_the_temporary_folder_is_gone_after_the_next_command(tmp_path, monkeypatch):
    left = tmp_path / "wormtwin-999999999-abcdefgh.unfinished"
    (left / "tmp_of_keras").mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with ExitStack() as at_exit:
        monkeypatch.setattr(worker_life, "_until_exit", lambda: at_exit)
        worker_life.use_own_temporary_folder.__wrapped__()
        assert not left.exists()
        inside = Path(tempfile.mkdtemp())
        assert inside.parent.parent == tmp_path
        assert inside.parent.name.startswith(f"wormtwin-{os.getpid()}-")
        assert os.environ["TMPDIR"] == str(inside.parent)
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_folder_appear_together_or_not_at_all(tmp_path):
    folder = tmp_path / "new" / "folder"

    def write(last):
        with atomic_files(folder) as beside:
            (beside / "one").write_text("1")
            if last:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(beside / "two"))

    with pytest.raises(OSError, match="No space left") as error:
        write(last=True)
    assert error.value.filename == str(folder)
    assert list(tmp_path.iterdir()) == []
    write(last=False)
    (folder / "other").touch()
    write(last=False)
    assert sorted(each.name for each in folder.iterdir()) == ["one", "other"]
    assert [each.name for each in folder.parent.iterdir()] == ["folder"]
    with pytest.raises(InputError, match="is a file: name a folder"), atomic_files(folder / "one"):
        pytest.fail("the work was begun")


def test_what_is_no_plain_file_is_refused_before_and_after_the_work(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to pipe").symlink_to("pipe")
    (tmp_path / "round").symlink_to("round")
    (tmp_path / "folder").mkdir()
    for name, words in (
        ("pipe", "a device or a pipe"),
        ("to pipe", "a device or a pipe"),
        ("round", "a link that leads back to itself"),
        ("folder", "is a folder"),
        ("pipe/a", "a file where a folder should be"),
    ):
        with pytest.raises(InputError, match=words), atomic_write(tmp_path / name):
            pytest.fail("the work was begun")
    with pytest.raises(InputError, match="a device or a pipe"):
        require_writable(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_device_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "null"
    path.write_text("")
    monkeypatch.setattr(Path, "is_file", lambda self: self.name != "null")  # as of a device
    with pytest.raises(InputError, match="no plain file"):
        require_writable(path)


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (lambda beside: OSError(errno.ENOSPC, "Can't write", str(beside)), "No space left on device: {path}"),
        (lambda beside: OSError(errno.EACCES, "Permission denied", str(beside)), "Permission denied: {path}"),
        (lambda beside: OSError(f"cannot make {beside}: what"), "cannot make {path}: what"),
        (lambda beside: InputError(f"{beside}: no layers"), "{path}: no layers"),
        (lambda beside: OSError(errno.ENOENT, "No such file", "other.mp4"), "No such file: other.mp4"),
    ],
)
def test_errors_name_the_file_of_the_user(tmp_path, raised, message):
    from neuron_models.foundation.command_line import one_line

    path = tmp_path / "out.h5"

    def write():
        with atomic_write(path) as beside:
            beside.write_text("half")
            raise raised(beside)

    with pytest.raises((OSError, InputError)) as found:
        write()
    assert one_line(found.value) == message.format(path=path)
    assert list(tmp_path.iterdir()) == []


def test_a_movie_on_a_full_disk_is_an_error_and_no_file(tmp_path):
    frames = (np.random.default_rng(i).integers(0, 255, (256, 256, 3), np.uint8) for i in range(40))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"c\.mp4"):
            save_movie(frames, tmp_path / "c.mp4", 25.0, quality=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_cells_are_no_formulas(tmp_path):
    table = pd.DataFrame({"name": ["=1+1", "+A", "-x", "@b", "-1.5", "AVAL"], "=value": [-1.0, 2, 3, 4, 5, 6]})
    write_csv(table, tmp_path / "a.csv", index=False)
    read = pd.read_csv(tmp_path / "a.csv")
    assert list(read.columns) == ["name", "'=value"]
    assert list(read["name"]) == ["'=1+1", "'+A", "'-x", "'@b", "-1.5", "AVAL"]
    assert list(read["'=value"]) == [-1, 2, 3, 4, 5, 6]


def test_names_that_are_not_utf_8_are_written_and_read(tmp_path, wormtwin, linear_response):
    folder = tmp_path / os.fsdecode(b"pl\xe2ge")
    folder.mkdir()
    name = os.fsdecode(b"w\xffrm")
    trials = (Trial(name, np.zeros((5, 1)), group=name),)
    dataset = Dataset(name, trials, 1.0, ("a",), source=name, extra={"strain": {name: "N2"}})
    found = load_dataset(save_dataset(dataset, folder / f"{name}.h5"))
    assert found.trials[0].name == "w\\udcffrm"
    assert found.extra["strain"] == {"w\\udcffrm": "N2"}
    status, out, err = wormtwin("dataset", "info", folder / f"{name}.h5")
    assert (status, err) == (0, "")
    assert "w\\udcffrm" in out
    data = save_dataset(linear_response(), folder / f"{name}.h5")
    status, out, err = wormtwin("dataset", "plot", data, "--out", folder / f"{name}.png")
    assert status == 0, err
    assert "w\\udcffrm.png" in out


def test_output_that_nobody_reads_is_one_line(linear_response, tmp_path):
    data = save_dataset(linear_response(), tmp_path / "a.h5")
    code = f"import run_experiments, sys; sys.argv[1:] = ['dataset', 'info', {str(data)!r}]; run_experiments.main()"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2)
