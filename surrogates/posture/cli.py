"""The commands of this topic's models, which their modules add to `wormtwin posture` when they are imported."""

import typer

import surrogates.posture.cells.cli
import surrogates.posture.cells.strains_cli
import surrogates.posture.crawl.cli
import surrogates.posture.demo_cli
import surrogates.posture.forced_choice.cli
import surrogates.posture.network.cli


def register(app: typer.Typer) -> None:
    """Mount the command of this topic that stands by itself."""
    surrogates.posture.crawl.cli.register(app)
