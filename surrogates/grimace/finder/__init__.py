"""Where in a picture the face of a mouse is."""
