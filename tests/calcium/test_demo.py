"""The demo of calcium recordings by its command, and the pictures of recordings that its page shows."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from datasets.calcium.plots import plot_manifold
from datasets.calcium.sample import SampleSettings, make_sample
from datasets.store import save_dataset
from neuron_models.foundation.errors import InputError
from surrogates.calcium.recordings_section import recordings_section


@pytest.fixture
def short_tour(monkeypatch):
    """A demo that takes seconds: two minutes of two worms, models that are solved at once."""
    from surrogates.calcium import demo

    monkeypatch.setattr(demo, "SAMPLE", SampleSettings(worms=2, duration=120.0))
    monkeypatch.setattr(demo, "RULES", ("two",))
    monkeypatch.setattr(demo, "STATE_MODELS", ("logistic",))
    monkeypatch.setattr(demo, "TRAJECTORY_MODELS", ("persistence", "linear"))


@pytest.mark.slow
def test_the_demo_makes_a_page_and_goes_on(wormtwin, short_tour, tmp_path, coloured, shown_whole):
    out = tmp_path / "demo"
    status, printed, text = wormtwin("calcium", "demo", "--out", out, "--jobs", 1)
    assert status == 0, text
    assert "step 16" in printed
    page = (out / "report.html").read_text()
    for name in ("recordings", "manifold", "confusion-two", "error-by-step"):
        assert coloured(out / "figures" / f"{name}.png", "#FCFCFA") < 0.98
        assert name in page
    run = out / "runs" / "two" / "calcium_logistic.json"
    before = run.stat().st_mtime_ns
    (out / "report.html").unlink()
    assert wormtwin("calcium", "demo", "--out", out, "--jobs", 1)[0] == 0
    assert (out / "report.html").read_text() == page
    assert run.stat().st_mtime_ns == before
    shown_whole(out / "report.html")


def test_the_demo_leaves_folders_of_something_else_alone(wormtwin, short_tour, tmp_path):
    (tmp_path / "photo.png").write_text("mine")
    status, _, text = wormtwin("calcium", "demo", "--out", tmp_path)
    assert (status, text.count("\n")) == (2, 1)
    assert "something else than a demo (photo.png)" in text
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]
    other = tmp_path / "other"
    save_dataset(make_sample(SampleSettings(worms=3, duration=60.0)), other / "sample.h5")
    status, _, text = wormtwin("calcium", "demo", "--out", other)
    assert (status, text.count("\n")) == (2, 1)
    assert "another sample" in text


def test_the_manifold_is_that_of_scikit_learn():
    dataset = make_sample(SampleSettings(worms=2, duration=60.0))
    figure = plot_manifold(dataset)
    scaled = [(t.x[:] - t.x[:].min(0)) / np.ptp(t.x[:], axis=0) for t in dataset]
    scores = PCA(3).fit_transform(np.concatenate([each - each.mean(0) for each in scaled]))
    assert len(figure.axes) == 4
    drawn = np.concatenate([path.vertices for path in figure.axes[2].collections[0].get_paths()])
    for axis, component in ((0, 0), (1, 2)):
        first = scores[: len(scaled[0]), component]
        np.testing.assert_allclose(sorted(set(drawn[:, axis])), sorted(set(first)), atol=1e-9)


def test_recordings_of_two_neurons_have_no_manifold():
    with pytest.raises(InputError, match="take three neurons, there are 2"):
        plot_manifold(make_sample(SampleSettings(worms=2, duration=60.0, neurons=("AVAL", "RIML"))))


def test_only_the_first_minutes_and_worms_are_drawn():
    dataset = make_sample(SampleSettings(worms=4, duration=300.0))
    traces, manifold = recordings_section(dataset).blocks
    assert len(traces.figure.axes) == 3
    assert traces.figure.axes[0].get_xlim()[1] == pytest.approx(4.0, abs=0.02)
    assert len(manifold.figure.axes) == 6
