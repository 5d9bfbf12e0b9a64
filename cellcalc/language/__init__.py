"""The equation language: text to tree and back, and everything that can be done to a tree."""
