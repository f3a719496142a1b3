"""Versions: which releases of a library there are, how one is installed, and what OpenStack releases stand for."""
