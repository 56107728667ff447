"""What a map of behaviours needs that learns nothing: bodies, rhythms, fair samples of frames, density and regions."""
