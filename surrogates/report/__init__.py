"""Plots and pages, for every topic."""
