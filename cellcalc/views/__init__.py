"""Text and data for people and programs: tables, worked lines, derivations, exports."""
