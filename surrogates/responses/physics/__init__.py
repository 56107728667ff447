"""What physics asks of a surrogate, measured: rest, superposition, sign, time constants, reciprocity, long stimuli."""
