"""The report of the benchmark of behaviour states."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from connectome.wiring import load_connectome
from datasets.calcium.plots import is_calcium
from datasets.calcium.state_rules import state_rule
from neuron_models.foundation.numerals import listed
from neuron_models.foundation.wording import counted
from surrogates.calcium.graph.wiring import signed_counts
from surrogates.calcium.recordings_section import recordings_section
from surrogates.calcium.states.benchmark import Benchmark
from surrogates.calcium.states.plots import (
    model_label,
    plot_accuracy,
    plot_by_worms,
    plot_edges,
    plot_occlusion,
)
from surrogates.calcium.states.reading import Agreement, against_connectome
from surrogates.calcium.states.tables import without_ava
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.training.confusion import plot_confusion

_LEAD = (
    "Models tell what a worm does from the calcium traces of a few of its neurons: a window of eight frames around the "
    "frame that is labelled. Published figures are those of Wang et al. 2020. The paper's protocol shuffles windows, "
    "so that windows which share frames train and test; the strict one keeps whole blocks of time apart."
)
_COMPARED = ("calcium_logistic", "calcium_svm", "calcium_mlp", "calcium_gnn", "calcium_connectome", "calcium_shuffled")


def write_states_report(
    benchmark: Benchmark, table: pd.DataFrame, out: Path, more: Sequence[blocks.Section] = ()
) -> Path:
    """Write `report.html` and its figures.

    Args:
        benchmark: what was measured.
        table: as `accuracy_table` makes it.
        out: the folder.
        more: further sections, such as that on trajectories.
    """
    shown = is_calcium(benchmark.dataset) and len(benchmark.dataset.x_names) >= 3
    sections = [recordings_section(benchmark.dataset)] if shown else []
    sections += [_rule_section(rule, table[table["rule"] == rule], benchmark) for rule in benchmark.rules]
    compared = [model for model in _COMPARED if model in benchmark.models] or list(benchmark.models[:6])
    by_worms = blocks.FigureBlock(
        "accuracy-by-worms",
        plot_by_worms(table, compared),
        "Accuracy on worms that were never seen against the number of worms learned from, strict protocol.",
        "Lines of accuracy over the number of training worms, one for each model, a panel for each state rule.",
        table[(table["asked"] == "unseen") & (table["protocol"] == "strict")].drop(columns=["recall", "confusion"]),
    )
    sections.append(blocks.Section("More worms", (by_worms,)))
    sections += [_reading_section(rule, reading) for rule, reading in benchmark.reading.items() if reading]
    sections += [*more, _what_was_run(benchmark)]
    title = "Behaviour states and trajectories from calcium" if more else "Behaviour states from calcium"
    lead = f"{_LEAD} Others forecast the traces from eight frames." if more else _LEAD
    return write_page(blocks.Page(title, lead, tuple(sections)), out / "report.html")


def _rule_section(rule: str, table: pd.DataFrame, benchmark: Benchmark) -> blocks.Section:
    sizes = {"seen": 1, "unseen": len(benchmark.dataset) - 1}
    classes = list(state_rule(rule).classes)
    figure = blocks.FigureBlock(
        f"accuracy-{_plain(rule)}",
        plot_accuracy(table, sizes),
        "Mean over combinations of training worms, with their standard deviation; published figures where there are.",
        "A dot for each model under each protocol, on worms that were learned from and on worms never seen.",
        table.drop(columns=["recall", "confusion"]),
    )
    unseen = table[(table["asked"] == "unseen") & (table["training_worms"] == sizes["unseen"])]
    strict = unseen[unseen["protocol"] == "strict"].sort_values("accuracy", ascending=False)
    best = strict.iloc[0]
    shown = list(
        dict.fromkeys([best["model"], *(m for m in ("calcium_logistic", "calcium_gnn") if m in set(strict["model"]))])
    )
    tables = {model_label(m): strict[strict["model"] == m].iloc[0]["confusion"] for m in shown}
    confusion = blocks.FigureBlock(
        f"confusion-{_plain(rule)}",
        plot_confusion(tables, classes),
        f"Which state unseen worms were given, trained on {counted(sizes['unseen'], 'worm')}, strict protocol.",
        "Heat maps of the share of each true state that was given each state.",
    )
    best_is = (
        f"{model_label(best['model'])} does best on a worm never seen: {best['accuracy']:.1f} % of windows, "
        f"{best['chance']:.1f} % by chance."
    )
    content: tuple[blocks.Block, ...] = (
        blocks.Paragraph(_rule_words(rule)),
        blocks.Note(best_is),
        _accuracy_block(table, sizes),
        figure,
        confusion,
        blocks.Details("Recall by state on unseen worms", (_recall_block(strict, classes),)),
    )
    return blocks.Section(f"{len(classes)} states (rule {rule})", content)


def _rule_words(rule: str) -> str:
    classes = state_rule(rule).classes
    parts = [
        f"{name.replace('_', ' ')} is {listed([s.replace('_', ' ') for s in states])}"
        for name, states in classes.items()
    ]
    return f"The state rule: {'; '.join(parts)}. Frames of all other states are no labels."


def _accuracy_block(table: pd.DataFrame, sizes: Mapping[str, int]) -> blocks.TableBlock:
    heads = [(test, size, protocol) for test, size in sizes.items() for protocol in ("paper", "strict")]
    columns = [blocks.Column("model")]
    for test, size, protocol in heads:
        columns.append(blocks.Column(f"{test}, {protocol}", f"%, {counted(size, 'worm')} learned", best="highest"))
        if protocol == "paper":
            columns.append(blocks.Column(f"published, {test}", "%"))
    columns.append(blocks.Column("chance, unseen", "%"))
    rows: list[tuple[blocks.Value | blocks.Cell, ...]] = []
    for model, mine in table.groupby("model", sort=False):
        cells: list[blocks.Value | blocks.Cell] = [model_label(str(model))]
        chance = float("nan")
        for test, size, protocol in heads:
            chosen = mine[(mine["asked"] == test) & (mine["training_worms"] == size) & (mine["protocol"] == protocol)]
            row = chosen.iloc[0]
            cells.append(blocks.Cell(float(row["accuracy"]), "" if np.isnan(row["sd"]) else f"± {row['sd']:.1f}"))
            if protocol == "paper":
                cells.append(float(row["published"]))
            chance = float(row["chance"])
        rows.append((*cells, chance))
    caption = "Accuracy: mean and standard deviation over combinations of worms; chance is the commonest state's share."
    return blocks.TableBlock(tuple(columns), (blocks.Rows(tuple(rows)),), caption)


def _recall_block(rows: pd.DataFrame, classes: Sequence[str]) -> blocks.TableBlock:
    columns = (
        blocks.Column("model"),
        *(blocks.Column(name.replace("_", " "), "%", best="highest") for name in classes),
    )
    cells: tuple[tuple[blocks.Value | blocks.Cell, ...], ...] = tuple(
        (model_label(row["model"]), *(float(row["recall"][name]) for name in classes)) for _, row in rows.iterrows()
    )
    return blocks.TableBlock(
        columns, (blocks.Rows(cells),), "Share of each state's windows that is found, strict protocol."
    )


def _reading_section(rule: str, reading: Mapping[str, Any]) -> blocks.Section:
    content: list[blocks.Block] = []
    if "reading" in reading:
        content += _edges_blocks(reading["reading"])
    if rows := without_ava(reading):
        columns = (
            blocks.Column("model"),
            blocks.Column("without AVA, paper", "%"),
            blocks.Column("without AVA, strict", "%"),
        )
        cells: tuple[tuple[blocks.Value | blocks.Cell, ...], ...] = tuple(
            (model_label(model), *(float(each) for each in found)) for model, found in rows.items()
        )
        caption = "Accuracy on a worm never seen when AVAL and AVAR are neither learned nor shown."
        content.append(blocks.TableBlock(columns, (blocks.Rows(cells),), caption))
    return blocks.Section(f"What the models look at (rule {rule})", tuple(content))


def _edges_blocks(edges_read: Mapping[str, Any]) -> list[blocks.Block]:
    neurons, edges = edges_read["neurons"], np.array(edges_read["edges"])
    agreements = against_connectome(edges, neurons)
    counts = signed_counts(load_connectome(), neurons)
    content: list[blocks.Block] = [
        blocks.Paragraph(_agreement_words(agreements)),
        blocks.FigureBlock(
            "edges",
            plot_edges(edges, counts, neurons),
            "Edges that the graph network infers on worms never seen, beside the contacts of the connectome.",
            "Two heat maps, neurons before by neurons after: inferred weights, and numbers of contacts.",
            pd.DataFrame(edges, index=neurons, columns=neurons).reset_index(names="pre"),
        ),
    ]
    if edges_read["occlusion"]:
        lost = pd.DataFrame(edges_read["occlusion"]).reset_index(names="neuron")
        content.append(
            blocks.FigureBlock(
                "occlusion",
                plot_occlusion(edges_read["occlusion"]),
                "Accuracy that is lost on worms never seen when a neuron shows its mean, mean over the worms.",
                "Bars of lost accuracy by neuron, one for each model.",
                lost,
            )
        )
    return content


def _agreement_words(agreements: Mapping[str, Agreement]) -> str:
    parts = [f"{kind}: {each.rho:.2f} (p {each.p:.2g})" for kind, each in agreements.items()]
    return (
        f"Spearman's correlation of inferred edges with numbers of contacts, and the share of random orders of the "
        f"neurons that give as much: {'; '.join(parts) or 'none, the connectome joins none of these neurons'}."
    )


def _what_was_run(benchmark: Benchmark) -> blocks.Section:
    data, training = benchmark.dataset, benchmark.training
    chosen = pd.Series([f"{i.scaling}, {i.smoothing}" for i in benchmark.inputs.values()]).value_counts()
    entries = {
        "Recordings": f"{data.source}; {counted(len(data), 'worm')}, {data.x_names[0]} to {data.x_names[-1]}",
        "Neurons": listed(list(data.x_names)),
        "Folds": f"{training.folds} of shuffled windows (paper), {training.blocks} of blocks of time (strict)",
        "Training": f"{training.steps} steps of {training.batch_size} windows, Adam from {training.learning_rate:g}",
        "Inputs chosen inside the training worms": "; ".join(f"{name}: {n} times" for name, n in chosen.items()),
    }
    text = (
        "Scaling uses a recording's own range or spread, without labels. Scaling and the smoothing of the derivatives, "
        "in frames, were chosen for each state rule and combination of training worms by logistic regression inside "
        "these worms, and are the same for all models."
    )
    return blocks.Section("What was run", (blocks.KeyValues(entries), blocks.Paragraph(text)))


def _plain(rule: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-" else "-" for letter in rule)[:60]
