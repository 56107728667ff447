"""Animals as regions of a frame: where they are, which way they lie, and which end is the head."""
