"""The demo of posture, smaller still."""

import pytest

from surrogates.posture.demo import DemoSize, run_demo
from surrogates.posture.demo_page import write_demo

TINY = DemoSize(
    strains=("N2", "CB4856"), worms=2, duration=60.0, units=6, epochs=2, runs=2, rounds=19, folds=2, trees=10
)


@pytest.mark.slow
def test_every_step_leaves_what_its_command_leaves(tmp_path, shown_whole):
    progress = []
    found = run_demo(tmp_path, TINY, progress.append)
    text = write_demo(found, tmp_path).read_text()
    for heading in ("Worms", "The next frame", "Free runs", "Cells", "Strains"):
        assert f">{heading}</h2>" in text
    made = ("sample.h5", "amplitudes.h5", "generated.h5", "crawled.h5", "generated.gif", "model/model.keras")
    pages = ("comparison/report.html", "cells/report.html", "cells/cells.html", "strains/report.html")
    assert all((tmp_path / name).is_file() for name in (*made, *pages))
    assert set(found.seconds) == {"sample and eigenworms", "training", "free runs", "cells", "strains"}
    assert len(progress) == 5
    for page in ("report.html", *(name for name in pages if name.endswith(".html"))):
        shown_whole(tmp_path / page)
