"""What is asked: the axes, a cell, the expressions that name cells, the settings of a run."""
