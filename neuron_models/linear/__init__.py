"""Circuits of passive cells solved as the linear systems that they are: no NEURON, and no time step of its own."""
