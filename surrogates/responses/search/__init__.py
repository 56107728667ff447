"""Searches for settings and for the smallest model."""
