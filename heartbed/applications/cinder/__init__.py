"""The real cinder-api, from PyPI, with a database of sqlite and without keystone."""
