"""The part of the report that is about one experiment: scores, sizes, losses, traces, outputs, activity."""

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from datasets.store import load_dataset
from neuron_models.foundation.numerals import listed, shown_units, significant
from neuron_models.foundation.splits import SPLITS
from surrogates.pages import blocks
from surrogates.responses.experiments.input_groups import ablation_section
from surrogates.responses.experiments.outcome import Outcome
from surrogates.responses.experiments.plots import plot_losses, plot_outputs, plot_size
from surrogates.responses.experiments.tables import (
    best,
    converged,
    entries_table,
    frontier,
    outputs_table,
    runs_table,
    variant,
)
from surrogates.responses.experiments.trained_models import activity, plot_activity, plot_best_traces
from surrogates.responses.models.table import MODELS
from surrogates.runs.result import HISTORY_FILE
from surrogates.training.model_kind import look_up

_ERRORS = [f"{split}{part}" for split in SPLITS for part in ("", "_sd", "_low", "_high", "_published")]
_POINTS = 200
"""Of a curve over epochs; more than a figure can show."""


def experiment_section(outcome: Outcome) -> blocks.Section:
    """All about one experiment."""
    factor, units = shown_units(load_dataset(outcome.runs[0][1][0].data, lazy=True).y_units)
    table = entries_table(outcome)
    table[_ERRORS] *= factor
    parts = (
        _scores(outcome, table, factor, units),
        _sizes(outcome, table, units),
        ablation_section(outcome, factor, units),
        _losses(outcome, factor, units),
        _traces(outcome),
        _outputs(outcome, factor, units),
        _activity(outcome),
    )
    name = outcome.experiment.name
    title = outcome.experiment.title
    heading = title if title.lower().startswith("experiment") else f"Experiment {name}: {title}"
    notes = [blocks.Note(text) for text in (_in_a_sentence(table, units), outcome.experiment.note) if text]
    return blocks.Section(heading, (*notes, *filter(None, parts)))


def _in_a_sentence(table: pd.DataFrame, units: str) -> str:
    """The lowest test errors of each variant: network, baseline, published."""
    texts = []
    for name, rows in table.groupby("variant", sort=False):
        ends = []
        for what, row in (("network", best(rows, True)), ("baseline", best(rows, False))):
            if row is not None:
                size = f"{row['label']}, {row['parameters']:,} parameters"
                ends.append((row["test"], f"best {what} {significant(row['test'])} {units} ({size})"))
        ends.sort()
        if not math.isnan(published := rows["test_published"].min()):
            ends.append((published, f"best published {significant(published)} {units}"))
        texts.append((f"{name[0].upper()}{name[1:]}: " if name else "Test RMSE: ") + ", ".join(end for _, end in ends))
    return ". ".join(texts) + "."


def _scores(outcome: Outcome, table: pd.DataFrame, factor: float, units: str) -> blocks.Section:
    content: list[blocks.Block] = []
    for name, rows in table.groupby("variant", sort=False):
        caption = "Mean ± standard deviation of the runs; ▸ marks the lowest of a column."
        content.append(_score_table(rows, units, f"{name[0].upper()}{name[1:]}. {caption}" if name else caption))
    content.append(blocks.Details("All runs", (_runs_block(outcome, factor, units),)))
    return blocks.Section("Scores", tuple(content))


def _score_table(table: pd.DataFrame, units: str, caption: str) -> blocks.TableBlock:
    published = [split for split in SPLITS if table[f"{split}_published"].notna().any()]
    columns = [blocks.Column("Model"), blocks.Column("Parameters"), blocks.Column("Runs")]
    for split in SPLITS:
        name = "Training" if split == "train" else split.capitalize()
        columns.append(blocks.Column(name, units, best="lowest"))
        if split in published:
            columns.append(blocks.Column("published", units))
    columns += [blocks.Column("Training time", "s", best="lowest"), blocks.Column("Step", "µs", best="lowest")]
    groups = []
    for title, network in (("Recurrent networks", True), ("Baselines", False)):
        rows = [_score_row(row, published) for row in table[table["network"] == network].to_dict("records")]
        if rows:
            groups.append(blocks.Rows(tuple(rows), title))
    return blocks.TableBlock(tuple(columns), tuple(groups), caption)


def _score_row(row: dict, published: list[str]) -> tuple:
    diverged = f"{row['diverged']} diverged" if row["diverged"] else ""
    cells = [row["label"], row["parameters"] or None, blocks.Cell(row["runs"], diverged)]
    for split in SPLITS:
        spread = row[f"{split}_sd"]
        cells.append(blocks.Cell(row[split], "" if math.isnan(spread) else f"± {significant(spread, 2)}"))
        if split in published:
            cells.append(row[f"{split}_published"])
    return (*cells, row["seconds"], row["step"])


def _runs_block(outcome: Outcome, factor: float, units: str) -> blocks.TableBlock:
    names = ("Training", "Validation", "Test")
    columns = (blocks.Column("Model"), blocks.Column("Seed"), *(blocks.Column(name, units) for name in names))
    columns += (blocks.Column("Best epoch"), blocks.Column("Training time", "s"), blocks.Column("Step", "µs"))
    groups = []
    for title, runs in runs_table(outcome).groupby("variant", sort=False):
        rows = []
        for run in runs.to_dict("records"):
            errors = (run[split] * factor for split in SPLITS)
            epoch = run["epoch"] or None
            name = blocks.Cell(run["label"], "diverged" if run["diverged"] else "")
            rows.append((name, run["seed"], *errors, epoch, run["seconds"], run["step"]))
        groups.append(blocks.Rows(tuple(rows), str(title)))
    return blocks.TableBlock(columns, tuple(groups), "Every run.")


