"""The body alone: its symmetries, its drag, and beside other people's bodies."""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from connectome.muscles import MUSCLES
from datasets.posture.body.activations import (
    Activations,
    on_segments,
    read_activations,
    travelling_wave,
    write_activations,
)
from datasets.posture.body.mechanics import AGAR, VARIANTS, WATER, Body, between, medium_of
from datasets.posture.body.moving import MovingBody, move
from datasets.posture.locomotion.path import LinearDrag, with_path
from datasets.posture.recording import recordings_of
from datasets.posture.recordings import load_recordings
from datasets.store import load_dataset
from neuron_models.foundation.errors import InputError
from run_experiments import run

L = 1.0  # mm


def wave(seconds=0.5, frequency=0.5, sampling=10.0):
    made = travelling_wave(seconds, frequency, 0.65, 0.4, sampling)
    return on_segments(made.values, 48)[:, None]


def centred(midlines):
    return midlines - np.array([L / 2, 0])


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_bends_to_no_side_stays_straight(variant):
    both = np.full((30, 1, 2, 48), 0.3)
    found = move(Body(variant), AGAR, both, 10.0, 2.0)
    assert np.abs(found[:, :, :, 1]).max() < 1e-9 * L
    still = move(Body(variant), WATER, 0 * both, 10.0, 2.0)
    np.testing.assert_allclose(still, np.broadcast_to(still[:1], still.shape), atol=1e-9 * L)


def test_mirrored_activations_mirror():
    forward = move(Body(), AGAR, wave(), 10.0)
    mirrored = move(Body(), AGAR, wave()[:, :, ::-1], 10.0)
    np.testing.assert_allclose(mirrored * [1, -1], forward, atol=1e-9 * L)
    assert np.abs(forward[-1, 0, :, 1]).max() > 0.01 * L


def test_a_wave_from_the_tail_moves_it_the_other_way():
    forward = centred(move(Body(), AGAR, wave(), 10.0))
    backward = centred(move(Body(), AGAR, wave()[:, :, :, ::-1], 10.0))
    np.testing.assert_allclose(backward[:, :, ::-1] * [-1, 1], forward, atol=1e-9 * L)


def test_shapes_in_reverse_order_undo_the_path():
    from datasets.posture.body.recorded import recording_of

    midlines = move(Body(), AGAR, wave(1.0), 10.0)[::5, 0]
    recording = recording_of(midlines, 20.0, "w", "test")
    there = with_path(recording, LinearDrag(40.0))
    turned = replace(
        recording, angles=recording.angles[::-1], mean_angle=np.full(len(recording.angles), there.mean_angle[-1])
    )
    back = with_path(turned, LinearDrag(40.0))
    moved = there.centroid - there.centroid[0]
    np.testing.assert_allclose(back.centroid[::-1] - back.centroid[-1], moved, atol=1e-9 * L)
    assert np.abs(moved).max() > 1e-3 * L


def test_worms_side_by_side_move_as_alone():
    one, other = wave(), 0.5 * wave(frequency=1.0)
    together = move(Body(), AGAR, np.concatenate([one, other], axis=1), 10.0)
    np.testing.assert_array_equal(together[:, :1], move(Body(), AGAR, one, 10.0))
    np.testing.assert_array_equal(together[:, 1:], move(Body(), AGAR, other, 10.0))


def test_nothing_from_outside_pushes_it():
    body = Body()
    moving = MovingBody(body, AGAR)
    moving.step(wave()[20], 1e-3, 200)
    before = moving.state.copy()
    moving.step(wave()[20], 1e-6)
    speed = (moving.state - before)[0, :, :2]
    angle = before[0, :, 2]
    along, across = np.stack([np.sin(angle), -np.cos(angle)], 1), np.stack([np.cos(angle), np.sin(angle)], 1)
    drag = body.drag(AGAR)
    force = drag[:, :1] * (speed * along).sum(1)[:, None] * along
    force += drag[:, 1:2] * (speed * across).sum(1)[:, None] * across
    assert np.abs(force.sum(0)).max() < 1e-4 * np.abs(force).max()


def test_halving_the_step_halves_the_error():
    exact = move(Body(), AGAR, wave(), 10.0, 0.1)
    coarse, fine = (np.abs(move(Body(), AGAR, wave(), 10.0, step) - exact).max() for step in (2.0, 1.0))
    assert 1.6 < coarse / fine < 2.6
    assert fine < 1e-3 * L


def test_variants_differ_where_paper_and_code_do():
    paper, code, beers = (Body(name).drag(AGAR)[24] for name in ("paper", "code", "worm2d"))
    np.testing.assert_allclose(paper, [3.2e-3 / 98, 0.128 / 98, 3.2e-3 / 98 * Body().radii()[24] ** 2])
    np.testing.assert_allclose(code / paper, [98 / 97, 98 / 97, 4 * np.pi * 98 / 97])
    np.testing.assert_array_equal(beers, paper)


def test_media_by_name_and_by_ratio():
    assert (medium_of("agar").ratio, round(medium_of("water").ratio, 2)) == (40, 1.58)
    assert medium_of("10").across == pytest.approx(10 * AGAR.along)
    assert (between(0).along, between(1).across) == (WATER.along, AGAR.across)
    for text, word in (("1.2", "at least that of water, 1.58"), ("mud", "agar, water or"), ("nan", "nan")):
        with pytest.raises(InputError, match=word):
            medium_of(text)


