"""The cells while a probe plays: the stage they stand on, the window they share, the client that asks them."""
