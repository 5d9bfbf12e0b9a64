"""The sheets of the workbook, a module a sheet."""
