"""What each input carries: the error of every output when the models are trained without an input."""

import pandas as pd

from surrogates.experiments import Outcome
from surrogates.report.experiment_tables import outputs_table
from surrogates.report.numerals import listed, significant
from surrogates.report.page import Column, Note, Paragraph, Rows, Section, TableBlock

_CLEAR = 2.0
"""An output hangs on an input when the error without it is so many times that without the others."""


def ablation_section(outcome: Outcome, factor: float, units: str) -> Section | None:
    """The table by output and missing input, and a sentence for each; None where no input is missing."""
    missing = {f"without {listed(entry.without)}": listed(entry.without) for entry, _ in outcome.runs if entry.without}
    errors = outputs_table(outcome)
    errors = errors[errors["network"]]
    if not missing or errors.empty:
        return None
    grid = _grid(errors, "rmse") * factor
    relative = _grid(errors, "relative") * 100
    names = list(grid.columns)
    columns = (Column("Output"), *(Column(name or "all inputs", units) for name in names))
    columns += tuple(Column(f"{name or 'all inputs'}, of range", "%") for name in names)
    rows = tuple((output, *map(float, grid.loc[output]), *map(float, relative.loc[output])) for output in grid.index)
    caption = "Test error by output, mean over the recurrent networks and their runs."
    notes = tuple(Note(said) for said in carried(relative, missing))
    how = (
        "An output is said to hang on an input when its error without it is the largest, and at least "
        f"{_CLEAR:g} times that without any other."
    )
    return Section("What each input carries", (*notes, TableBlock(columns, (Rows(rows),), caption), Paragraph(how)))


def carried(relative: pd.DataFrame, missing: dict[str, str]) -> list[str]:
    """A sentence for each missing input: which outputs hang on it, and which do without.

    Args:
        relative: error in percent of an output's range, (output, variant).
        missing: the variants in which inputs are missing, and those inputs.
    """
    said = []
    for variant, inputs in missing.items():
        others = relative.drop(columns=variant).max(axis=1) if relative.shape[1] > 1 else relative[variant] * 0
        lost = relative[relative[variant] >= _CLEAR * others].sort_values(variant, ascending=False).index
        kept = [output for output in relative.index if output not in lost]
        verb = "loses" if len(lost) == 1 else "lose"
        text = f"{inputs} carry no output of their own"
        if len(lost):
            text = f"Without {inputs}, {listed(tuple(lost))} {verb} most: {_figures(relative[variant], lost)} of range"
        if len(lost) and kept:
            text += (
                f", where {listed(kept)} {'is' if len(kept) == 1 else 'are'} met to {_figures(relative[variant], kept)}"
            )
        said.append(f"{text}.")
    return said


def _figures(errors: pd.Series, outputs) -> str:
    return listed([f"{significant(float(errors[output]))} %" for output in outputs])


def _grid(errors: pd.DataFrame, what: str) -> pd.DataFrame:
    """(output, variant), the mean over the models, both in the order in which they come."""
    mean = errors.pivot_table(index="output", columns="variant", values=what, aggfunc="mean")
    return mean.loc[list(dict.fromkeys(errors["output"])), list(dict.fromkeys(errors["variant"]))]
