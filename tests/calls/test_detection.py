"""The detector against generated truth, joins of sections, and the scorer against cases worked out by hand."""

import numpy as np
import pytest
import scipy.signal
import soundfile

import datasets.calls.spectrogram as spectrograms
import surrogates.calls.detection.pieces as pieces
from datasets.calls.call import Call
from datasets.calls.recording import open_recording
from datasets.calls.spectrogram import noise_floor, spectrogram_of
from datasets.calls.tables.reading import read_calls
from surrogates.calls.detection.scores import event_counts, pairs, temporal_counts
from surrogates.calls.detection.tonal import TonalSettings, adapted_seed, detect_tonal

RATE = 250_000


def test_levels_are_those_of_sine_tapers(tmp_path):
    """Each taper on its own, by scipy's transform, gives the sum that one transform a frame gives."""
    sound = np.random.default_rng(0).normal(size=4000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", 0.1 * sound, RATE, "FLOAT")
    spectrogram = spectrogram_of(open_recording(tmp_path / "a.wav"))
    n = spectrogram.window - 1
    tapers = [np.sqrt(2 / (n + 1)) * np.sin(np.pi * k * np.arange(1, n + 1) / (n + 1)) for k in range(1, 6)]
    frame = sound[spectrogram.hop + 1 : spectrogram.hop + 1 + n]
    power = sum(
        weight * np.abs(np.fft.rfft(taper * frame, n + 1)) ** 2
        for weight, taper in zip(spectrogram.weights, tapers, strict=True)
    )
    wanted = 10 * np.log10(power[spectrogram.first : spectrogram.first + spectrogram.bins])
    got = spectrogram.levels(sound)[1]
    assert np.ptp(got - wanted) < 1e-3  # up to one factor


def test_the_floor_is_the_median_of_noise(tmp_path):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(0).normal(size=RATE), RATE, "FLOAT")
    recording = open_recording(tmp_path / "a.wav")
    spectrogram = spectrogram_of(recording)
    with recording.reader() as reader:
        levels = spectrogram.read(reader, 0, 900)
    assert np.mean(noise_floor(levels, spectrogram.degrees) - np.median(levels, axis=0)) == pytest.approx(0, abs=0.25)


def test_generated_calls_are_found_and_nothing_else(ten_seconds):
    sample, recording = ten_seconds
    found = detect_tonal(recording)
    assert event_counts(found, sample.calls, 0.5).f1 >= 0.95
    assert temporal_counts(found, sample.calls).f1 >= 0.95
    edges = [(found[a].start - sample.calls[b].start) for a, b in pairs(found, sample.calls)]
    assert np.median(np.abs(edges)) < 0.0015


def test_no_call_is_no_call(made):
    _, recording = made(seconds=10.0, calls=0.0, clicks=120.0, rustles=60.0, seed=5)
    assert detect_tonal(recording) == ()


def test_faint_calls_over_a_floor_that_swells_and_falls_with_frequency(made, tmp_path):
    """3 dB below the background, which swells by 3 dB, beside noise below 30 kHz that is 20 dB louder."""
    sample, recording = made(seconds=10.0, snr=-3.0, seed=7)
    sound, rng = recording.read(), np.random.default_rng(0)
    low = scipy.signal.sosfilt(scipy.signal.butter(4, 30_000, fs=RATE, output="sos"), rng.normal(size=len(sound)))
    swell = 10 ** (3 * np.sin(2 * np.pi * 0.3 * np.arange(len(sound)) / RATE) / 20)
    soundfile.write(tmp_path / "a.wav", sound * swell + 0.06 * low, RATE, "FLOAT")
    counts = event_counts(detect_tonal(open_recording(tmp_path / "a.wav")), sample.calls)
    assert counts.precision >= 0.95
    assert counts.recall >= 0.9


def test_the_seed_follows_calls_that_reach_down_to_it_and_no_others():
    assert adapted_seed(3.4, 2.2, [3.5, 3.6, 4.0, 5.0, 2.5]) == 3.4  # too few pass
    assert adapted_seed(3.4, 2.2, [8.0] * 20) == 3.4
    assert adapted_seed(3.4, 2.2, [4.6] * 20) == pytest.approx(0.55 * 4.6)
    assert adapted_seed(3.4, 2.2, [3.5] * 20) == 2.2


@pytest.mark.parametrize("value", [0.0, 0.4])
def test_silence_and_offsets_hold_no_call(tmp_path, value):
    soundfile.write(tmp_path / "a.wav", np.full(RATE, value), RATE)
    assert detect_tonal(open_recording(tmp_path / "a.wav")) == ()


