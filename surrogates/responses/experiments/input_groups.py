"""What each input carries: the error of every output when the models are trained without an input."""

import pandas as pd

from neuron_models.foundation.numerals import listed, significant
from surrogates.pages import blocks
from surrogates.responses.experiments.outcome import Outcome
from surrogates.responses.experiments.tables import outputs_table, variant

_CLEAR = 2.0
"""Inputs carry an output when the error without them is so many times that of any other variant."""


def ablation_section(outcome: Outcome, factor: float, units: str) -> blocks.Section | None:
    """The table by output and missing input, and a sentence for each; None where no input is missing."""
    missing = {variant(entry, outcome): entry.without for entry, _ in outcome.runs if entry.without}
    errors = outputs_table(outcome)
    errors = errors[errors["network"]]
    if not missing or errors.empty:
        return None
    grid = _grid(errors, "rmse") * factor
    relative = _grid(errors, "relative") * 100
    names = list(grid.columns)
    columns = (blocks.Column("Output"), *(blocks.Column(name or "all inputs", units) for name in names))
    columns += tuple(blocks.Column(f"{name or 'all inputs'}, of range", "%") for name in names)
    rows = tuple((output, *map(float, grid.loc[output]), *map(float, relative.loc[output])) for output in grid.index)
    caption = "Test error by output, mean over the recurrent networks and their runs."
    notes = tuple(blocks.Note(sentences) for sentences in carried(relative, missing))
    how = (
        "Inputs are said to carry an output when its error without them is the largest, and at least "
        f"{_CLEAR:g} times that of any other column."
    )
    return blocks.Section(
        "What each input carries",
        (*notes, blocks.TableBlock(columns, (blocks.Rows(rows),), caption), blocks.Paragraph(how)),
    )


def carried(relative: pd.DataFrame, missing: dict[str, tuple[str, ...]]) -> list[str]:
    """A sentence for each missing input: which outputs it carries, and how the others fare.

    Args:
        relative: error in percent of an output's range, (output, variant).
        missing: the variants in which inputs are missing, and those inputs.
    """
    sentences = []
    for name, inputs in missing.items() if relative.shape[1] > 1 else ():
        errors, others = relative[name], relative.drop(columns=name).max(axis=1)
        lost = errors[errors >= _CLEAR * others].sort_values(ascending=False).index
        kept = [output for output in relative.index if output not in lost]
        one = len(inputs) == 1
        text = f"{listed(inputs)} {'carries' if one else 'carry'} "
        if not len(lost):
            sentences.append(f"{text}no output that the others do not carry as well.")
            continue
        text += (
            f"{listed(tuple(lost))}: without {'it' if one else 'them'} the error is {_figures(errors, lost)} of range"
        )
        sentences.append(f"{text}, that of {listed(kept)} {_figures(errors, kept)}." if kept else f"{text}.")
    return sentences


def _figures(errors: pd.Series, outputs) -> str:
    return listed([f"{significant(float(errors[output]))} %" for output in outputs])


def _grid(errors: pd.DataFrame, what: str) -> pd.DataFrame:
    """(output, variant), the mean over the models, both in the order in which they come."""
    mean = errors.pivot_table(index="output", columns="variant", values=what, aggfunc="mean")
    return mean.loc[list(dict.fromkeys(errors["output"])), list(dict.fromkeys(errors["variant"]))]
