"""What ablations change: screens and scenarios, with plots and a page."""
