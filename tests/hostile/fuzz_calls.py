"""Random arguments and wrong files through every command; run as a script: see `--help`.

The calls run in a child process, many in one; what it does is written line by line in a file, so that a crash or a hang
is written too, and a new child goes on behind it. Everything is drawn from the seed and the number of the call.
"""

import argparse
import contextlib
import functools
import inspect
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from calls import ANY, CALLS, Call, choices, commands, filled
from fork_calls import warm_up
from fuzz_mutations import mutated

import run_experiments

CPU_SECONDS = 4
"""Of a call; then it is stopped as by Ctrl-C, and counts as work."""
HANG = 240
"""Seconds in which a child neither computes nor tells anything; then it is killed, and counts as a hang."""
MOST_WORK = 60
"""Seconds of the processor that a call may take that cannot be stopped; then the same."""

TEXTS = (
    *("", " ", ",", "a,b", "0", "-1", "1", "2", "3", "1.5", "nan", "inf", "-inf", "1e400", "2147483648", str(2**63)),
    *("1000000000", "x", "auto", "all", "none", "folder", "[red]x[/red]", "\x1b[31m", "é\udcff", "=1+1", "--", "-x"),
    *("x" * 3000, "٣", "1,1", "3-1", "1-999999", "a=b", "train", "\n", "N2", "AVBL"),
)
NOT_GIVEN = ("--help", "--cluster", "--jobs", "--install-completion", "--show-completion")
READ = ("--data", "--model", "--real", "--simulated", "--generated", "--use", "--midlines", "--tracks", "--centroids")
BAD = re.compile(r"Traceback|unforeseen by wormtwin")
IGNORED = re.compile(r"^Exception ignored .*?^KeyboardInterrupt", re.MULTILINE | re.DOTALL)
"""What Python tells of a stop that met a callback of a library, which cannot raise; the call goes on."""


def options_of(names: str) -> list[tuple[str, bool]]:
    """The options of a command, each with whether it names a file."""
    command = commands()[names]
    kinds = inspect.signature(command.callback).parameters
    found = []
    for each in command.params:
        if each.name in kinds and each.opts[0].startswith("--") and each.opts[0] not in NOT_GIVEN:
            found.append((each.opts[0], "Path" in str(kinds[each.name].annotation)))
    return found or _settings(names)


def _settings(names: str) -> list[tuple[str, bool]]:
    return [("--units", False)] if names == "train" else []


def arguments_of(names: str, seeds: Path, folder: Path, rng: random.Random) -> tuple[list[str], str]:
    """The arguments of one call, whose files lie in `folder`, and what is wrong with it."""
    call = CALLS.get(names, Call(""))
    given, wrong, words = (call.idle or call.right).split(), [], []
    break_file = rng.random() < 0.65
    for place, each in enumerate(given):
        if each.startswith("<"):
            name = rng.choice(choices(each)) if rng.random() < 0.97 else rng.choice(ANY)
            target = folder / f"{place}{Path(name).suffixes[-1] if Path(name).suffixes else ''}"
            target = target.with_name(target.name.replace(".zip", ".wcon.zip"))
            if break_file:
                wrong.append(f"{name} {mutated(seeds / name, target, rng)}")
            elif rng.random() < 0.1:
                wrong.append(f"{name} missing")
            else:
                target = seeds / name
            words.append(str(target))
        else:
            words.append(filled(each, 0, seeds, folder))
    if not break_file or rng.random() < 0.15:
        wrong += _wrong_options(names, words, folder, seeds, rng)
    return [*names.split(), *words], "; ".join(wrong)


def _wrong_options(names: str, filled: list[str], folder: Path, seeds: Path, rng: random.Random) -> list[str]:
    wrong = []
    for _ in range(rng.choice([1, 1, 2, 3])):
        options = options_of(names)
        if not options or rng.random() < 0.1:
            filled.insert(rng.randrange(len(filled) + 1), rng.choice(["extra", "--odd", "-q"]))
            continue
        option, is_path = rng.choice(options)
        value = _path(option, folder, seeds, rng) if is_path else rng.choice(TEXTS)
        if option in filled and rng.random() < 0.8:
            filled[filled.index(option) + 1 : filled.index(option) + 2] = [value]
        elif option == "--out":
            continue
        else:
            filled += [option, value]
        wrong.append(f"{option} {value!r:.40}")
    return wrong


def _path(option: str, folder: Path, seeds: Path, rng: random.Random) -> str:
    """A file that is read, of another kind; or a place inside the folder that cannot or can be written."""
    if option in READ and rng.random() < 0.5:
        return str(seeds / rng.choice(ANY))
    (folder / "a file").write_text("text")
    (folder / "a folder").mkdir(exist_ok=True)
    names = (
        "a file",
        "a folder",
        "a file/x.h5",
        "new.h5",
        "\udcff.png",
        "x" * 300,
        "[red]x.h5",
        "new",
        "a.mp4",
        "a.csv",
    )
    return str(folder / rng.choice([*names, "a.PNG", "a.html", "a.keras"]))


