"""What the cells of a posture network follow, and strains classified by them."""
