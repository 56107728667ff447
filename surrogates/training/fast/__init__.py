"""The fast training engine: small networks on a CPU, in numba."""
