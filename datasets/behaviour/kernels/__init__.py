"""Compiled recursions over windows of frames."""
