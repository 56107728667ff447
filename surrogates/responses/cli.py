"""The commands of models of responses: searches, ablations, derived models, physics, calibration."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

import surrogates.responses.ablation.cli
import surrogates.responses.calibration.cli
import surrogates.responses.derived.cli
import surrogates.responses.physics.cli
import surrogates.responses.search.cli
from datasets.responses.cli import CHOOSERS

if TYPE_CHECKING:
    from connectome.scenario import Scenario


def register(app: typer.Typer) -> None:
    """Mount these commands, and let `simulate` ask models for stimuli."""
    CHOOSERS["model"] = _chosen_by_models
    surrogates.responses.search.cli.register(app)
    surrogates.responses.ablation.cli.register(app)
    surrogates.responses.derived.cli.register(app)
    surrogates.responses.physics.cli.register(app)
    surrogates.responses.calibration.cli.register(app)


def _chosen_by_models(scenario: "Scenario", models: list[Path], number: int, seed: int) -> "tuple[Scenario, str]":
    from surrogates.responses.next_stimuli import next_scenario

    return next_scenario(scenario, models, number, seed)
