"""Graphs of neurons: edges, aggregation over them, and the connectome as weights."""
