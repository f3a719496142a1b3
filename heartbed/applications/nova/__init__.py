"""The real nova-api, from PyPI, with databases of sqlite and without keystone."""
