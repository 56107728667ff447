"""A generator of labelled images and videos whose key points are known exactly."""
