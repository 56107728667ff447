"""The fast training engine: small recurrent networks on a CPU, in numba."""
