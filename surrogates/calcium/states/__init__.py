"""Behaviour states from windows of calcium traces."""
