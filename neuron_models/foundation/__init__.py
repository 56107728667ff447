"""What every package stands on: errors, files, workers, progress, printing, units, resuming."""
