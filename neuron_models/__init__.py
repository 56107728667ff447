"""Biophysics: cells, membranes, synapses and stimuli as frozen descriptions, and the NEURON engine that runs them."""
