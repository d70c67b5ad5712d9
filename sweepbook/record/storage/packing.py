"""A checkpoint as bytes: plain values, numpy's arrays, tensors. Reading them executes no code.

A file without tensors is a pickle that is read without any class of its own. One with tensors is
torch's, so that torch is imported only where a trainable has used it. In both of them an array
stands as a text of its own, beside the content of the array in the form of an .npy file.
"""

import io
import math
import pickle
import secrets
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_ARRAYS = "numpy"  # the key of the arrays: text that stands for one -> (is a scalar, .npy)
_PLAIN = (bool, int, float, complex, str, bytes, bytearray)  # exactly: np.float64 is a float
_NAMED = {("collections", "OrderedDict"): OrderedDict, ("builtins", "complex"): complex}
_LATER_HEADER = np.lib.format.read_array_header_2_0
_MOST_GROWTH = 50  # values for each byte of a file
_MARKS = 8  # bytes, drawn for each file


def packed(content: Mapping[str, Any]) -> bytes:
    """Returns the bytes of a file.

    Args:
        content: name -> value. The names are Sweepbook's own, and the values are what a trainable
            gives: plain values, arrays and scalars of numpy, tensors of torch, and dicts, lists,
            tuples and sets of these.

    Raises:
        TypeError: a value could not be loaded again; it is named, with what to give instead.
    """
    found = _attempt(content)
    if found is None:
        name = next(name for name, value in content.items() if _attempt({name: value}) is None)
        raise TypeError(_refusal(content[name], name))
    return found


def unpacked(file: bytes, device: str | None = None) -> dict[str, Any]:
    """Returns what a file of `packed` holds.

    Args:
        device: where its tensors are to be; None: where they were.

    Raises:
        pickle.UnpicklingError: it names a class or a function, which `packed` never writes.
        ValueError: it holds tensors, and torch is not installed; or it is no file of `packed`,
            as one that would grow when it is read.
    """
    content: dict[str, Any]
    if file[:2] == b"PK":  # a zip, as torch writes them
        content = _loaded_by_torch(file, device)
    else:
        content = _PlainUnpickler(io.BytesIO(file)).load()
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, and no dict of names")
    _check_growth(content, _MOST_GROWTH * len(file))
    arrays = content.pop(_ARRAYS, None)
    return _each(content, lambda value: _array_again(value, arrays)) if arrays else content


class _ForeignError(Exception):
    """A value is no plain one."""


class _PlainPickler(pickle.Pickler):
    """Of numbers, texts and containers; it stops at the first value of another kind."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) in _NAMED.values() or any(value is kind for kind in _NAMED.values()):
            return NotImplemented
        raise _ForeignError


class _PlainUnpickler(pickle.Unpickler):
    """Of numbers, texts and containers; whatever else a file asks for is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMED:
            raise pickle.UnpicklingError(f"{module}.{name} is no plain value")
        return _NAMED[module, name]


def _attempt(content: Mapping[str, Any]) -> bytes | None:
    """The bytes of a file; None where it holds what could not be loaded again."""
    if (plain := _plain_bytes(content)) is not None:
        return plain
    mark, arrays = secrets.token_hex(_MARKS), dict[str, tuple[bool, bytes]]()
    bare = _each(content, lambda value: _text_for(value, arrays, mark))
    whole = {**bare, _ARRAYS: arrays} if arrays else bare
    if arrays and (plain := _plain_bytes(whole)) is not None:
        return plain
    return _saved_by_torch(whole) if "torch" in sys.modules and _is_loadable(bare) else None


def _plain_bytes(content: Any) -> bytes | None:
    file = io.BytesIO()
    try:
        _PlainPickler(file, protocol=5).dump(content)
    except _ForeignError:
        return None
    return file.getvalue()


def _check_growth(content: Any, most: int) -> None:
    """Refuses containers that hold each other so often that none could ever copy them."""
    waiting, seen = [content], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
        seen += 1
        if seen + len(waiting) > most:
            raise ValueError("it holds the same values within each other over and over")


