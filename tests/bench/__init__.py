"""Measures: what a test would have to time, and must not."""
