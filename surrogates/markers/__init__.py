"""Colour marks in the browser."""
