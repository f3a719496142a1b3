"""The kinds of plot, one a file; ``heartbed.report.figure`` says what such a file holds."""
