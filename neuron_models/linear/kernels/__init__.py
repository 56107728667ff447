"""Compiled loops over time."""
