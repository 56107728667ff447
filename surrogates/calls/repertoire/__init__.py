"""What is said of calls once they are found: contours, measures, classes, clusters, sequences."""
