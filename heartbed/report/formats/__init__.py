"""The formats of a report, one a file; see ``heartbed.report.registry``."""
