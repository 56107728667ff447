"""Compiled loops over spectrogram frames."""
