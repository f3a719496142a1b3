"""The containers of one run, the engine that makes them, and the images they are made from."""
