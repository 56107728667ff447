"""Postures from the files of other tools."""