def one_call(number: int, seed: int, seeds: Path, folder: Path) -> dict[str, Any]:
    """Make a call and tell how it ended."""
    rng = random.Random(f"{seed} {number}")
    known = list(commands())
    names = rng.choices(known, [CALLS.get(each, Call("")).often for each in known])[0]
    arguments, wrong = arguments_of(names, seeds, folder, rng)
    before = _content(folder)
    out, error = io.StringIO(), io.StringIO()
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            status: Any = run_experiments.run(arguments)
    except BaseException as raised:
        status = f"raised {type(raised).__name__}: {raised}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    message = IGNORED.sub("", error.getvalue())
    left = [name for name in _content(folder) - before if _half(name, status)]
    lines = [line for line in message.splitlines() if line.startswith("wormtwin:")]
    faults = []
    if status not in (0, 2, 130):
        faults.append(f"status {status}")
    if BAD.search(message + out.getvalue()):
        faults.append("not foreseen")
    if status == 2 and len(lines) != 1:
        faults.append(f"{len(lines)} lines")
    if left:
        faults.append(f"left {sorted(left)[:3]}")
    return {
        "call": number,
        "arguments": [each.replace(str(folder), ".").replace(str(seeds), "SEEDS")[:80] for each in arguments],
        "wrong": wrong[:200],
        "status": status,
        "seconds": round(time.process_time() - started, 2),
        "faults": faults,
        "message": message[-600:] if faults else message.strip()[-200:],
    }


def _content(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def _half(name: str, status: Any) -> bool:
    """Whether a file is half-written: a hidden one beside its place, or anything after a refusal."""
    parts = Path(name).parts
    return any(part.startswith(".") for part in parts) and status != 130


def child(first: int, last: int, seed: int, seeds: Path, log: Path) -> None:
    """Make calls and write a line before and one after each."""
    os.environ["HOME"] = str(seeds.parent)
    _without_network()
    warm_up()
    run_experiments.command_line = functools.cache(run_experiments.command_line)  # it would be built anew for each call
    with log.open("a") as file:
        signal.signal(signal.SIGPROF, _stop)
        for number in range(first, last):
            file.write(json.dumps({"begun": number}) + "\n")
            file.flush()
            folder = Path(tempfile.mkdtemp(dir=seeds.parent, prefix="call-"))
            os.chdir(folder)
            try:
                file.write(json.dumps(one_call(number, seed, seeds, folder)) + "\n")
            finally:
                os.chdir(seeds.parent)
                shutil.rmtree(folder, ignore_errors=True)
            file.flush()


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt


def _without_network() -> None:
    """No page is served and nothing is fetched."""
    import socket

    import werkzeug.serving

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("there is no network here")

    werkzeug.serving.make_server = refuse
    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.getaddrinfo = refuse


def fuzz(calls: int, seed: int, seconds: float, folder: Path, log: Path) -> list[dict[str, Any]]:
    """Make calls until they are done or the time is over; gives what each did, a crash or a hang among them."""
    seeds = folder / "seeds"
    here = [sys.executable, __file__, "--seed", str(seed), "--folder", str(folder), "--log", str(log)]
    if not seeds.exists():
        seeds.mkdir(parents=True)
        subprocess.run([*here, "--make"], check=True)
    until = time.monotonic() + seconds
    done = 0
    log.touch()
    while done < calls and time.monotonic() < until:
        process = subprocess.Popen([*here, "--child", str(done), str(min(done + 5000, calls))])
        _watch(process, log, until + 2 * CPU_SECONDS)
        records = _read(log)
        begun = max((each["begun"] for each in records if "begun" in each), default=done - 1)
        ended = {each["call"] for each in records if "call" in each}
        if begun >= 0 and begun not in ended and time.monotonic() < until:
            fault = {
                "call": begun,
                "status": process.returncode,
                "faults": ["crash or hang"],
                "arguments": [],
                "message": "",
            }
            with log.open("a") as file:
                file.write(json.dumps({**fault, "wrong": "", "seconds": 0}) + "\n")
        done = begun + 1
    return [each for each in _read(log) if "call" in each]


def _watch(process: subprocess.Popen[bytes], log: Path, until: float) -> None:
    """Wait for a child's end; kill it when it hangs, or when the time is over."""
    known, at, computed, begun = -1, 0.0, -1.0, 0.0
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2)
        size, cpu, now = log.stat().st_size, _computed(process.pid), time.monotonic()
        if size != known or cpu != computed:
            at = now
        if size != known:
            known, begun = size, cpu
        computed = cpu
        if now > min(at + HANG, until) or cpu - begun > MOST_WORK:
            process.kill()
            process.wait()


def _computed(pid: int) -> float:
    """Seconds of the processor that a process took; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _read(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]


def main() -> None:
    """The script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--make", action="store_true")
    parser.add_argument("--child", type=int, nargs=2)
    given = parser.parse_args()
    if given.make:
        from fuzz_files import make_files

        make_files(given.folder / "seeds")
    elif given.child:
        child(*given.child, given.seed, given.folder / "seeds", given.log)
    else:
        found = fuzz(given.calls, given.seed, given.seconds, given.folder, given.log)
        faults = [each for each in found if each["faults"]]
        print(f"{len(found)} calls, {len(faults)} faults")
        for each in faults:
            print(json.dumps(each))
        sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
