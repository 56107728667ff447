"""Ultrasonic calls: recordings, spectrograms, a generator with known truth, tables of calls."""
