"""Stimuli and simulated responses: simulation into datasets, silenced inputs, ablation screens."""
