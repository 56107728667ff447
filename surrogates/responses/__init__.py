"""Surrogates of the simulator: responses to stimuli."""
