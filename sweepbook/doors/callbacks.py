"""What the callbacks for other libraries share: their base class, and what is not installed."""


def as_callback(kind: type, base: type) -> type:
    """Returns a class of ours as a callback of a library, which is imported by nobody but users.

    Args:
        base: the library's own class of callbacks.
    """
    return type(kind.__name__, (kind, base), {"__doc__": kind.__doc__})


def not_installed(kind: type, library: str, extra: str) -> ModuleNotFoundError:
    """Returns the error that tells which library a class of ours needs."""
    return ModuleNotFoundError(
        f"{kind.__name__} needs {library}, which is not installed: "
        f"pip install 'sweepbook[{extra}]'"
    )
