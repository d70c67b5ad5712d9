"""Lines for people, as every command prints them."""

from rich.console import Console


def say(console: Console, text: str, style: str | None = None) -> None:
    """Prints a text as it is: no markup, nothing highlighted, no line folded."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """Returns a measured time: hours and minutes, minutes and seconds, or seconds."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def rough_duration(seconds: float) -> str:
    """Returns an estimated time, which is good to a factor of two: whole minutes from 90 s on."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
