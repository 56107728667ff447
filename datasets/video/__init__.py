"""Videos and folders of images, read a frame at a time."""
