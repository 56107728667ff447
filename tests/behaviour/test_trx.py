"""JAABA's ellipses: points where the ellipse says they are, and files that are none."""

import numpy as np
import pytest
from scipy.io import savemat

from datasets.behaviour.importing import ImportSettings, import_recordings
from datasets.behaviour.trx_file import POINTS, read_trx
from neuron_models.foundation.errors import InputError


def ellipse(frames: int, first: int = 1, **changed) -> dict:
    along = np.arange(frames, dtype=float)
    held = {"x": along, "y": 5 + 0 * along, "theta": 0 * along, "a": 4 + 0 * along, "b": 1 + 0 * along}
    return {**held, "firstframe": first, "endframe": first + frames - 1, "fps": 25.0, **changed}


def saved(path, animals):
    kinds = [(name, "O") for name in animals[0]]
    savemat(path, {"trx": np.array([tuple(animal.values()) for animal in animals], dtype=kinds)})
    return path


def test_points_lie_on_the_ellipse_from_its_first_frame(tmp_path):
    tracks = read_trx(saved(tmp_path / "trx.mat", [ellipse(30), ellipse(20, 6, theta=np.full(20, np.pi / 2))]))
    assert (tracks.points, tracks.fps, tracks.xy.shape) == (POINTS, 25.0, (30, 2, 5, 2))
    np.testing.assert_allclose(tracks.xy[3, 0, :3], [[11, 5], [3, 5], [-5, 5]])
    np.testing.assert_allclose(tracks.xy[3, 0, 3:], [[3, 3], [3, 7]])
    assert np.isnan(tracks.xy[:5, 1]).all()
    np.testing.assert_allclose(tracks.xy[5, 1, 0], [0, 13], atol=1e-9)
    assert np.isnan(tracks.xy[25:, 1]).all()
    dataset = import_recordings([tmp_path / "trx.mat"], [], ImportSettings(), "trx")
    assert len(dataset.trials[0]) == 30


@pytest.mark.parametrize(
    ("animal", "said"),
    [
        (ellipse(30, a=np.ones(3)), "the fields of animal 1 differ in length"),
        (ellipse(30, 0), "the first frame of animal 1 must be 1 or more"),
        ({"x": np.arange(3.0)}, "trx lacks y, theta, a, b, firstframe"),
    ],
)
def test_what_is_no_trx_is_one_line(tmp_path, animal, said):
    with pytest.raises(InputError, match=said):
        read_trx(saved(tmp_path / "trx.mat", [animal]))


def test_another_matlab_file_is_no_trx(tmp_path):
    savemat(tmp_path / "other.mat", {"x": 1})
    with pytest.raises(InputError, match="has no structure trx"):
        read_trx(tmp_path / "other.mat")
