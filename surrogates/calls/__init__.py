"""Ultrasonic calls: detectors, scores, contours, classes, clusters, sequences, a page to correct them."""
