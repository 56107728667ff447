"""Give each command that writes a disk of 2 MB with less and less room, then room: see `--help`."""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calls import Call
from fork_calls import arguments_of, call, content, new_folder, warm_up
from stop_calls import chosen

ROOM = (0, 4096, 16_384, 65_536, 262_144)
"""Bytes that are left."""
SIZE = 2**21
FULL = ("No space left", "File too large", "full")


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A disk of 2 MB.

    Raises:
        PermissionError: none can be mounted here.
    """
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True, check=False
    )
    if made.returncode:
        raise PermissionError(made.stderr.decode())
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=False)


def faults_of(names: str, given: Call, seeds: Path, beside: Path, room: int) -> list[str]:
    """What is wrong when a command finds that much room, and then more; empty when nothing is."""
    faults = []
    with new_folder(beside) as folder, disk(folder / "disk") as place:
        out = place / "out"
        out.mkdir()
        here = arguments_of(names, given.right, seeds, out)
        filling = place / "filling"
        with filling.open("wb") as file:
            file.write(bytes(SIZE - 2 * 4096 - room))
        ended = call(here, folder)
        left = [name for name in content(out) if name.rpartition("/")[2].startswith(".")]
        if ended.status == 2:
            if len(ended.lines) != 1 or not any(word in ended.lines[0] for word in FULL) or "Traceback" in ended.text:
                faults.append(f"{len(ended.lines)} lines: {ended.text[-400:]}")
            if not given.resumes and content(out):
                faults.append(f"left {sorted(content(out))[:4]}")
        elif ended.status != 0:
            faults.append(f"status {ended.status}: {ended.text[-400:]}")
        if left:
            faults.append(f"left {left[:4]}")
        filling.unlink()
        again = call(here, folder)
        if ended.status == 0 and again.status == 2 and "exists" in again.text:
            return faults
        if again.status != 0 and not any(word in again.text for word in FULL):  # it may need more than the disk has
            faults.append(f"again {again.status}: {again.text[-400:]}")
        if again.status != 0:
            faults.append(f"again {again.status}, larger than the disk: {again.text[-100:]}")
    return faults


def main() -> None:
    """The script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="with `seeds`, made by fuzz_calls.py --make")
    parser.add_argument("--room", default=",".join(map(str, ROOM)), help="bytes that are left")
    parser.add_argument("--commands", default="", help="these alone, joined by commas")
    parser.add_argument("--seconds", type=float, default=1e9, help="no call begins later")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        with new_folder(given.folder) as folder, disk(folder / "disk"):
            pass
    except PermissionError as error:
        print(f"no disk can be mounted here: {error}")
        return
    warm_up()
    count = bad = 0
    until = time.monotonic() + given.seconds
    for names, each in chosen(given.commands, random.Random(given.seed)):
        for room in map(int, given.room.split(",")):
            if time.monotonic() > until:
                break
            faults = faults_of(names, each, given.folder / "seeds", given.folder, room)
            count, bad = count + 1, bad + bool(faults)
            print(json.dumps({"command": names, "room": room, "faults": faults}), flush=True)
    print(f"{count} calls, {bad} faults")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
