"""Recorded inputs and outputs: which samples go where, what counts, where free runs begin, what is refused."""

from dataclasses import replace

import h5py
import numpy as np
import pytest
from scipy.io import savemat
from scipy.linalg import expm

from datasets.dataset import Dataset, Trial
from datasets.responses.recorded.parts import Record, Stretch, Windowing, recorded_dataset
from datasets.responses.recorded.recipes import RECIPES
from datasets.responses.recorded.twins import duffing, make_twin
from datasets.store import load_dataset, save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.registry import MODELS
from surrogates.training.metrics import predict, score

SAMPLES = 1000


@pytest.fixture
def table(tmp_path):
    """A table whose input is its row number and whose output is a tenth of it."""
    path, rows = tmp_path / "record.csv", np.arange(SAMPLES)
    lines = [f"{0.002 * row:.6f},{row},{row / 10}" for row in rows]
    path.write_text("\n".join(["t,u,y", *lines]))
    return path


PARTS = ("--train", "0:600", "--validation", "600:800", "--test", "late=800:1000", "--warm-up", "50")
OPTIONS = ("--inputs", "u", "--outputs", "y", "--dt-ms", "2", *PARTS)


def test_every_sample_that_trains_counts_once(wormtwin, table, tmp_path):
    assert wormtwin("dataset", "import-io", table, *OPTIONS, "--window", 100, "--out", tmp_path / "d.h5")[0] == 0
    dataset = load_dataset(tmp_path / "d.h5")
    assert (dataset.dt, dataset.x_names, dataset.y_names) == (2.0, ("u",), ("y",))
    for split, first, end in (("train", 50, 600), ("validation", 650, 800)):
        part = dataset.by_split()[split]
        counted = np.concatenate([trial.x[trial.valid(), 0] for trial in part])
        np.testing.assert_array_equal(np.sort(counted), np.arange(first, end))
        assert {len(trial) for trial in part} == {150}
    (test,) = dataset.by_split()["test"]
    np.testing.assert_array_equal(test.x[:, 0], np.arange(800, 1000))
    np.testing.assert_array_equal(test.valid(), np.arange(200) >= 50)
    np.testing.assert_allclose(test.y[:, 0], test.x[:, 0] / 10)


def test_the_three_kinds_of_files_hold_the_same(wormtwin, table, tmp_path):
    u, y = np.arange(SAMPLES, dtype=float), np.arange(SAMPLES) / 10
    savemat(tmp_path / "record.mat", {"u": u[:, None], "y": y[None], "fs": 500.0, "note": "a text"})
    np.savez(tmp_path / "record.npz", u=u, y=y)
    with h5py.File(tmp_path / "new.mat", "w") as file:  # version 7.3
        file["u"], file["y"] = u[None], y[:, None]
    found = []
    for name in ("record.csv", "record.mat", "record.npz", "new.mat"):
        out = tmp_path / f"{name}.h5"
        assert wormtwin("dataset", "import-io", tmp_path / name, *OPTIONS, "--out", out)[0] == 0
        found.append(load_dataset(out))
    for other in found[1:]:
        for one, same in zip(found[0], other, strict=True):
            np.testing.assert_allclose(one.x[:], same.x[:])
            np.testing.assert_allclose(one.y[:], same.y[:])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--inputs", "v"), "there is no column 'v'; the columns are t, u, y"),
        (("--test", "late=700:1000"), "the parts validation 600:800 and late 700:1000 share samples"),
        (("--warm-up", "200", "--overlap", "50"), "the warm-up of 200 samples leaves nothing of late 800:1000"),
        (("--train", "0:2000"), "samples 0:2000 are not in record 'record', which has 0:1000"),
        (("--train", "9:3"), "--train must be a range of samples such as 0:5000, got '9:3'"),
        (("--test", "800:1000"), "--test must be NAME=A:B"),
        (("--start", "middle"), "--start must be one of rest, fit, got 'middle'"),
        (("--recipe", "silverbox"), "leave that out"),
        (("--outputs", "u"), "is an input and an output"),
        (("--time", "t", "--dt-ms", "5"), "--dt-ms is 5.0, but the times are 2 ms apart"),
    ],
)
def test_what_cannot_be_meant_is_one_line(wormtwin, refused, table, tmp_path, change, words):
    out = tmp_path / "d.h5"
    given = [*OPTIONS]
    for option, value in zip(change[::2], change[1::2], strict=True):
        if option in given:
            del given[given.index(option) : given.index(option) + 2]
        given += [option, value]
    refused(wormtwin("dataset", "import-io", table, *given, "--out", out), words)
    assert not out.exists()


def test_files_that_are_no_tables_are_refused(wormtwin, refused, table, tmp_path):
    lines = table.read_text().splitlines()
    table.write_text("\n".join([*lines[:500], *lines[510:]]))
    timed = [each if each != "--dt-ms" else "--time" for each in OPTIONS]
    timed[timed.index("--time") + 1] = "t"
    refused(wormtwin("dataset", "import-io", table, *timed, "--out", tmp_path / "d.h5"), "not evenly spaced")
    lines[300] = "0.6,nan,3"
    table.write_text("\n".join(lines))
    refused(wormtwin("dataset", "import-io", table, *OPTIONS, "--out", tmp_path / "d.h5"), "sample 299 is not a number")
    (tmp_path / "a.txt").write_text("1")
    refused(wormtwin("dataset", "import-io", tmp_path / "a.txt", *OPTIONS, "--out", tmp_path / "d.h5"), "ends in .csv")
    broken = tmp_path / "a.mat"
    broken.write_bytes(b"MATLAB 5.0" + bytes(200))
    refused(wormtwin("dataset", "import-io", broken, *OPTIONS, "--out", tmp_path / "d.h5"), "not a MATLAB file")
    for name in ("nothing", *RECIPES):
        call = ("dataset", "import-io", tmp_path / "gone", "--recipe", name, "--out", tmp_path / "d.h5")
        refused(wormtwin(*call), "there is no")


