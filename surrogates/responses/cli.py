"""The commands of models of responses: searches and ablations."""

import typer

import surrogates.responses.ablation.cli
import surrogates.responses.search.cli


def register(app: typer.Typer) -> None:
    """Mount these commands."""
    surrogates.responses.search.cli.register(app)
    surrogates.responses.ablation.cli.register(app)
