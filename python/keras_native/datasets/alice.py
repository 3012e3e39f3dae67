"""Lewis Carroll's "Alice's Adventures in Wonderland" (1865), bundled with the package.

148460 characters of plain ASCII, in the public domain: the Millennium Fulcrum edition 2.9, as the
file alice29.txt of the Canterbury corpus holds it, with line ends of one character.
"""

import os

_PATH = os.path.join(os.path.dirname(__file__), "alice.txt")


def load_data():
    """The book as one string."""
    with open(_PATH, encoding="ascii") as f:
        return f.read()