def _each(content: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of nested containers in which every other value is changed."""
    kind = type(content)
    if kind in (dict, OrderedDict):
        return kind((_each(k, change), _each(v, change)) for k, v in content.items())
    if kind in (list, tuple, set):
        return kind(_each(value, change) for value in content)
    return change(content)


def _text_for(value: Any, arrays: dict[str, tuple[bool, bytes]], mark: str) -> Any:
    """The text that stands for an array, whose content is added to `arrays`; else the value."""
    is_scalar = isinstance(value, np.generic)
    if not is_scalar and type(value) is not np.ndarray:
        return value  # arrays of other kinds, with a mask, say, are more than their numbers
    array = np.asarray(value)
    is_cut = is_scalar and array.dtype.kind in "SU" and len(array.item()) < len(value)
    if is_cut or not _is_kept(array.dtype):
        return value
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    text = f"{mark}:{len(arrays)}"
    arrays[text] = (is_scalar, file.getvalue())
    return text


def _is_kept(dtype: np.dtype[Any]) -> bool:
    """Whether the form of .npy files keeps an array of such values as it is."""
    if dtype.hasobject:
        return False
    again = np.lib.format.descr_to_dtype(np.lib.format.dtype_to_descr(dtype))
    return bool(again == dtype)


def _array_again(value: Any, arrays: Mapping[str, tuple[bool, bytes]]) -> Any:
    if type(value) is not str or value not in arrays:
        return value
    is_scalar, content = arrays[value]
    file = io.BytesIO(content)
    # a header may say any size, and memory for it is asked for at once
    is_first = np.lib.format.read_magic(file) == (1, 0)
    header = np.lib.format.read_array_header_1_0 if is_first else _LATER_HEADER
    shape, _, dtype = header(file)
    if math.prod(shape) * dtype.itemsize > len(content):
        raise ValueError(
            f"an array says that it has the shape {shape}, but its content is shorter"
        )
    file.seek(0)
    array = np.lib.format.read_array(file, allow_pickle=False)
    return array[()] if is_scalar else array


def _saved_by_torch(content: Any) -> bytes:
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def _loaded_by_torch(file: bytes, device: str | None) -> dict[str, Any]:
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ValueError(
            "a checkpoint holds tensors, and torch is not installed: pip install torch"
        ) from error
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        if sum(part.file_size for part in parts.infolist()) > len(file):
            raise ValueError("its parts are compressed, as torch never writes them")
    content: dict[str, Any] = torch.load(io.BytesIO(file), map_location=device, weights_only=True)
    return content


def _is_loadable(content: Any) -> bool:
    """Whether it holds nothing but tensors and plain values, as `unpacked` takes them."""
    import torch

    kind = type(content)
    if kind in (dict, OrderedDict):
        return all(map(_is_loadable, (*content, *content.values())))
    if kind in (list, tuple, set):
        return all(map(_is_loadable, content))
    if content is None or kind in _PLAIN or kind is torch.Tensor:
        return True
    file = io.BytesIO(_saved_by_torch(content))
    return not torch.serialization.get_unsafe_globals_in_checkpoint(file)


def _refusal(content: Any, name: str) -> str:
    """Names the innermost value that cannot be loaded again, and says what to do."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        inner = list(content.items())
    elif isinstance(content, list | tuple):
        inner = list(enumerate(content))
    for key, value in inner:
        if _attempt({"": value}) is None:
            return _refusal(value, f"{name}[{key!r}]")
        if _attempt({"": key}) is None:
            return _refusal(key, f"the key {key!r:.60} of {name}")
    kind = type(content)
    what = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(content, np.ndarray | np.generic):
        what += f" of dtype {content.dtype}"
    return (
        f"{name} is a {what}, which a checkpoint cannot hold: a checkpoint holds numbers, texts, "
        "None, dicts, lists, tuples, sets, arrays of numbers or texts, and tensors, because "
        "loading these executes no code. Give the values that the object is made of"
    )
