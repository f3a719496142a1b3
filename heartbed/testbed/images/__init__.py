"""How images are built, and when."""
