"""Scenarios: which neurons are stimulated and how, which are read, and how the sequences are divided."""

import csv
import importlib.resources
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from connectome.scenario_data import Scenario
from connectome.scenario_names import SCENARIO_NAMES
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Nanoamperes
from neuron_models.stimulus import Silence, parse

AVB_AND_PLM: dict[str, Nanoamperes] = {"PLML": 1.4, "PLMR": 1.4, "AVBL": 2.3, "AVBR": 2.3}
IL2: dict[str, Nanoamperes] = dict.fromkeys(("IL2DL", "IL2DR", "IL2L", "IL2R", "IL2VL", "IL2VR"), 4.8)

FCM_OUTPUTS = ("DB1", "LUAL", "PVR", "VB1")
FCM_WIDE_OUTPUTS = (
    *("AS1", "AS7", "DA1", "DA9", "DB1", "DB5", "DD1", "DVA"),
    *("LUAL", "PHCL", "PLML", "PVCL", "PVR", "SIBVL", "VB1", "VD1"),
)
NICTATION_OUTPUTS = ("RMED", "RMEL", "RMER", "RMEV", "RMGL", "RMGR")
NICTATION_WIDE_OUTPUTS = (*NICTATION_OUTPUTS, "RMHL", "RMHR", "SMDDL", "SMDDR", "SMDVL", "SMDVR")


def _published(name: str, amplitudes: dict[str, Nanoamperes], outputs: tuple[str, ...]) -> Scenario:
    path = importlib.resources.files("connectome") / "data" / f"stimuli_{name}.csv"
    rows = list(csv.DictReader(path.read_text().splitlines()))
    return Scenario(
        name=name,
        inputs=tuple(amplitudes),
        outputs=outputs,
        sequences=tuple(f"{name}_{int(row['sequence']):02d}" for row in rows),
        stimuli=tuple(tuple(amplitudes[cell] * parse(row[cell]) for cell in amplitudes) for row in rows),
        split=tuple(row["split"] for row in rows),
    )


def _both() -> Scenario:
    fcm, nictation = load_scenario("fcm_wide"), load_scenario("nictation_wide")
    silent_fcm, silent_nictation = (Silence(),) * len(fcm.inputs), (Silence(),) * len(nictation.inputs)
    return Scenario(
        name="fcm_nictation",
        inputs=fcm.inputs + nictation.inputs,
        outputs=fcm.outputs + nictation.outputs,
        sequences=fcm.sequences + nictation.sequences,
        stimuli=tuple(row + silent_nictation for row in fcm.stimuli)
        + tuple(silent_fcm + row for row in nictation.stimuli),
        split=fcm.split + nictation.split,
    )


_MAKERS: dict[str, Callable[[], Scenario]] = {
    "fcm": lambda: _published("fcm", AVB_AND_PLM, FCM_OUTPUTS),
    "fcm_wide": lambda: replace(_published("fcm", AVB_AND_PLM, FCM_WIDE_OUTPUTS), name="fcm_wide"),
    "nictation": lambda: _published("nictation", IL2, NICTATION_OUTPUTS),
    "nictation_wide": lambda: replace(_published("nictation", IL2, NICTATION_WIDE_OUTPUTS), name="nictation_wide"),
    "fcm_nictation": _both,
}
SCENARIOS = {name: (about, _MAKERS[name]) for name, about in SCENARIO_NAMES.items()}
"""What each published scenario is, and how it is made."""


def load_scenario(name: str | Path) -> Scenario:
    """Load one of `SCENARIOS`, as published by Barbulescu et al. 2023 (Tables and Supplement), or a .toml file.

    Raises:
        InputError: there is no such scenario, and the message lists those that there are; or the file is wrong (see
            `connectome.scenario_file`).
    """
    if str(name) in SCENARIOS:
        return SCENARIOS[str(name)][1]()
    if Path(name).suffix.lower() == ".toml":
        from connectome.scenario_file import load_scenario_file

        return load_scenario_file(Path(name))
    known = ", ".join(SCENARIOS)
    raise InputError(f"there is no scenario {str(name)!r}; there are {known}, or the path of a .toml file of your own")
