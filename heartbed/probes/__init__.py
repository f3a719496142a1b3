"""Probes: scenarios that are played on cells. One file each."""
