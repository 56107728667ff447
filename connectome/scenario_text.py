"""Writes a scenario as the TOML text that `scenario_file` reads."""

import json
from collections.abc import Sequence

from connectome.scenario import Scenario
from neuron_models.stimulus import Silence


def scenario_text(scenario: Scenario, title: str = "") -> str:
    """A scenario as TOML, with a word on every setting: what a scenario of one's own begins with.

    >>> from connectome.scenario import load_scenario
    >>> scenario_text(load_scenario("fcm")).splitlines()[4]
    'outputs = ["DB1", "LUAL", "PVR", "VB1"]'
    """
    injected = [name for name in scenario.inputs if name not in scenario.voltage_clamped]
    lines = [
        f"title = {json.dumps(title or scenario.name)}",
        "# Places: a neuron (its soma), or NEURON:SEGMENT:FRACTION.",
        f"inputs = {_list(injected)}  # stimulated by a current in nA",
        f"voltage_clamps = {_list(scenario.voltage_clamped)}  # held at a potential in mV",
        f"outputs = {_list(scenario.outputs)}",
        "# An output is a potential, or, as in 'DB1 synaptic_current', also: gap_current, clamp_current, calcium.",
        f"duration = {scenario.duration!r}  # ms",
        f"sampling = {scenario.dt!r}  # ms",
        f"settle = {float(scenario.settle)!r}  # ms for which the holding currents flow before the first sample",
        f"ablated = {_list(scenario.ablated)}",
        "",
        "[holding]  # beneath every stimulus: nA, or mV under a voltage clamp",
    ]
    held = scenario.holding or (0.0,) * len(scenario.inputs)
    lines += [f"{_key(name)} = {value!r}" for name, value in zip(scenario.inputs, held, strict=True)]
    for index, name in enumerate(scenario.sequences):
        lines += ["", "[[sequences]]", f"name = {json.dumps(name)}", f'split = "{scenario.split[index]}"']
        lines.append("[sequences.stimuli]")
        for cell, waveform in zip(scenario.inputs, scenario.stimuli[index], strict=True):
            if not isinstance(waveform, Silence):
                lines.append(f"{_key(cell)} = {json.dumps(str(waveform))}")
    return "\n".join(lines) + "\n"


def _list(names: Sequence[str]) -> str:
    return json.dumps(list(names))


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)
