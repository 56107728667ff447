"""Body parts in videos: labels and videos in and out, alignment, the choice of frames, and a generator of labels."""