def test_the_largest_stable_step_is_told():
    hard = np.zeros((40, 1, 2, 48))
    hard[:, 0, 0, ::2], hard[:, 0, 1, 1::2] = 1, 1
    hard[1::2] = hard[1::2, :, ::-1]
    with pytest.raises(InputError, match=r"unstable at a time step of 1000 ms in water: \d+\.?\d* ms is the largest"):
        move(Body(), WATER, hard, 1000.0, 1000.0)
    with pytest.raises(InputError, match="does not divide"):
        move(Body(), AGAR, hard, 10.0, 3.0)


def test_the_command_writes_a_dataset_and_wcon(tmp_path, capsys):
    table, out, wcon = tmp_path / "wave.csv", tmp_path / "worm.h5", tmp_path / "worm.wcon"
    write_activations(travelling_wave(2.0, 0.5, 0.65, 0.4, 10.0), table)
    given = ["body", "run", "--activations", str(table), "--out", str(out), "--wcon", str(wcon)]
    assert run([*given, "--medium", "water"]) == 0
    assert "1 worm in" in capsys.readouterr().out
    (recording,) = recordings_of(load_dataset(out))
    assert (recording.angles.shape, recording.fps) == ((40, 48), 20)
    (again,) = recordings_of(load_recordings([wcon], segments=48, fps=20, shortest=1).dataset)
    np.testing.assert_allclose(again.angles, recording.angles, atol=1e-3)
    np.testing.assert_allclose(again.centroid, recording.centroid, atol=2e-3)


def _without(text, column):
    return "\n".join(",".join(line.split(",")[:column]) for line in text.splitlines())


def test_bad_tables_and_options_are_told(tmp_path, capsys):
    table, out = tmp_path / "a.csv", tmp_path / "o.h5"
    write_activations(travelling_wave(0.2, 0.5, 0.65, 0.4, 10.0), table)
    good = table.read_text()
    lines = good.splitlines()
    bad = {
        "94 muscles of 95: MVR24": _without(good, -1),
        "MDL03 in row 2 must be 0 to 1, got nan": good.replace(lines[2], f"0.01,0,0,nan{',0' * 92}", 1),
        "no muscle 'MDL99'": good.replace("MDL02", "MDL99", 1),
        "more than once: MDL01": good.replace("MDL02", "MDL01", 1),
        "equal steps": good.replace("\n0.01,", "\n0.013,", 1),
        "column 'time'": good.replace("time", "seconds", 1),
        "no table of numbers": good.replace("\n0.01,", "\nx,", 1),
    }
    given = ["body", "run", "--activations", str(table), "--out", str(out)]
    for word, text in bad.items():
        table.write_text(text)
        assert run(given) == 2
        error = capsys.readouterr().err
        assert word in error, error
        assert len(error.splitlines()) == 1
    table.write_text(good)
    for more in (["--medium", "1"], ["--step", "0"], ["--step", "3"], ["--fps", "33"], ["--variant", "mine"]):
        assert run([*given, *more]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert run([*given, "--wcon", "a.json"]) == 2
    assert not out.exists()


def test_the_command_tells_the_largest_stable_step(tmp_path, capsys):
    table, out = tmp_path / "hard.csv", tmp_path / "o.h5"
    write_activations(travelling_wave(2.4, 2.0, 0.65, 0.7, 200.0), table)
    given = ["body", "run", "--activations", str(table), "--out", str(out), "--fps", "5", "--medium", "water"]
    assert run([*given, "--step", "200"]) == 2
    error = capsys.readouterr().err
    largest = re.search(r"unstable at a time step of 200 ms in water: (\S+) ms is the largest that is stable", error)
    assert largest, error
    assert len(error.splitlines()) == 1
    assert float(largest[1]) < 50
    assert run([*given, "--step", largest[1]]) == 0


def test_activations_are_of_95_muscles():
    with pytest.raises(InputError, match=r"95 muscles\), got the shape \(3, 96\)"):
        Activations(np.zeros((3, 96)), 1.0)
    one = np.zeros((2, 95))
    one[:, MUSCLES.index("MVR24")] = 0.5
    placed = on_segments(one, 48)
    assert (placed[0, 1, -2:] == 0.5).all()
    assert placed.sum() == 2.0


def test_tables_come_back(tmp_path):
    made = travelling_wave(0.1, 1.0, 0.65, 0.4, 5.0)
    write_activations(made, tmp_path / "a.csv")
    found = read_activations(tmp_path / "a.csv")
    np.testing.assert_allclose(found.values, made.values, atol=1e-6)
    assert found.sampling == 5.0


def _benchmark():
    where = Path(__file__).parents[3] / "benchmarks" / "body.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_the_body", where)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_midlines_of_worm2d(tmp_path, installed, monkeypatch):
    """Izquierdo and Beer 2018 as worm2d runs them: its muscles' activations move our body as they moved its own."""
    monkeypatch.syspath_prepend(installed("worm2d==0.2.8"))
    benchmark = _benchmark()
    away, moved = benchmark.beside_worm2d(benchmark.worm2d_run(tmp_path))
    assert away < 0.01
    assert moved > 0.02


@pytest.mark.slow
def test_speeds_agree_with_elegansbot_and_resistive_force_theory(installed, monkeypatch):
    monkeypatch.syspath_prepend(installed("elegansbot==1.0.2"))
    speeds = _benchmark().three_speeds()
    assert max(speeds.values()) < 1.05 * min(speeds.values()), speeds
