"""Variables of the environment: which the testbed sets itself, and which a user's server may be started with."""

from __future__ import annotations

from heartbed.cells import axes

OWN = "HEARTBED_"
"""What the names begin with by which containers are told what they are."""

HOSTING = frozenset(
    name
    for axis in axes.TABLE.axes
    if axis.servers and not axis.application
    for factor in axis.tokens
    for name in axis.carried_by(factor)
) | frozenset(each.variable for each in axes.TABLE.parameters if each.variable)
"""Those by which the testbed's own configurations are told how to host: nothing but a server's configuration asks for
them, so in a copy of such a configuration they are its user's."""


def is_the_users(name: str) -> bool:
    """Whether a user may say what this variable is."""
    return not name.startswith(OWN) or name in HOSTING
