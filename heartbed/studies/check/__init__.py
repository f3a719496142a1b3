"""A user's configuration checked: made ready, played with the changes to it, and told."""
