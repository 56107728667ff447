"""Tables as spreadsheets of other languages write them: semicolons or tabs between columns, and decimal commas."""

import numpy as np
import pandas as pd
import pytest

from datasets.behaviour.label_files import load_behaviour_labels
from datasets.behaviour.labels import Bout
from datasets.pose.formats.label_files import load_labels
from datasets.responses.recorded.columns import read_columns
from neuron_models.foundation.csv_file import read_csv
from neuron_models.foundation.errors import InputError

WRITTEN = pytest.mark.parametrize(("sep", "decimal"), [(";", ","), ("\t", ","), (";", "."), ("\t", "."), (",", ".")])


@WRITTEN
def test_numbers_are_those_that_pandas_wrote(sep, decimal, tmp_path):
    numbers = np.random.default_rng(0).normal(size=(20, 2)) * [1, 1e-9]
    table = pd.DataFrame(numbers, columns=["u", "y"]).assign(note="a, b")
    table.to_csv(tmp_path / "t.csv", sep=sep, decimal=decimal, index=False)
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv"), table)
    columns = read_columns(tmp_path / "t.csv")
    np.testing.assert_allclose(np.stack([columns["u"], columns["y"]], 1), numbers, rtol=1e-15)


@WRITTEN
def test_tables_of_deeplabcut_are_the_same(sep, decimal, tmp_path):
    names = ["scorer", "bodyparts", "coords"]
    columns = pd.MultiIndex.from_product([["net"], ["nose", "tail"], ["x", "y", "likelihood"]], names=names)
    values = np.random.default_rng(0).uniform(size=(9, 6))
    values[3, :3] = np.nan
    pd.DataFrame(values, columns=columns).to_csv(tmp_path / "t.csv", sep=sep, decimal=decimal)
    (found,) = load_labels(tmp_path / "t.csv")
    np.testing.assert_array_equal(found.xy[:, 0], values.reshape(9, 2, 3)[..., :2])
    np.testing.assert_array_equal(found.scores[:, 0], values.reshape(9, 2, 3)[..., 2])


@WRITTEN
def test_bouts_of_boris_are_the_same(sep, decimal, tmp_path):
    table = pd.DataFrame({"Behavior": ["walk", "rest"], "Start (s)": [1.5, 4.0], "Stop (s)": [3.25, 7.5]})
    table.to_csv(tmp_path / "b.csv", sep=sep, decimal=decimal, index=False)
    assert load_behaviour_labels(tmp_path / "b.csv", 20.0).bouts == (Bout("walk", 30, 65), Bout("rest", 80, 150))


def test_decimal_commas_between_commas_are_refused(tmp_path, wormtwin, refused):
    """A reader that drops the cells beyond the names takes 0,5 and 1,2 for 0 and 5."""
    (tmp_path / "t.csv").write_text("u,y\n0,5,1,2\n0,6,1,3\n")
    told = "t.csv, line 2: 4 cells and 2 names: are there decimal commas? Then write ; between columns"
    with pytest.raises(InputError, match=told.replace("?", r"\?")):
        read_columns(tmp_path / "t.csv")
    given = ("--inputs", "u", "--outputs", "y", "--dt-ms", 2, "--train", "0:2")
    refused(wormtwin("dataset", "import-io", tmp_path / "t.csv", *given, "--out", tmp_path / "d.h5"), told)
    assert not (tmp_path / "d.h5").exists()
