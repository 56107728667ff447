"""Bands about the answers of trained models, and what the spread of several models says of their error."""
