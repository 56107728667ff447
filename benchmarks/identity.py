"""IDF1 and switches of `wormtwin identity track` on labelled films: FOLDER holds NAME.mp4 and NAME.slp.

python benchmarks/identity.py FOLDER two_flies:2 ten_zfish:10 [--appearance]
"""

import argparse
import tempfile
import time
from pathlib import Path

from run_experiments import run


def main() -> None:
    """Track each film, and print the scores and the processor time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("films", nargs="+", help="NAME:ANIMALS")
    parser.add_argument("--appearance", action="store_true", help="train the network too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for film in given.films:
            name, _, animals = film.partition(":")
            out, begun = Path(scratch) / f"{name}.h5", time.process_time()
            looks = "--appearance" if given.appearance else "--no-appearance"
            video = str(given.folder / f"{name}.mp4")
            run(["identity", "track", video, "--animals", animals, looks, "--out", str(out)])
            print(f"{name}: {time.process_time() - begun:.0f} s of processor time")
            for truth in sorted(given.folder.glob(f"{name}*.slp")):
                print(truth.name)
                run(["identity", "evaluate", str(out), "--truth", str(truth)])


if __name__ == "__main__":
    main()
