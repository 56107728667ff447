"""The published text form."""

import numpy as np
import pytest

from datasets.dat import export_dat, import_dat
from neuron_models.foundation.errors import InputError


def test_the_text_form_comes_back(linear_response, tmp_path):
    dataset = linear_response()
    files = export_dat(dataset, tmp_path)
    assert len(files) == 16
    first = files[0].read_text().splitlines()[3].split(" ")
    assert first[:2] == ["3", "0.0015"]
    np.testing.assert_allclose([float(v) for v in first[2:4]], dataset.trials[0].y[3], rtol=1e-8)
    np.testing.assert_allclose([float(v) for v in first[4:]], dataset.trials[0].x[3], rtol=1e-8)
    again = import_dat(tmp_path)
    assert (again.x_names, again.y_names, again.dt) == (dataset.x_names, dataset.y_names, dataset.dt)
    for a, b in zip(dataset, again, strict=True):
        assert (a.name, a.split) == (b.name, b.split)
        np.testing.assert_allclose(a.x, b.x, atol=1e-8)
        np.testing.assert_allclose(a.y, b.y, atol=1e-9)


def test_names_can_be_given(linear_response, tmp_path):
    export_dat(linear_response(), tmp_path)
    (tmp_path / "names.json").unlink()
    with pytest.raises(InputError, match="name the columns"):
        import_dat(tmp_path)
    again = import_dat(tmp_path, outputs=("P", "Q"), inputs=("A", "B"), split=("train",) * 16)
    assert {trial.split for trial in again} == {"train"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 0 1 2 3\n1 0.1 1 2 3\n", "5 columns, but index, time and 4 channels make 6"),
        ("0 0 1 2 3 a\n", "trial.dat"),
        ("0 0 1 2 3 4\n", "fewer than two samples"),
        ("0 0 1 2 3 4\n1 0.1 1 2 3 nan\n", "not finite"),
        ("0 0 1 2 3 4\n1 0.1 1 2 3 4\n2 0.3 1 2 3 4\n", "not evenly spaced"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, message):
    (tmp_path / "trial.dat").write_text(text)
    with pytest.raises(InputError, match=message):
        import_dat(tmp_path, outputs=("P", "Q"), inputs=("A", "B"))


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match=r"no \.dat file"):
        import_dat(tmp_path)


def test_numbers_in_names_count_as_numbers(tmp_path):
    for number in (1, 2, 10):
        (tmp_path / f"FCM_{number}.dat").write_text(f"0 0 {number} 0\n1 0.0005 {number} 0\n")
    dataset = import_dat(tmp_path, outputs=("P",), inputs=("A",))
    assert [trial.name for trial in dataset] == ["FCM_1", "FCM_2", "FCM_10"]
    (tmp_path / "FCM_3.dat").write_text("0 0 1 0\n1 0.005 1 0\n")
    with pytest.raises(InputError, match=r"time steps of 0\.5, 5 ms"):
        import_dat(tmp_path, outputs=("P",), inputs=("A",))


def test_a_folder_of_other_files_is_refused(linear_response, tmp_path):
    (tmp_path / "old.dat").write_text("")
    with pytest.raises(InputError, match=r"other .dat files \(old.dat\)"):
        export_dat(linear_response(), tmp_path)


def test_names_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a.dat").write_text("0 0.0 1 2\n1 0.1 1 2\n")
    (tmp_path / "names.json").write_bytes(b"\x00\xd1\xff")
    with pytest.raises(InputError, match=r"names\.json: not a text in UTF-8 \(byte 1\)"):
        import_dat(tmp_path)
