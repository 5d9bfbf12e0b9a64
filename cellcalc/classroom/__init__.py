"""A class of students: a variant of a problem for each, their work marked, question banks."""
