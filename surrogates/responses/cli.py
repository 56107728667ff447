"""The commands of models of responses: searches, ablations, derived models, physics, calibration."""

import typer

import surrogates.responses.ablation.cli
import surrogates.responses.calibration.cli
import surrogates.responses.derived.cli
import surrogates.responses.physics.cli
import surrogates.responses.search.cli


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    surrogates.responses.search.cli.register(app)
    surrogates.responses.ablation.cli.register(app)
    surrogates.responses.derived.cli.register(app)
    surrogates.responses.physics.cli.register(app)
    surrogates.responses.calibration.cli.register(app)
