"""Files and arrays to a checked specification, in which nothing is left to be looked up."""
