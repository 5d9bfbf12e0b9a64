"""The arithmetic of a step, three times over: floats, numpy arrays, and 60 decimals."""
