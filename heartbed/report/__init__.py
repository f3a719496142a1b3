"""What people see of a run: one format a file in ``formats/``, one kind of plot a file in ``plots/``."""

from heartbed.report.data import RunData
from heartbed.report.registry import file_name, format_names, render

__all__ = ["RunData", "file_name", "format_names", "render"]
