"""Loops over pixels and paths, compiled."""
