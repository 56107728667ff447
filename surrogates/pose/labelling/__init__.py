"""The page on which people label key points, and the network that is trained meanwhile."""
