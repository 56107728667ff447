"""Recordings in: every width, FLAC, headers that lie, files that are cut."""

import struct

import numpy as np
import pytest
import scipy.io.wavfile
import soundfile

from datasets.calls.recording import open_recording
from datasets.calls.spectrogram import spectrogram_of
from neuron_models.foundation.errors import InputError

RATE = 250_000


@pytest.fixture
def sound():
    return (0.3 * np.random.default_rng(0).uniform(-1, 1, (RATE // 10, 2))).astype(np.float32)


@pytest.mark.parametrize(
    ("suffix", "kind", "step"),
    [
        ("wav", "PCM_U8", 2**-7), ("wav", "PCM_16", 2**-15), ("wav", "PCM_24", 2**-23), ("wav", "PCM_32", 2**-24),
        ("wav", "FLOAT", 0), ("wav", "DOUBLE", 0), ("flac", "PCM_16", 2**-15), ("flac", "PCM_24", 2**-23),
    ],
)  # fmt: skip
def test_every_width_gives_the_sound_that_was_written(tmp_path, sound, suffix, kind, step):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, sound, RATE, kind)
    recording = open_recording(path)
    assert (recording.rate, recording.channels, recording.samples) == (RATE, 2, len(sound))
    assert np.abs(recording.read(channel=2) - sound[:, 1]).max() <= step
    assert recording.read(100, 300) == pytest.approx(sound[100:300, 0], abs=step + 1e-9)


def test_another_reader_reads_the_same(tmp_path, sound):
    scipy.io.wavfile.write(tmp_path / "a.wav", RATE, np.round(sound * 32767).astype(np.int16))
    _, wanted = scipy.io.wavfile.read(tmp_path / "a.wav")
    assert np.array_equal(open_recording(tmp_path / "a.wav").read(), wanted[:, 0] / np.float32(32768))


@pytest.mark.parametrize("said", [100, 10**9, 0, 0xFFFFFFFF])
@pytest.mark.parametrize("kind", ["PCM_16", "PCM_24", "FLOAT"])
def test_what_the_file_holds_is_read_whatever_its_header_says(tmp_path, sound, kind, said):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound, RATE, kind)
    honest = open_recording(path).read()
    data = bytearray(path.read_bytes())
    place = data.index(b"data")
    data[place + 4 : place + 8] = struct.pack("<I", said)
    path.write_bytes(data)
    lying = open_recording(path)
    assert np.array_equal(lying.read(), honest)
    assert ("the header says" in lying.fault) == (said in (100, 10**9))


def test_a_cut_file_is_read_as_far_as_it_goes(tmp_path, sound):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound, RATE, "PCM_16")
    path.write_bytes(path.read_bytes()[:50_001])
    cut = open_recording(path)
    assert cut.samples == (50_001 - 44) // 4
    assert "the header says 0.100 s of sound and the file holds 0.050 s" in cut.fault


def test_chunks_after_the_samples_are_no_samples(tmp_path, sound):
    path = tmp_path / "a.wav"
    soundfile.write(path, sound, RATE, "PCM_16")
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 4) + b"INFO")
    recording = open_recording(path)
    assert recording.samples == len(sound)
    assert recording.fault == ""


def test_numbers_that_are_none_are_silence(tmp_path, sound):
    sound[5] = np.nan
    sound[6] = np.inf
    soundfile.write(tmp_path / "a.wav", sound, RATE, "FLOAT")
    assert open_recording(tmp_path / "a.wav").read(4, 8)[1:3].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no recording that can be read"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "is cut within its header"),
        (b"RIFF\x10\0\0\0AVI fmt ", "is no WAV file"),
        (b"start,stop\n1,2\n", "is no recording that can be read"),
        (b"RIFF\x10\0\0\0WAVEdata\x10\0\0\0" + bytes(16), "without a chunk that says what they are"),
    ],
)
def test_what_is_no_recording_is_told_in_a_line(tmp_path, content, said):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        open_recording(path)
    assert "a.wav" in str(error.value)


def test_a_band_that_the_rate_does_not_hold_is_refused(tmp_path, sound):
    soundfile.write(tmp_path / "a.wav", sound, 8000)
    recording = open_recording(tmp_path / "a.wav")
    with pytest.raises(InputError, match="sampled at 8 kHz, so it holds nothing above 4 kHz"):
        spectrogram_of(recording)
    assert spectrogram_of(recording, (500.0, 3900.0)).frequencies.max() < 4000
    with pytest.raises(InputError, match="has the channels 1 to 2, got 3"):
        recording.read(channel=3)
