"""What was observed: events, the bus that carries them, the folder that keeps them, the history sorted from them."""
