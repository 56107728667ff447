"""Kernels that are compiled when they are imported."""
