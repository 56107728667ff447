"""Tables in a terminal."""

from rich.table import Table

from neuron_models.foundation.printing import print_whole


def test_no_figure_is_cut(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "20")
    table = Table(*(f"column {n}" for n in range(30)), title="Many figures")
    table.add_row(*(f"{n / 7:.12f}" for n in range(30)))
    print_whole(Table("a"), table)
    printed = capsys.readouterr().out.splitlines()
    row = next(line for line in printed if "0.142857142857" in line)
    assert all(f"{n / 7:.12f}" in row for n in range(30))
    assert "Many figures" in "".join(printed)
