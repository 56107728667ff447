"""Forecasts of calcium traces over 16 steps."""
