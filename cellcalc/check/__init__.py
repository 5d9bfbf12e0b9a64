"""Marking work done by hand: reading answers, judging them, naming the slip behind a wrong one."""
