"""A problem as a script for others to run: plain Python, PyTorch, Keras, numpy."""
