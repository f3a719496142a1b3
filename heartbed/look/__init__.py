"""A look at what runs on this host: read only, without Docker, and without touching what is looked at."""
