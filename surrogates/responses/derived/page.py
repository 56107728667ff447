"""The files of a derived model: the model, its facts, and a page."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from connectome.scenario import Scenario
from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.numerals import significant
from surrogates.pages import blocks
from surrogates.pages.page import write_page
from surrogates.responses.derived.derivation import Derived

REPORT_FILE, MODEL_FILE, FACTS_FILE = "report.html", "model.keras", "derived.json"
_SHOWN = 64


def save_derived(derived: Derived, scenario: Scenario, network: str, out: Path) -> Path:
    """Write `model.keras`, `derived.json` and the page into a folder; gives the page's path."""
    from surrogates.runs.model_file import ModelSignature, save_model

    model = derived_model(derived, scenario)
    signature = ModelSignature(scenario.inputs, scenario.outputs, "nA", "V", scenario.dt, scenario.name)
    signature.validate()
    save_model(model, out / MODEL_FILE, signature)
    with atomic_write(out / FACTS_FILE) as temporary:
        temporary.write_text(json.dumps(facts(derived, scenario, network), indent=1))
    return _write_page(derived, scenario, network, out)


def derived_model(derived: Derived, scenario: Scenario) -> Any:
    """A derived model as an ordinary `state_space` model of Keras."""
    from surrogates.responses.models.state_space import state_space

    model = state_space(len(scenario.inputs), len(scenario.outputs), order=derived.order)
    none = np.zeros(derived.order)  # at rest, nothing drives the states
    model.layers[-1].cell.set_weights([derived.a, derived.b, derived.c, derived.d, derived.rest, none])
    return model


def facts(derived: Derived, scenario: Scenario, network: str) -> dict:
    """What is known of a derived model, as JSON has it."""
    return {
        "scenario": scenario.name,
        "network": network,
        "order": derived.order,
        "numbers": derived.numbers,
        "hankel_singular_values_mV_per_nA": derived.balanced.hankel.tolist(),
        "gain_bound_mV_per_nA": derived.balanced.bound(derived.order),
        "poles_per_ms": [[pole.real, pole.imag] for pole in derived.poles],
        "hold": derived.hold,
        "sequences": list(scenario.sequences),
        "rmse_bounds_V": derived.bounds.tolist(),
        "rmse_reduction_V": derived.errors.tolist(),
        "rmse_sampled_V": derived.sampled.tolist(),
    }


def plot_hankel(derived: Derived) -> Figure:
    """Draw the Hankel singular values and the bound of the error against the order."""
    from datasets.plots import COLOURS, tidy

    figure = Figure(figsize=(6.0, 3.2), layout="constrained")
    axes = figure.subplots()
    orders = np.arange(min(_SHOWN, len(derived.balanced.hankel)))
    bounds = [derived.balanced.bound(int(order)) for order in orders]
    axes.semilogy(orders + 1, derived.balanced.hankel[orders], "o", ms=3, color=COLOURS[0], label="singular value")
    axes.semilogy(orders, bounds, color=COLOURS[1], label="bound of the error's gain")
    axes.axvline(derived.order, color="0.6", lw=0.8)
    axes.set_xlabel("order")
    axes.set_ylabel("mV/nA")
    axes.legend(frameon=False)
    tidy([axes])
    return figure


def _write_page(derived: Derived, scenario: Scenario, network: str, out: Path) -> Path:
    columns = (
        blocks.Column("Sequence"),
        blocks.Column("Bound", "mV"),
        blocks.Column("Reduction", "mV"),
        blocks.Column("Sampled", "mV"),
    )
    errors = zip(
        scenario.sequences, *(1000 * e for e in (derived.bounds, derived.errors, derived.sampled)), strict=True
    )
    rows = tuple((name, float(bound), float(lost), float(all_)) for name, bound, lost, all_ in errors)
    caption = (
        "Root mean square error over time and outputs against the whole linear network: its bound, that of the reduced "
        "system, and that of the model, which sees samples of the stimulus."
    )
    poles = [(str(n + 1), -1 / pole.real, float(abs(pole.imag))) for n, pole in enumerate(derived.poles)]
    pole_columns = (blocks.Column("Pole"), blocks.Column("Time constant", "ms"), blocks.Column("Frequency", "rad/ms"))
    alt = "Hankel singular values and the error bound fall with the order on a logarithmic axis"
    figure = blocks.FigureBlock("hankel", plot_hankel(derived), "How much each further state adds.", alt)
    about = {
        "scenario": scenario.name,
        "network": f"{network}, without chemical synapses",
        "order": str(derived.order),
        "numbers": str(derived.numbers),
        "largest gain of the error": f"{significant(derived.balanced.bound(derived.order))} mV/nA",
    }
    sections = (
        blocks.Section("Order", (figure,)),
        blocks.Section("Errors", (blocks.TableBlock(columns, (blocks.Rows(rows),), caption),)),
        blocks.Section(
            "Poles", (blocks.TableBlock(pole_columns, (blocks.Rows(tuple(poles)),), "Of the reduced system."),)
        ),
        blocks.Section("What was derived", (blocks.KeyValues(about),)),
    )
    lead = "A state-space model from the network's capacitances and conductances alone: no simulation, no training."
    return write_page(blocks.Page(f"{scenario.name}: a derived model", lead, sections), out / REPORT_FILE)
