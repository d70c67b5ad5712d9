"""The state that a resumed trainable is given: reading it puts the random numbers back.

A trainable builds its model first, which draws random numbers, and loads the state into it then.
In a training that nobody has interrupted, the model was built long before, so the numbers that its
building draws must not count twice.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

Restore = Callable[[], None]


def given_state(state: Any, restore: Restore) -> Any:
    """Returns the state, as a dict that calls `restore` whenever it is read.

    A state that is no dict, such as a number or a tensor, is returned as it is.
    """
    kinds: dict[type, type[_Read]] = {dict: _GivenDict, OrderedDict: _GivenOrdered}
    kind = kinds.get(type(state))
    if kind is None:
        return state
    given = kind(state)
    vars(given).update(getattr(state, "__dict__", {}))  # torch keeps a module's versions there
    vars(given)["restore"] = restore
    return given


def plain_state(state: Any) -> Any:
    """Returns a state that a trainable gives; one that it was given itself is a plain dict again.

    A trainable may go on with the very dict that it was given, and give it, or keep it in another.
    """
    if isinstance(state, _Read):
        return state.plain()
    if type(state) is dict and any(isinstance(value, _Read) for value in state.values()):
        return {k: v.plain() if isinstance(v, _Read) else v for k, v in state.items()}
    return state


class _Read(dict[Any, Any]):
    """A dict that says when it is read; a copy of it is a plain one."""

    def __getitem__(self, key: Any) -> Any:
        self.recall()
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        self.recall()
        return super().__iter__()

    def get(self, key: Any, default: Any = None) -> Any:
        self.recall()
        return super().get(key, default)

    def pop(self, *arguments: Any) -> Any:
        self.recall()
        return super().pop(*arguments)

    def keys(self) -> Any:
        self.recall()
        return super().keys()

    def values(self) -> Any:
        self.recall()
        return super().values()

    def items(self) -> Any:
        self.recall()
        return super().items()

    def __reduce__(self) -> Any:
        self.recall()
        return type(self.plain()), (list(super().items()),)

    def plain(self) -> Any:
        """Returns it as the dict that it was, with what it holds now."""
        return dict(super().items())

    def recall(self) -> None:
        """Puts the random numbers back, as each reading does."""
        restore: Restore = vars(self).get("restore", _nothing)
        restore()


class _GivenDict(_Read):
    pass


class _GivenOrdered(_Read, OrderedDict[Any, Any]):
    def plain(self) -> Any:
        found = OrderedDict(OrderedDict.items(self))
        vars(found).update({k: v for k, v in vars(self).items() if k != "restore"})
        return found


def _nothing() -> None:
    """While the dict is being made."""
