"""Makes neutron's database: its tables as its models have them, since its migrations do not run on sqlite."""

from neutron.db.migration.models import head
from sqlalchemy import create_engine

head.get_metadata().create_all(create_engine("sqlite:////run/heartbed/own/neutron.sqlite"))
