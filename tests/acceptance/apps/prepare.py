"""Prepares the application that is strict: runs in its folder, and is told the broker."""

import os
from pathlib import Path

Path("prepared").write_text(os.environ["HEARTBED_BROKER_URL"])
