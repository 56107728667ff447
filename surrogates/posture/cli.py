"""The commands of this topic's models, which their modules add to `wormtwin posture` when they are imported."""

import surrogates.posture.cells.cli
import surrogates.posture.cells.strains_cli
import surrogates.posture.demo_cli
import surrogates.posture.forced_choice.cli
import surrogates.posture.network.cli  # noqa: F401
