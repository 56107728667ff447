"""`wormtwin identity match`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.identity.cli import TracksArgument, identity_app
from neuron_models.foundation.errors import require
from neuron_models.foundation.wording import counted


@identity_app.command("match")
def match(
    first: TracksArgument,
    second: TracksArgument,
    out: Annotated[Path | None, typer.Option(help="Write the matches here, too (.json).")] = None,
) -> None:
    """Say which animal of one video is which of another; both were tracked with looks."""
    import json

    from datasets.identity.matching import match_rows, print_matches
    from neuron_models.foundation.files import atomic_write, require_writable
    from surrogates.identity.matching import load_known, match_animals

    if out is not None:
        require(out.suffix == ".json", f"--out {out}: a file of matches ends in .json")
        require(not out.exists(), f"{out} exists: delete it or choose another --out")
        require_writable(out)
    known = load_known(first), load_known(second)
    names = known[0].names, known[1].names
    matches, why_not = match_animals(*known)
    if out is not None:
        with atomic_write(out) as temporary:
            rows = {"files": [str(first), str(second)], "note": why_not, "matches": match_rows(matches, names)}
            temporary.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print_matches(matches, names, (first, second))
    if why_not:
        print(f"Note: {why_not}")
    sure = sum(each.sure for each in matches)
    print(f"{sure} of {counted(min(len(names[0]), len(names[1])), 'animal')} recognised")
