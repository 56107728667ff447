"""Where calls are, and how well they were found."""
