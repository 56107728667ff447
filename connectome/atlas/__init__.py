"""The signal propagation atlas of Randi et al. 2023, and how well a wiring predicts it."""
