"""A small generated video of animals that cross, and its identities."""

import pytest


@pytest.fixture(scope="session")
def swimmers(tmp_path_factory):
    """The video of three animals, and the file of who is who."""
    from run_experiments import run

    out = tmp_path_factory.mktemp("swimmers") / "swim.mp4"
    arguments = "--animals 3 --frames 90 --length 24 --side 150 --difficulty 0 --seed 4"
    assert run(["identity", "make-sample", "--out", str(out), *arguments.split()]) == 0
    return out, out.with_name("swim.truth.h5")


@pytest.fixture(scope="session")
def identities(swimmers, tmp_path_factory):
    """The identities of that video, by motion alone."""
    from run_experiments import run

    out = tmp_path_factory.mktemp("identities") / "swim.h5"
    assert run(["identity", "track", str(swimmers[0]), "--animals", "3", "--no-appearance", "--out", str(out)]) == 0
    return out
