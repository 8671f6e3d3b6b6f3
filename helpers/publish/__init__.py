"""Notebooks run in place, workbook and papers; hands on nothing: its libraries are an extra."""
