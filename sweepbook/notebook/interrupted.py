"""What Ctrl-C or a notebook's stop button raises, once the records are closed."""


class Interrupted(KeyboardInterrupt):
    """The training was interrupted; the message says how to go on.

    A script that does not catch it ends with exit code 1; a notebook shows the message alone, and
    runs no further cells.
    """

    __module__ = "sweepbook"  # as it is imported, and as Python prints it

    def _render_traceback_(self) -> list[str]:
        return [f"Interrupted: {self}"]
