"""What spreadsheet programs make of the workbooks, where none of them is Excel."""
