"""Weights of ResNet-18 from torchvision or from a file: found, checked, loaded."""

import hashlib
import logging
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from trainables.nets.state_dicts import State, misnamed, unwrapped

SOURCES = ("imagenet", "pretext")  # anything else is a file
NETWORK_S = 5.0  # seconds without an answer after which a download is given up
RETRY_S = 300.0  # seconds for which one process does not ask the network again

_log = logging.getLogger(__name__)
_OPTIONAL = "num_batches_tracked"  # files from before torch 0.4.1, as torchvision's, have none
_failed: dict[str, tuple[float, str]] = {}  # url -> when, why


def named_source(weights: str) -> str:
    """Returns `weights` as configs call it: one of SOURCES, or the absolute path of a file.

    Raises:
        ValueError: the file is missing or does not fit ResNet-18.
    """
    if weights in SOURCES:
        return weights
    load_file(weights)
    return str(Path(weights).expanduser().resolve())


def load_imagenet() -> State:
    """The weights ResNet18_Weights.IMAGENET1K_V1 without the last layer.

    They are read from torch's own folder (TORCH_HOME/hub/checkpoints) or downloaded into it by
    torchvision's loader; either way the file's hash must be the one that its name carries.

    Raises:
        OSError: there is no file and none can be had; the message says what to do.
        ValueError: the file there is damaged.
    """
    from torchvision.models import ResNet18_Weights

    return load_url(ResNet18_Weights.IMAGENET1K_V1.url)


def load_url(url: str) -> State:
    """As `load_imagenet`, of any URL that ends in NAME-HASH.pth as torchvision's do."""
    import torch

    folder = Path(torch.hub.get_dir()) / "checkpoints"
    path = folder / url.rpartition("/")[2]
    if not path.is_file():
        _download(url, path)
    prefix = path.stem.rpartition("-")[2]
    if not (found := file_sha256(path)).startswith(prefix):
        raise ValueError(
            f"{path} is damaged: its SHA-256 begins with {found[: len(prefix)]}, not with "
            f"{prefix}; remove it, or put the right file there"
        )
    return load_file(str(path))


def _download(url: str, path: Path) -> None:
    """Downloads whole or not at all; fails in seconds where there is no network, and says so."""
    import torch

    then, why = _failed.get(url, (0.0, ""))
    if why and time.monotonic() - then < RETRY_S:
        raise OSError(why)
    try:
        with _patience(NETWORK_S):
            torch.hub.load_state_dict_from_url(
                url, str(path.parent), progress=False, check_hash=True, weights_only=True
            )
    except (OSError, RuntimeError) as error:  # RuntimeError: the hash is another
        reason = str(getattr(error, "reason", None) or error)
        why = (
            f"the ImageNet weights of ResNet-18 are not in {path} and cannot be downloaded from "
            f"{url} ({reason}): put the file there, or give --weights FILE (a state dict of "
            "torchvision's resnet18) or --weights pretext (made from the study's own images)"
        )
        _failed[url] = time.monotonic(), why
        raise OSError(why) from error


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Bounds each wait for the network; torch.hub has no argument for it."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def load_file(path: str) -> State:
    """The body's weights in a file that holds a state dict of torchvision's resnet18.

    The last layer may be missing or of any width: it is left out. Nothing in the file is run.
    A state dict that lies in a checkpoint, or that is of a wrapped or compiled model, is taken
    out, and weights of another precision become float32; the log says so, once per file.

    Raises:
        ValueError: there is no such file, it is no state dict, or a name, shape or kind of number
            is not as in ResNet-18.
    """
    file = Path(path).expanduser()
    try:
        stat = file.stat()
    except OSError as error:
        raise ValueError(
            f"weights {path!r}: no such file; give a state dict of torchvision's resnet18 as "
            f"torch.save writes it, or one of {', '.join(SOURCES)} ({error.strerror})"
        ) from error
    return dict(_read(str(file.resolve()), stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=2)  # 45 MB each; every config of a study checks its file
def _read(path: str, mtime_ns: int, size: int) -> State:
    import torch

    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zip, pickle and torch each have their own kinds
        reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
        if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
            reason = f"it holds code, {found[1]}, as a whole pickled model does"
        raise ValueError(
            f"weights {path}: cannot be read as a state dict ({reason}); write it with "
            "torch.save(model.state_dict(), FILE)"
        ) from error
    if not isinstance(content, Mapping):
        raise ValueError(f"weights {path}: holds a {type(content).__name__}, not a state dict")
    what = f"weights {path}"
    named, told = unwrapped({str(k): v for k, v in content.items()}, what)
    state = _checked(named, what)
    kinds = {str(v.dtype).removeprefix("torch.") for v in state.values() if v.is_floating_point()}
    if kinds - {"float32"}:
        told.append(f"float32 made of {', '.join(sorted(kinds - {'float32'}))}")
    if told:
        _log.warning("%s: %s", what, "; ".join(told))
    return {k: v.float() if v.is_floating_point() else v for k, v in state.items()}


def _checked(content: State, what: str) -> State:
    """The body's entries, each with the shape and kind that ResNet-18 has."""
    import torch

    expected = _body_shapes()
    state = {k: v for k, v in content.items() if not k.startswith("fc.")}
    required = {name for name in expected if not name.endswith(_OPTIONAL)}
    missing, unknown = sorted(required - state.keys()), sorted(state.keys() - expected.keys())
    if missing or unknown:
        raise ValueError(
            f"{what}: not a state dict of torchvision's resnet18: {misnamed(missing, unknown)}"
        )
    for name, value in state.items():
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else type(value).__name__
        if shape != expected[name]:
            raise ValueError(f"{what}: {name} has shape {shape}, in ResNet-18 {expected[name]}")
        if not value.is_floating_point() and not name.endswith(_OPTIONAL):
            kind = str(value.dtype).removeprefix("torch.")
            raise ValueError(f"{what}: {name} holds {kind}, in ResNet-18 float32")
        if value.is_floating_point() and not bool(value.float().isfinite().all()):
            raise ValueError(f"{what}: {name} holds NaN or infinite values")
    return state


@lru_cache(maxsize=1)
def _body_shapes() -> dict[str, tuple[int, ...]]:
    """Shapes of the body's parameters and buffers, without making any."""
    import torch
    from torchvision.models import resnet18

    with torch.device("meta"):
        state = resnet18(weights=None).state_dict()
    return {k: tuple(v.shape) for k, v in state.items() if not k.startswith("fc.")}


def file_sha256(path: Path) -> str:
    """Returns the hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state_sha256(state: Mapping[str, Any]) -> str:
    """Returns the hash of names, shapes and values, wherever they come from."""
    digest = hashlib.sha256()
    for name in sorted(state):
        value = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
