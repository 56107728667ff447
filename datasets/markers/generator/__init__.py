"""A mouse from below with painted paws, whose every mark and bout is known exactly."""
