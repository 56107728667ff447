"""Stop each command that writes, at changes of the file system or at random moments, and let it go on: see `--help`.

Or begin it twice at once on one output.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from calls import CALLS, Call, commands
from fork_calls import CUT, Ended, arguments_of, call, content, in_shared_memory, killed, new_folder, warm_up

LONG = ("calcium demo", "posture demo", "pose demo")
"""Made of other commands, and minutes of work."""
KEPT_OFF = ("another process is at work on", "exists")
"""What the second of two prints, while the first is at work or when it is done."""


def writing() -> dict[str, Call]:
    """The commands with `--out`, those that the table does not know too."""
    found = {}
    for names, command in commands().items():
        given = CALLS.get(names, Call("--out @out"))
        served = "--port" in given.right  # until someone stops it
        if any(each.name == "out" for each in command.params) and names not in LONG and not served:
            found[names] = given
    return found


class Stops:
    """The stops of one command, against calls that nobody stopped."""

    def __init__(self, names: str, given: Call, seeds: Path, beside: Path) -> None:
        self.names, self.given, self.seeds, self.beside = names, given, seeds, beside
        first, second = self._whole(), self._whole()
        self.ended, self.wanted = second  # the first compiles
        self.varies = {name for name in {**first[1], **second[1]} if first[1].get(name) != second[1].get(name)}

    def _whole(self) -> tuple[Any, dict[str, str]]:
        with new_folder(self.beside) as folder:
            ended = call(self._arguments(folder), folder)
            if ended.status != 0:
                raise RuntimeError(f"{self.names}: {ended.status} {ended.text[-600:]}")
            return ended, content(folder / "out")

    def _arguments(self, folder: Path) -> list[str]:
        return arguments_of(self.names, self.given.right, self.seeds, folder / "out")

    def stop(self, cut: int | None = None, rng: random.Random | None = None) -> list[str]:
        """Stop a call and make it again; gives what is wrong then."""
        faults = []
        before = in_shared_memory()
        with new_folder(self.beside) as folder:
            here = self._arguments(folder)
            meanwhile = killed(rng, self.ended.seconds) if rng else None
            stopped = call(here, folder, cut, meanwhile)
            if stopped.status not in (CUT, None, 0, 130) and not (stopped.status == 2 and len(stopped.lines) == 1):
                faults.append(f"stopped with {stopped.status}: {stopped.text[-300:]}")
            again = call(here, folder)
            done = again.status == 2 and "exists" in again.text  # it was finished before
            if again.status != 0 and not done:
                faults.append(f"again {again.status}: {again.text[-400:]}")
            faults += self._unlike(content(folder / "out"))
            if stopped.status != 0 and stopped.kept + again.kept > self.ended.kept:  # 0: it was done, and is made anew
                faults.append(f"kept {stopped.kept} + {again.kept} of {self.ended.kept}")
            faults += [f"{each.name} in the temporary folder" for each in (folder / "tmp").iterdir()]
        faults += [f"{each} in shared memory" for each in in_shared_memory() - before]
        return faults

    def pair(self) -> list[str]:
        """Make the call twice at once on one output; gives what is wrong then."""
        others: list[Ended] = []
        with new_folder(self.beside) as folder:
            here = self._arguments(folder)
            one = call(here, folder, meanwhile=lambda _: others.append(call(here, folder / "other")))
            faults = self._unlike(content(folder / "out"))
        ends = sorted([one, *others], key=lambda ended: ended.status or 0)
        last = ends[1]
        kept_off = last.status == 2 and len(last.lines) == 1 and any(word in last.lines[0] for word in KEPT_OFF)
        if ends[0].status != 0 or not (kept_off or last.status == 0):  # 0: it came when the other was done
            faults.append(f"two at once: {[(each.status, each.text[-300:]) for each in ends]}")
        return faults

    def _unlike(self, found: dict[str, str]) -> list[str]:
        """How files differ from those of a call that nobody stopped."""
        faults = []
        for name in {**found, **self.wanted}:
            if name not in found or name not in self.wanted:
                faults.append(f"{name} {'is left' if name in found else 'is missing'}")
            elif found[name] != self.wanted[name] and name not in self.varies:
                faults.append(f"{name} differs")
        return faults


def main() -> None:
    """The script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="with `seeds`, made by fuzz_calls.py --make")
    parser.add_argument("--cuts", type=int, default=0, help="of each command")
    parser.add_argument("--kills", type=int, default=0, help="of each command")
    parser.add_argument("--commands", default="", help="these alone, joined by commas")
    parser.add_argument("--pairs", type=int, default=0, help="of each command: begun twice at once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9, help="no stop begins later")
    parser.add_argument(
        "--each", type=float, default=1e9, help="seconds for one command: none of its stops begins later"
    )
    given = parser.parse_args()
    warm_up()
    rng, count = random.Random(given.seed), Counter[str]()
    bad = []
    until = time.monotonic() + given.seconds
    for names, each in chosen(given.commands, rng):
        if time.monotonic() > until:
            break
        try:
            stops = Stops(names, each, given.folder / "seeds", given.folder)
        except RuntimeError as error:
            bad.append({"command": names, "faults": [str(error)]})
            print(json.dumps(bad[-1]), flush=True)
            continue
        changes = stops.ended.changes
        plan: list[dict[str, Any]] = [{"cut": n} for n in _spread(changes, given.cuts, rng)]
        plan += [{"rng": random.Random(rng.random())} for _ in range(given.kills)]
        plan += [{}] * given.pairs
        rng.shuffle(plan)
        wrong, made, last = 0, Counter[str](), time.monotonic() + given.each
        for options in plan:
            if time.monotonic() > min(until, last):
                break
            faults = stops.stop(**options) if options else stops.pair()
            made["cuts" if "cut" in options else "kills" if options else "pairs"] += 1
            if faults:
                wrong += 1
                bad.append({"command": names, "cut": options.get("cut"), "faults": faults})
                print(json.dumps(bad[-1]), flush=True)
        count += made
        text = f"{names}: {made['cuts']} cuts, {made['kills']} kills, {made['pairs']} pairs, {wrong} wrong"
        rest = f"{changes} changes, {stops.ended.kept} kept, {stops.ended.seconds:.1f} s"
        print(f"{text}, {rest}; varies: {sorted(stops.varies)}", flush=True)
    print(f"{count['cuts']} cuts, {count['kills']} kills, {count['pairs']} pairs, {len(bad)} faults")
    sys.exit(1 if bad else 0)


def chosen(wanted: str, rng: random.Random) -> list[tuple[str, Call]]:
    """The commands that write, in an order drawn at random; those named where some are, joined by commas."""
    found = [(names, call) for names, call in writing().items() if not wanted or names in wanted.split(",")]
    rng.shuffle(found)
    return found


def _spread(changes: int, cuts: int, rng: random.Random) -> list[int]:
    """So many of the changes, all where there are fewer."""
    return list(range(1, changes + 1)) if changes <= cuts else sorted(rng.sample(range(1, changes + 1), cuts))


if __name__ == "__main__":
    main()
