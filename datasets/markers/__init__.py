"""Colour marks on animals: clicked, followed, and what painted paws do."""
