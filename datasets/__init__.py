"""One dataset type for every topic, its store, and the sources that fill it."""

OWNER = "wormtwin"
"""Whose `datasets` this is: another well-known package has the same import name."""
