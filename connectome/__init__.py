"""The worm's wiring, where its contacts sit on the cells, the published scenarios, and the network made of them."""
