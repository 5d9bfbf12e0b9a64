"""The equations of a problem, forward and derived backward."""
