"""One run: its Compose file and images, played from the first container to the verdicts."""
