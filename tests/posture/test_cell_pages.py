"""`posture cells` and `posture classify` from the command line, and the page of the cells in a browser."""

import io
import re

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from datasets.posture.eigenworm_fit import fit_eigenworms
from datasets.posture.eigenworms import amplitudes_of, pooled_angles
from datasets.posture.generator.sample import SampleSettings, make_sample
from datasets.store import save_dataset
from surrogates.posture.network.networks import posture_lstm
from surrogates.posture.network.segments import segments
from surrogates.posture.network.training import fit_linear_parts
from surrogates.runs.model_file import ModelSignature, save_model


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Midlines and amplitudes of two worms of two strains, and a network of two layers that was not trained."""
    folder = tmp_path_factory.mktemp("posture")
    sample = make_sample(SampleSettings(strains=("N2", "CB4856"), worms=2, duration=60.0, points=17, gaps=0.5))
    data = amplitudes_of(sample, fit_eigenworms(pooled_angles(sample), 3, "pca"))
    save_dataset(sample, folder / "midlines.h5")
    save_dataset(data, folder / "amplitudes.h5")
    model, cut = posture_lstm(4, 4, layers=2, units=6), segments(data)
    fit_linear_parts(model, cut)
    save_model(model, folder / "model.keras", ModelSignature.of(cut, "posture_lstm"))
    return folder


@pytest.fixture(scope="module")
def given(files):
    return ["--model", files / "model.keras", "--data", files / "amplitudes.h5"]


@pytest.fixture(scope="module")
def cells(files, given):
    """What the command wrote."""
    from run_experiments import run

    out = files / "cells"
    more = ["--midlines", files / "midlines.h5", "--out", out, "--rounds", 49, "--seconds", 20]
    assert run([str(each) for each in ["posture", "cells", *given, *more]]) == 0
    return out


def test_the_report_holds_every_cell_and_feature(cells):
    table = pd.read_csv(cells / "cells.csv")
    assert set(table["cell"].astype(str)) == {f"{layer}.{cell}" for layer in (1, 2) for cell in range(1, 7)}
    assert {"speed", "head bend", "curvature size"} <= set(table["feature"])
    bend = table[table["feature"] == "midbody bend"]
    assert bend["r"].abs().max() > 0.3  # even random cells follow the bends that they read
    assert bend["p_all_cells"].min() <= 0.05
    assert table["p_all_cells"].between(0.02, 1).all()
    text = (cells / "report.html").read_text()
    reversals = table[table["feature"] == "reversal"]
    related = (reversals["p_all_cells"] <= 0.05).sum()
    said = (
        f"{related} of 12 cells go with reversals" if len(reversals) else "No worm of these recordings moves backward"
    )
    assert said in text
    assert (cells / "figures" / "cells-over-time.png").is_file()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), pytest.param("dark", 390, marks=pytest.mark.slow)])
def test_worm_and_cells_play_together(browser, cells, scheme, width):
    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "reduced_motion": "reduce"}
    context = browser.new_context(**looks)
    tab, messages = context.new_page(), []
    tab.on("console", lambda message: messages.append(message.text))
    tab.on("pageerror", lambda error: messages.append(str(error)))
    tab.goto((cells / "cells.html").as_uri())

    def seen(selector):
        picture = tab.locator(selector).screenshot()
        return np.rint(255 * matplotlib.image.imread(io.BytesIO(picture))[..., :3]).astype(int)

    table = pd.read_csv(cells / "cells.csv", dtype={"cell": str})
    assert tab.locator("#layers h2").all_inner_texts() == ["Layer 1: 6 cells", "Layer 2: 6 cells"]
    before = {selector: seen(selector) for selector in ("#worm", "#layers canvas >> nth=1")}
    assert (before["#worm"][..., 0] > before["#worm"][..., 2] + 60).sum() > 50  # the midline is red
    tab.fill("#slider", "120")
    for selector, picture in before.items():
        assert (np.abs(seen(selector) - picture).max(axis=2) > 25).sum() > 30
    tab.select_option("#feature", "head bend")
    rows = table[table["feature"] == "head bend"]
    best = rows.loc[rows["r"].abs().idxmax()]
    text = tab.locator("#summary").inner_text().replace("\N{MINUS SIGN}", "-")
    assert f"Cell {best['cell']}:" in text
    assert float(re.search(r"head bend (-?[\d.]+)\.$", text)[1]) == pytest.approx(best["r"], abs=0.006)
    tab.locator("#layers canvas").first.click(position={"x": 3, "y": 3})
    assert "Cell 1.1:" in tab.locator("#summary").inner_text()
    tab.check("#sorted")
    tab.locator("#layers canvas").first.click(position={"x": 3, "y": 3})
    first = rows[rows["cell"].str.startswith("1.")].nlargest(1, "r")["cell"].item()
    assert f"Cell {first}:" in tab.locator("#summary").inner_text()
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press(".")
    assert tab.locator("#slider").input_value() == "121"
    tab.keyboard.press("Space")
    assert tab.locator("#play").inner_text() == "Pause"
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
    assert messages == []
    context.close()


@pytest.mark.parametrize("name", ["report.html", "cells.html"])
def test_nothing_of_the_pages_is_cut(cells, name, shown_whole):
    shown_whole(cells / name)


def test_strains_are_distinguished_from_the_command_line(tmp_path, wormtwin, given, files, shown_whole):
    small = ("--folds", 2, "--kept", 4, "--trees", 10)
    status, out, _ = wormtwin("posture", "classify", *given, "--out", tmp_path, *small)
    assert status == 0
    table = pd.read_csv(tmp_path / "accuracy.csv")
    assert list(table["features"]) == ["cells", "cells", "hand-made", "hand-made"]
    assert (table["chance"] == 0.5).all()
    assert "hand-made" in out
    worms = pd.read_csv(tmp_path / "worms.csv")
    right = (worms["strain"] == worms["cells, random forest"]).mean()
    assert right == pytest.approx(table["accuracy"][1])
    shown_whole(tmp_path / "report.html")


@pytest.mark.parametrize(
    ("command", "more", "text"),
    [
        ("classify", (), "strain CB4856 has 2 individuals, which cannot be left out in 5 folds, give --folds 2"),
        ("classify", ("--kept", 0), "--kept must be >= 1"),
        ("cells", ("--trial", 9), "--trial must be from 1 to 4, got 9"),
        ("cells", ("--rounds", 5), "--rounds must be >= 19"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, wormtwin, given, command, more, text):
    status, _, error = wormtwin("posture", command, *given, "--out", tmp_path / "out", *more)
    assert status == 2
    assert text in error.splitlines()[-1]
    assert "Traceback" not in error


def test_other_data_are_refused(tmp_path, wormtwin, given, files):
    status, _, error = wormtwin(
        "posture", "cells", "--model", files / "model.keras", "--data", files / "midlines.h5", "--out", tmp_path
    )
    assert (status, "the model was trained on the inputs a1, a2, a3, turn" in error) == (2, True)
