"""A network that was trained on photographs, as the beginning of networks on other images."""
