"""Blind scoring by people: faces in random order, some twice, each answer on the disk at once."""
