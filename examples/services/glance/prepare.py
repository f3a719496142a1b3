"""Makes what glance-api finds: its tables as its models have them, and its pipeline without keystone's `authtoken`."""

from pathlib import Path

from glance.db.sqlalchemy.models import register_models
from sqlalchemy import create_engine

register_models(create_engine("sqlite:////run/heartbed/own/glance.sqlite"))
own = Path("/opt/heartbed/own-packages/etc/glance/glance-api-paste.ini").read_text()
Path("paste.ini").write_text(own.replace(" authtoken ", " "))
