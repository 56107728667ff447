"""Which frames to label, and which of them to train on."""
