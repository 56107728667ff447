"""Models that are derived from the network's matrices: no data, no training, and an error bound beforehand."""
