"""Which inputs matter for which outputs: asked of a surrogate by several methods, and of the simulator itself."""
