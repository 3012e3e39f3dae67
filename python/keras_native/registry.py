"""What is found by name: classes that a description names, in rooms above the one that asks.

Making objects from configurations and files is work of the lower rooms (`engine`, `saving`); what
the descriptions name lives above them. They ask here, and nothing imports upwards. A room is loaded
when it is first asked for.
"""

import importlib


def names(room):
    """{name: object} of a module of this package, such as 'layers' or 'legacy.recurrent'."""
    return vars(importlib.import_module(f"{__package__}.{room}"))


def find(room, name):
    """One of the `names` of a room.

    Raises:
        KeyError: if it has none of that name.
    """
    return names(room)[name]