def _sizes(outcome: Outcome, table: pd.DataFrame, units: str) -> blocks.Section | None:
    if table["test"].isna().all():
        return None
    texts = []
    for name, rows in table.groupby("variant", sort=False):
        steps = [
            f"{row['label']} ({row['parameters']:,}) {significant(row['test'])} {units}"
            for _, row in frontier(rows).iterrows()
        ]
        texts.append((f"{name}: " if name else "") + ", ".join(steps))
    caption = (
        "Test error against the number of parameters; bars span the runs, and the grey step is the lowest error with "
        f"as many parameters or fewer. Unbeaten at their size, with their parameters: {'; '.join(texts)}."
    )
    alt = f"Scatter plot on logarithmic axes. Unbeaten at their size: {'; '.join(texts)}."
    floors = _floors(outcome, units)
    if floors:
        caption += " Dashed: what the network loses when it is linearised about rest."
    if (table["model"] == "derived").any():
        caption += " Derived models are made of the network's matrices and of no data."
    figure = plot_size(table, units, floors)
    return _figure_section(outcome, "Error against size", "size", (figure, caption, alt, table))


def _figure_section(
    outcome: Outcome, title: str, name: str, drawn: tuple[Figure, str, str, pd.DataFrame]
) -> blocks.Section:
    """A section of one figure, its caption, what it shows in words, and the numbers that it draws."""
    return blocks.Section(title, (blocks.FigureBlock(f"experiment-{outcome.experiment.name}-{name}", *drawn),))


def _floors(outcome: Outcome, units: str) -> dict[str, float]:
    """The linear floor of each variant that sees all inputs, as the page shows errors."""
    factor = 1000.0 if units == "mV" else 1.0
    known = outcome.experiment.floors
    return {
        variant(entry, outcome): factor * known[entry.sampling]
        for entry, _ in outcome.runs
        if not entry.without and entry.sampling in known
    }


def _losses(outcome: Outcome, factor: float, units: str) -> blocks.Section | None:
    curves = loss_curves(outcome)
    curves[["median", "low", "high"]] *= factor
    figure = plot_losses(curves, units)
    if figure is None:
        return None
    caption = "Validation error over epochs: median of the runs, and the range that they span."
    last = curves.sort_values("epoch").groupby(["variant", "model", "size"], sort=False).tail(1)
    ends = [f"{row.model}-{row.size} {row.variant} {significant(row.median)} {units}" for row in last.itertuples()]
    alt = f"Loss curves; they end at {', '.join(ends)}."
    return _figure_section(outcome, "Loss", "loss", (figure, caption, alt, curves))


def loss_curves(outcome: Outcome) -> pd.DataFrame:
    """Validation RMSE by model, variant, size and epoch: median and range of the runs.

    Models that have no epochs have no rows, nor have those whose loss is not the error of a free run.
    """
    parts = []
    for entry, runs in outcome.runs:
        if not look_up(entry.kind, MODELS).judged_freely:
            continue
        read = [
            pd.read_csv(run.folder / HISTORY_FILE) for run in converged(runs) if (run.folder / HISTORY_FILE).exists()
        ]
        histories = [table.set_index("epoch")["val_rmse"] for table in read if len(table) and "val_rmse" in table]
        if histories:
            joined = pd.concat(histories, axis=1)
            summary = pd.DataFrame(
                {"median": joined.median(axis=1), "low": joined.min(axis=1), "high": joined.max(axis=1)}
            )
            kept = np.unique(np.linspace(0, len(summary) - 1, _POINTS).astype(int))
            size = "-".join(str(value) for value in entry.settings.values())
            about = {"model": entry.series, "variant": variant(entry, outcome), "size": size}
            parts.append(summary.iloc[kept].reset_index().assign(**about))
    empty = pd.DataFrame(columns=["epoch", "median", "low", "high", "model", "variant", "size"])
    return pd.concat(parts) if parts else empty


def _traces(outcome: Outcome) -> blocks.Section | None:
    drawn = plot_best_traces(outcome)
    if drawn is None:
        return None
    figure, names, table = drawn
    caption = (
        f"Simulated responses (grey) and those of {listed(names)} (each its best run by validation), for the test "
        f"sequences on which {names[0]} does best, middling and worst; at most four outputs, those that vary most."
    )
    alt = f"Stimuli above, simulated and predicted responses of {listed(names)} below, for up to three test sequences."
    return _figure_section(outcome, "Traces", "traces", (figure, caption, alt, table))


def _outputs(outcome: Outcome, factor: float, units: str) -> blocks.Section | None:
    errors = outputs_table(outcome)
    if errors.empty:
        return None
    errors["rmse"] *= factor
    means = errors.groupby("output", sort=False)["rmse"].mean().sort_values()
    caption = f"Test error of every output by every model, mean of the runs, in {units}; darker is larger."
    alt = f"Heat map. On average over the models {means.index[0]} is met best and {means.index[-1]} worst."
    return _figure_section(outcome, "Error by output", "outputs", (plot_outputs(errors, units), caption, alt, errors))


def _activity(outcome: Outcome) -> blocks.Section | None:
    traces = activity(outcome)
    if traces is None:
        return None
    name, dataset, states = traces
    caption = (
        f"The hidden units of {name} (its best run by validation) over test sequence {dataset.trials[0].name}, ordered "
        "by the time at which they are farthest from where they start; the stimulus above."
    )
    table = pd.DataFrame(states, columns=[f"unit {index + 1}" for index in range(states.shape[1])])
    table.insert(0, "time", np.arange(len(table)) * dataset.dt)
    alt = f"Heat map of {states.shape[1]} hidden units over {len(dataset.trials[0]) * dataset.dt:g} ms."
    return _figure_section(outcome, "Activity", "activity", (plot_activity(dataset, states), caption, alt, table))
