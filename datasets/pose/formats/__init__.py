"""Labels, predictions and tracks in the files of other tools."""
