"""The file format of workbooks; it knows nothing of cells that remember."""
