"""Surrogates outside Keras: as ONNX, as a NEURON mechanism, as plain numpy."""
