"""The formats in which a look is told, one a file, as in ``heartbed.report.formats``."""
