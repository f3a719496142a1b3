"""What runs inside containers. Nothing here imports anything of Heartbed's program."""