def test_the_published_files_give_the_published_parts(shared, wormtwin, tmp_path):
    folder = shared / "data" / "sysid"
    wanted = {
        ("silverbox", "SNLS80mV.csv"): {"multisine": 21_688, "arrow": 40_475, "arrow, no extrapolation": 32_000},
        ("wiener-hammerstein", "WienerHammerBenchMark.mat"): {"test": 78_800},
        ("cascaded-tanks", "dataBenchmark.csv"): {"test": 1_024},
    }
    for (recipe, name), lengths in wanted.items():
        out = tmp_path / f"{recipe}.h5"
        status, _, error = wormtwin("dataset", "import-io", folder / name, "--recipe", recipe, "--out", out)
        assert status == 0, error
        tests = load_dataset(out).by_split()["test"]
        assert {trial.name: len(trial) for trial in tests} == lengths
        assert all(trial.valid().sum() == len(trial) - 50 for trial in tests)
    other = ("dataset", "import-io", folder / "dataBenchmark.csv", "--recipe", "silverbox", "--out", tmp_path / "no.h5")
    assert "there is no column 'V1'" in wormtwin(*other)[2]


def decaying(offset: float) -> Dataset:
    """A system x+ = .95 x + u, y = 2 x, recorded while it moves: one trial from its start, one from the middle."""
    u = np.random.default_rng(0).normal(size=(600, 1))
    x = np.zeros(601)
    x[0] = offset
    for step in range(600):
        x[step + 1] = 0.95 * x[step] + u[step, 0]
    record = Record("r", u, 2 * x[:600, None])
    stretches = [Stretch(record, 0, 300, "train"), Stretch(record, 300, 600, "test", "later")]
    return recorded_dataset("d", stretches, Windowing(20, 150, 30, "fit"), 1.0, ("u",), ("y",))


def exact_model():
    model = MODELS["state_space"].build(1, 1, order=1)
    one = np.ones((1, 1))
    model.layers[-1].cell.set_weights([0.95 * one, one, 2 * one, 0 * one, np.zeros(1), np.zeros(1)])
    return model


def test_a_free_run_begins_where_the_warm_up_says():
    dataset = decaying(5.0)
    found = score(dataset, predict(exact_model(), dataset))
    assert max(each.rmse for each in found.values()) < 1e-4
    resting = replace(dataset, extra={**dataset.extra, "start": "rest"})
    assert score(resting, predict(exact_model(), resting))["test"].rmse > 0.1


def test_evaluation_tells_each_test(wormtwin, tmp_path):
    save_dataset(make_twin("wiener-hammerstein", 3000), tmp_path / "d.h5")
    call = ("train", "--data", tmp_path / "d.h5", "--model", "state_space", "--order", 6, "--out", tmp_path / "m")
    status, text, error = wormtwin(*call)
    assert status == 0, error
    assert "NRMSE" in text
    assert "without their first 50 samples" in text


def test_scores_are_those_of_the_definitions():
    y = np.random.default_rng(1).normal(size=(200, 2))
    weight = np.repeat([0.0, 1.0], 100)
    trial = Trial("a", np.zeros((200, 1)), y, weight, "one", "test")
    dataset = Dataset("d", (trial,), 1.0, ("u",), ("p", "q"), extra={"tests": ["one"]})
    (found,) = score(dataset, [y + 0.1], by_test=True).values()
    assert found.rmse == pytest.approx(0.1)
    assert found.nrmse == pytest.approx((0.1 / y[100:].std(0)).mean())
    assert found.fit == pytest.approx(100 * (1 - found.nrmse))


def test_stimuli_are_seen_where_outputs_do_not_count():
    """What is predicted after samples of weight zero hangs on the stimuli before, and on no output there."""
    dataset = replace(decaying(0.0), extra={})
    spoiled = [replace(t, y=np.where(t.valid()[:, None], t.y, np.nan)) for t in dataset]
    whole, holed = (predict(exact_model(), each) for each in (dataset, replace(dataset, trials=tuple(spoiled))))
    for one, other in zip(whole, holed, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(whole[0][30:, 0], dataset.trials[0].y[30:, 0], atol=1e-5)


def test_the_twin_is_the_oscillator_of_its_equation():
    """A small force leaves the spring linear: the answer is that of the closed form."""
    u = 1e-4 * np.random.default_rng(0).normal(size=300)
    mass, damping = 5.2e-6, 1.43e-4
    slopes = np.array([[0, 1, 0], [-1 / mass, -damping / mass, 1 / mass], [0, 0, 0]])
    step, state, exact = expm(slopes / 610.35), np.zeros(2), np.zeros((300, 1))
    for sample, drive in enumerate(u):
        exact[sample] = state[0]
        state = step[:2] @ [*state, drive]
    np.testing.assert_allclose(duffing(u), exact[:, 0], atol=2e-4 * np.abs(exact).max())


def test_recipes_that_nothing_trains_are_refused():
    record = Record("r", np.zeros((10, 1)), np.zeros((10, 1)))
    with pytest.raises(InputError, match="no samples train"):
        recorded_dataset("d", [Stretch(record, 0, 10, "test", "t")], Windowing(1), 1.0, ("u",), ("y",))
