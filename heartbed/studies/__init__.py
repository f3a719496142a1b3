"""Questions that take many runs, or a run with many variants of one configuration."""