def test_samples_that_are_no_numbers_are_counted(tmp_path, wormtwin):
    sound = np.zeros(RATE, np.float32)
    sound[[10, 20, 30]] = np.nan, np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    status, text, _ = wormtwin("calls", "detect", tmp_path / "a.wav", "--out", tmp_path / "c.csv")
    assert status == 0
    assert f"a.wav: 3 samples of {RATE} no number, taken as 0" in text


def test_an_offset_and_clipping_leave_calls_where_they_are(tmp_path, ten_seconds):
    sample, recording = ten_seconds
    soundfile.write(tmp_path / "a.wav", np.clip(0.5 + 20 * recording.read(), -1, 1), RATE)
    found = detect_tonal(open_recording(tmp_path / "a.wav"))
    assert event_counts(found, sample.calls).f1 >= 0.9


def test_joins_of_sections_cut_no_call(ten_seconds, monkeypatch):
    """With the same floor everywhere, sections of any length give the same calls as one."""
    _, recording = ten_seconds
    spectrogram = spectrogram_of(recording)
    with recording.reader() as reader:
        floor = noise_floor(spectrogram.read(reader, 0, 9990), spectrogram.degrees)
    flattened, cut = pieces.flattened, pieces.sections
    monkeypatch.setattr(spectrograms, "noise_floor", lambda levels, degrees: floor)
    monkeypatch.setattr(pieces, "flattened", lambda levels, spectrogram: (flattened(levels, spectrogram)[0], 2.2))
    whole = detect_tonal(recording)
    assert len(whole) > 5
    for length in (0.7, 1.3, 4.0):
        monkeypatch.setattr(pieces, "sections", lambda frames, step, length=length: cut(frames, step, length))
        assert [(c.start, c.stop, c.low, c.high) for c in detect_tonal(recording)] == [
            (c.start, c.stop, c.low, c.high) for c in whole
        ]


def test_blocks_of_frames_join_exactly(ten_seconds):
    _, recording = ten_seconds
    spectrogram = spectrogram_of(recording)
    with recording.reader() as reader:
        whole = spectrogram.read(reader, 0, 5000)
        parts = [spectrogram.read(reader, a, b) for a, b in ((0, 1), (1, 777), (777, 4100), (4100, 5000))]
    assert np.allclose(whole, np.concatenate(parts), atol=1e-3)


def test_two_callers_at_once_are_told_apart_when_asked(made):
    sample, recording = made(seconds=20.0, overlapping=1.0, calls=20.0, shapes=("flat",), seed=2)
    together = detect_tonal(recording)
    apart = detect_tonal(recording, TonalSettings(separate=True))
    assert len(together) < len(apart) <= len(sample.calls)


def test_scores_of_cases_that_can_be_counted():
    true = [Call(0.0001, 0.1), Call(0.2, 0.3), Call(0.4, 0.5)]
    found = [Call(0.0001, 0.04), Call(0.06, 0.1), Call(0.22, 0.3), Call(0.9, 1.0)]
    any_overlap, half = event_counts(found, true), event_counts(found, true, 0.5)
    assert (any_overlap.precision, any_overlap.recall) == (0.5, pytest.approx(2 / 3))
    assert half.matched == 1
    time = temporal_counts(found, true)
    assert (time.matched, time.found, time.true) == (160, 260, 300)
    assert event_counts([], []).f1 == 1.0
    assert event_counts(found, []).precision == 0.0


def test_a_pair_is_not_given_up_for_a_better_overlap():
    true = [Call(0.0, 0.1), Call(0.1, 0.2)]
    found = [Call(0.05, 0.2), Call(0.11, 0.2)]
    assert event_counts(found, true).matched == 2


@pytest.mark.shared
@pytest.mark.parametrize(("number", "calls"), [(1, 16), (2, 44), (3, 36), (4, 21)])
def test_real_recordings(shared, number, calls):
    folder = shared / "data" / "vocalisation"
    true = read_calls(folder / f"gt_{number}.csv").calls
    assert len(true) == calls
    found = detect_tonal(open_recording(folder / f"rec_{number}.wav"))
    assert event_counts(found, true).f1 >= 0.95
    assert temporal_counts(found, true).f1 >= 0.9


def test_other_rates_and_bands(tmp_path):
    time = np.arange(2 * 8000) / 8000
    rng = np.random.default_rng(0)
    sound = 0.01 * rng.normal(size=len(time))
    sound[4000:5600] += 0.1 * scipy.signal.chirp(time[:1600], 1000, 0.2, 1800)
    soundfile.write(tmp_path / "a.wav", sound, 8000)
    (call,) = detect_tonal(open_recording(tmp_path / "a.wav"), TonalSettings(band=(500.0, 3800.0)))
    assert (call.start, call.stop) == pytest.approx((0.5, 0.7), abs=0.01)
