"""Which inputs matter for which outputs: of a surrogate, by several methods, and of the simulator itself."""
