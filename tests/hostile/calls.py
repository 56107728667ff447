"""Every command with arguments that are right and little work, for the tests that try all of them.

`<a|b>` stands for one of these files of `fuzz_files.py`, `<ANY>` for one of a group, `@x` for a new name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import run_experiments

ANY = ("responses.h5", "uneven.h5", "calcium.h5", "angles.h5", "amplitudes.h5", "pose.h5")
POSTURE = ("worm.npy", "worms.npz", "wormpose.h5", "tierpsy.hdf5", "amplitudes_raw.h5", "worm.wcon", "worm.wcon.zip")
LABELS = tuple(f"labels_{kind}" for kind in ("slp.slp", "analysis.h5", "dlc.csv", "nwb.nwb", "coco.json"))
GROUPS = {"ANY": ANY, "POSTURE": (*POSTURE, "ucr.tsv"), "LABELS": LABELS}


@dataclass(frozen=True)
class Call:
    """A call of a command.

    Attributes:
        right: its arguments, for a second or two of work.
        often: how often random calls take it, beside others.
        idle: arguments that random calls begin from instead: nearly right, and refused before the work.
        resumes: whether a second call goes on where the first was stopped.
    """

    right: str
    often: int = 2
    idle: str = ""
    resumes: bool = False


CALLS = {
    "connectome info": Call("--network <network.xml>", 4),
    "connectome compare": Call("<network.xml> placed --plot @a.png"),
    "connectome export": Call("--network <network.xml> --out @a.csv"),
    "connectome parameters": Call("kunert2014", 1),
    "connectome download": Call("", 1),
    "simulate": Call("--network <network.xml> --sequences 03,15 --sampling 5 --out @a.h5", 1, resumes=True,
                     idle="--network <network.xml> --sequences 0 --out @a.h5"),
    "dataset info": Call("<ANY>", 12),
    "dataset plot": Call("<ANY> --out @a.png", 4),
    "dataset split": Call("<responses.h5|uneven.h5> --out @a.h5", 4),
    "dataset export-dat": Call("<responses.h5|uneven.h5> --out @dat", 4),
    "dataset import-dat": Call("<dat> --out @a.h5", 6),
    "train": Call("--data <responses.h5> --model gru --units 2 --epochs 3 --out @run", 3, resumes=True,
                  idle="--data <responses.h5> --model linear --lags 2 --out @run"),
    "evaluate": Call("--data <responses.h5> --model <model.keras> --plot @a.png", 3),
    "models": Call("", 1),
    "calibrate": Call("--data <responses.h5> --model <model.keras> --coverage 0.5", 2,
                      idle="--data <responses.h5> --model <model.keras> --coverage 2"),
    "physics": Call("--data <responses.h5> --model <model.keras> --trials none --amplitudes none --derived 0 "
                    "--out @p", 1,
                    idle="--data <responses.h5> --model <model.keras> --draws 0 --out @p"),
    "calcium import": Call("<calcium.npz|calcium.mat|calcium.nwb> --out @a.h5", 12),
    "calcium make-sample": Call("--worms 1 --minutes 1 --out @a.h5"),
    "calcium benchmark": Call("<calcium.h5> --rules two --models logistic --trajectories persistence --out @b", 1,
                              resumes=True, idle="<calcium.h5> --models none --out @b"),
    "calcium demo": Call("--out @d", 1, idle="--jobs 0 --out @d"),
    "posture import": Call("<POSTURE> --shortest 1 --fps 10 --out @a.h5", 22),
    "posture make-sample": Call("--strains N2 --worms 1 --minutes 0.2 --out @a.h5 --picture @a.png"),
    "posture eigenworms": Call("<angles.h5> --out @a.h5", 3),
    "posture path": Call("<angles.h5> --out @p"),
    "posture features": Call("<angles.h5> --out @f"),
    "posture generate": Call("--model <steps.keras> --data <amplitudes.h5> --frames 20 --worms 1 --out @a.h5", 3),
    "posture compare": Call("--data <amplitudes.h5> --generated <amplitudes.h5> --out @c"),
    "posture sizes": Call("<amplitudes.h5> --layers 1 --units 2 --epochs 1 --frames 20 --worms 1 --out @s", 1,
                          resumes=True, idle="<amplitudes.h5> --epochs 0 --out @s"),
    "posture cells": Call("--model <steps.keras> --data <amplitudes.h5> --rounds 19 --seconds 1 --out @c"),
    "posture classify": Call("--model <steps.keras> --data <amplitudes.h5> --folds 2 --trees 3 --out @c"),
    "posture test-page": Call("--real <angles.h5> --simulated <angles.h5> --clips 1 --seconds 1 --results @r.csv"),
    "posture clip": Call("<angles.h5> --seconds 1 --side 64 --out @c.mp4", 3),
    "posture demo": Call("--out @d", 1, idle="--seed x --out @d"),
    "pose import": Call("<LABELS> --size 16 --out @a.h5 --picture @a.png", 18),
    "pose convert": Call("<LABELS|tracks.h5> --out @a.csv", 14),
    "pose project": Call("<pose.h5> --out @p"),
    "pose render": Call("--video <film.mp4> --tracks <tracks.h5> --out @r.mp4", 3),
    "pose align": Call("<film.mp4> --size 16 --centroids <centroids.csv> --out @a.h5", 3, resumes=True),
    "pose suggest": Call("<film.mp4|pose.h5> --frames 3 --clusters 2 --out @s.csv"),
    "pose make-sample": Call("--frames 4 --size 32 --animals 2 --out @a.h5 --picture @a.png"),
    "pose predict": Call("--model <points.keras> --data <pose.h5> --batch 2 --out @t.h5", 3, resumes=True),
    "pose label": Call("<film.mp4> --pool 2 --port 1 --out @l", 1, idle="<film.mp4> --port 70000 --out @l"),
    "pose study": Call("labels --data <pose.h5> --epochs 1 --values 4 --out @s", 1, resumes=True,
                       idle="bend --data <pose.h5> --epochs 0 --out @s"),
    "pose demo": Call("--animal fly --epochs 1 --out @d", 1, idle="--animal cat --out @d"),
    "grimace make-sample": Call("--animals 2 --images 2 --size 64 --out @g.h5"),
    "grimace import": Call("<faces> --scores <faces.csv> --size 64 --out @g.h5", 6),
    "grimace agree": Call("<faces.csv>", 4),
    "grimace page": Call("<grimace.h5> --rater Ada --port 1 --out @s", 1,
                         idle="<grimace.h5> --rater Ada --port 70000 --out @s"),
    "grimace find": Call("<faces> --scores <faces.csv> --out @b.csv", 2),
    "grimace score": Call("<face.png> --model <grimace.keras> --box middle --out @s.csv", 2),
    "grimace explain": Call("<face.png> --model <grimace.keras> --box middle --out @s.png", 1),
    "calls make-sample": Call("--seconds 1 --out @s.wav"),
    "calls info": Call("<calls.wav>"),
    "calls detect": Call("<calls.wav> --out @c.csv", 4),
    "calls teach": Call("<calls.wav> --stretches 8 --out @t.h5"),
    "calls convert": Call("<calls.csv> --out @c.txt", 4),
    "calls evaluate": Call("<calls.csv> --truth <calls.csv>"),
    "calls measure": Call("<calls.wav> --calls <calls.csv> --out @m.csv"),
    "calls classify": Call("<calls.wav> --calls <calls.csv> --out @c.csv"),
    "calls cluster": Call("<calls.wav> --calls <calls.csv> --out @c.csv"),
    "calls sequences": Call("<calls.csv> --out @t.csv"),
    "calls page": Call("<calls.wav> --port 1 --out @c.csv", 1, idle="<calls.wav> --port 70000 --out @c.csv"),
    "markers make-sample": Call("--frames 8 --size 96x96 --length 40 --out @s"),
    "markers pick": Call("<marks.mp4> --port 1 --out @c.csv", 1, idle="<marks.mp4> --port 70000 --out @c.csv"),
    "markers track": Call("<marks.mp4> --clicks <clicks.csv> --out @t.h5", 3, resumes=True),
    "markers convert": Call("<marks.h5|marks.txt> --fps 30 --out @t.slp", 4),
    "markers bouts": Call("<marks.h5> --out @b.csv", 4),
    "markers trajectories": Call("<marks.h5> --out @t.csv", 4),
    "markers evaluate": Call("<marks.h5> --truth <places.csv>", 4),
    "markers demo": Call("--frames 24 --out @d", 1, idle="--frames 0 --out @d"),
    "identity make-sample": Call("--animals 2 --frames 12 --length 16 --out @v.mp4"),
    "identity track": Call("<swim.mp4> --animals 1 --no-appearance --out @t.h5", 1, resumes=True,
                           idle="<swim.mp4> --animals 0 --out @t.h5"),
    "identity evaluate": Call("<identities.h5> --truth <identities.h5>"),
    "identity correct": Call("<twins.h5> --exchange animal1,animal2,5 --out @t.h5", 2),
    "identity match": Call("<twins.h5> <twins.h5> --out @m.json", 2),
    "identity report": Call("<twins.h5> --out @r.html", 2),
    "identity page": Call("<twins.h5> --port 1 --out @c.h5", 1, idle="<twins.h5> --port 70000 --out @c.h5"),
    "identity repair": Call("<pair.h5> --video <pair.mp4> --no-appearance --out @t.slp", 2, resumes=True,
                            idle="<pair.h5> --video <pair.mp4> --animals 1 --out @t.slp"),
    "identity export": Call("<identities.h5> --to idtracker-csv --out @t.csv", 3),
    "behaviour make-sample": Call("--recordings 1 --frames 60 --out @s"),
    "behaviour import": Call("<pair1.csv> --labels <pair1.labels.csv> --fps 30 --out @a.h5", 4),
    "behaviour ethogram": Call("<behaviour.h5> --out @e.png"),
    "behaviour agree": Call("<pair1.labels.csv> <pair1.labels.csv> --frames 300"),
    "behaviour evaluate": Call("<behaviour.h5> --model <behaviour.keras>"),
    "behaviour suggest": Call("<unlabelled.h5> --model <behaviour.keras> --out @s.csv", 1),
    "behaviour label": Call("<pair1.csv> --classes rest,walk --fps 30 --port 1 --out @l.csv", 1,
                            idle="<pair1.csv> --classes rest,walk --fps 30 --port 70000 --out @l.csv"),
    "behaviour map": Call("<pair1.csv> --fps 30 --templates 60 --iterations 20 --scales 4 --perplexity 5 --out @m", 2,
                          resumes=True),
    "behaviour predict": Call("<behaviour.h5> --model <behaviour.keras> --out @p.h5"),
    "behaviour demo": Call("--frames 400 --out @d", 1, idle="--frames 0 --out @d"),
    "calls demo": Call("--seconds 5 --out @d", 1, idle="--seconds 0 --out @d"),
    "export": Call("--model <model.keras> --to numpy --out @e", 4),
    "importance": Call("--data <responses.h5> --model <model.keras> --method occlusion --out @i"),
    "tune": Call("--data <responses.h5> --model rnn --units 2 --trials 2 --epochs 2 --out @t", 1, resumes=True,
                 idle="--data <responses.h5> --trials 0 --out @t"),
    "reduce": Call("--data <responses.h5> --max-rmse 1e-9 --models linear,state_space --max-units 2 --out @r", 1,
                   resumes=True, idle="--data <responses.h5> --max-rmse 0.1 --models linear --runs 0 --out @r"),
    "worm": Call("--data <responses.h5> --out @w.html", 1),
    "derive": Call("--scenario fcm --order 4 --network <network.xml> --out @d", 1,
                   idle="--scenario none --network <network.xml> --out @d"),
    "validate atlas": Call("--network <network.xml> --table @t.csv --page @p.html", 1),
    "scenario list": Call("", 1),
    "scenario run": Call("fcm --network <network.xml> --sequences 03 --out @s.h5", 1, resumes=True,
                         idle="fcm --network <network.xml> --sequences 0 --out @s.h5"),
    "screen": Call("--network <network.xml> --neurons AVAL,DB1 --sequences 03 --out @s", 1, resumes=True,
                   idle="--network <network.xml> --neurons none --sequences 0 --out @s"),
    "experiments": Call("1 --runs 1 --epochs 1 --network <network.xml> --out @e", 1, resumes=True,
                        idle="1 --runs 0 --network <network.xml> --out @e"),
    "connectome muscles": Call("DB3 --out @m.csv"),
    "dataset export-nwb": Call("<responses.h5|uneven.h5> --out @a.nwb", 4),
    "dataset import-io": Call("<record.csv> --inputs u --outputs y --dt-ms 2 --train 0:40 --test t=40:60 --warm-up 5 "
                              "--window 9 --out @a.h5", 8),
    "scenario show": Call("fcm", 1),
    "scenario new": Call("--out @s.toml --like fcm"),
    "body run": Call("--activations <muscles.csv> --out @b", 2),
    "crawl": Call("--seconds 1 --out @c", 1, idle="--seconds 0 --out @c"),
    "posture crawl-responses": Call("--trials 3 --seconds 1 --inputs AVB --out @c.h5", 1, resumes=True,
                                    idle="--trials 3 --seconds 0 --out @c.h5"),
    "posture crawl-ablations": Call("--seconds 1 --out @t.csv", 1, resumes=True, idle="--seconds 0 --out @t.csv"),
    "validate fit": Call("--network <network.xml> --halvings 0 --table @t.csv", 1),
    "validate ablations": Call("--network <network.xml> --shuffles 0 --search 0 --table @t.csv", 1),
    "pose gait": Call("<tracks.h5> --out @g"),
}  # fmt: skip
"""By name; `test_every_command_is_called` holds that none is missing."""


def choices(word: str) -> list[str]:
    """The files that `<...>` stands for."""
    return [name for part in word[1:-1].split("|") for name in GROUPS.get(part, (part,))]


def filled(word: str, number: int, seeds: Path, folder: Path) -> str:
    """A word of a call with its file in its place: the `number`th one of several that it may be."""
    if word.startswith("<"):
        names = choices(word)
        return str(seeds / names[number % len(names)])
    return str(folder / word[1:]) if word.startswith("@") else word


def commands() -> dict[str, Any]:
    """The commands of the command line by their names."""
    return dict(_below(run_experiments.command_line(), ()))


def _below(command: Any, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, each in getattr(command, "commands", {}).items():
        if hasattr(each, "commands"):
            yield from _below(each, (*names, name))
        else:
            yield " ".join((*names, name)), each
