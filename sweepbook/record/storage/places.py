"""Where a record is kept, as one value: a folder on a disk, or one in an object store."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

STORES = ("s3", "gs", "gcs")
_SECRETS = ("access_key", "secret_key", "session_token", "access_token")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+")
_OF_S3 = {"endpoint_override", "region", "scheme"}
_S3_ATTEMPTS = 5  # 20 to 30 s where nobody answers
_GCS_RETRIES = "retry_limit_seconds"  # Google's client tries for 15 minutes unless told


@dataclass(frozen=True)
class Place:
    """A file or folder on this machine's disk (scheme "") or in a store; printed as it is given.

    Has the names of pathlib where it does the same. Every method but `/` and the names asks the
    file system: it raises OSError where that is away, FileNotFoundError where nothing is there.
    """

    path: str  # as the file system knows it; a store's begins with its bucket
    scheme: str = ""
    query: str = ""  # of the URI: endpoint_override=..., region=...

    def __truediv__(self, name: str) -> Place:
        return replace(self, path=str(PurePosixPath(self.path) / name))

    def __str__(self) -> str:
        if self.is_local:
            return self.path
        return f"{self.scheme}://{self.path}" + (f"?{self.query}" if self.query else "")

    def __fspath__(self) -> str:
        """The path for what opens files of the disk alone; ValueError in a store."""
        if not self.is_local:
            raise ValueError(f"{self} is not on this machine's disk")
        return self.path

    @property
    def is_local(self) -> bool:
        """Whether it is on a disk that this machine has, its own or a shared one."""
        return not self.scheme

    @property
    def name(self) -> str:
        """The last part of its path; of "." that of the folder that it stands for."""
        return PurePosixPath(self.path).name or PurePosixPath(self.resolve().path).name

    @property
    def stem(self) -> str:
        """The name without its last suffix."""
        return PurePosixPath(self.path).stem

    @property
    def parent(self) -> Place:
        """The folder that it is in."""
        return replace(self, path=str(PurePosixPath(self.path).parent))

    @property
    def fs(self) -> Any:
        """Its pyarrow file system, to be used with `path`."""
        return _file_system(self.scheme, self.path.partition("/")[0], self.query)

    def resolve(self) -> Place:
        """The same place, however this process's own folder changes."""
        return replace(self, path=str(Path(self.path).resolve())) if self.is_local else self

    def exists(self) -> bool:
        """Whether a file or folder is there."""
        return bool(self._info().type.name != "NotFound")

    def is_file(self) -> bool:
        """Whether a file is there."""
        return bool(self._info().is_file)

    def is_dir(self) -> bool:
        """Whether a folder is there; in a store, whether something begins with its name."""
        return bool(self._info().type.name == "Directory")

    def _info(self) -> Any:
        return self.fs.get_file_info(self.path)

    def iterdir(self) -> list[Place]:
        """Returns the files and folders in it, sorted by name; none where it does not exist."""
        from pyarrow.fs import FileSelector

        found = self.fs.get_file_info(FileSelector(self.path, allow_not_found=True))
        return sorted((self / info.base_name for info in found), key=lambda place: place.path)

    def read_bytes(self) -> bytes:
        """Returns a file's content: one version of it, also where it is replaced meanwhile."""
        while True:
            with self.fs.open_input_file(self.path) as file:
                content = bytes(file.read())
            # a store's reader asks for as many bytes as the file had when it was opened
            if self.is_local or len(content) == self._info().size:
                return content

    def read_text(self) -> str:
        """Returns a UTF-8 file's content."""
        return self.read_bytes().decode("utf-8")


Where = str | Path | Place


def place(where: Where) -> Place:
    """Returns the place that a path or URI names: a folder, s3://BUCKET/..., gs://BUCKET/...

    A URI's query goes to pyarrow: region, endpoint_override (an S3-compatible server), scheme.
    Credentials come from the environment or the machine's own role.

    Raises:
        ValueError: another scheme, no bucket, or credentials in the URI, which records would keep.
    """
    if isinstance(where, Place):
        return where
    text = str(where)
    if "://" not in text:
        return Place(str(Path(text)))
    parts = urlsplit(text)
    if parts.scheme == "file":
        return Place(str(Path(unquote(parts.path))))
    if parts.scheme not in STORES:
        raise ValueError(f"{text}: must be a folder, s3://... or gs://...")
    if not parts.netloc:
        raise ValueError(f"{text}: names no bucket; write {parts.scheme}://BUCKET/...")
    if "@" in parts.netloc or any(key in _SECRETS for key, _ in parse_qsl(parts.query)):
        raise ValueError(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}: a URI must "
            "not hold credentials, which every record would keep: give them by environment "
            "variables"
        )
    path = PurePosixPath(parts.netloc + parts.path)
    return Place(str(path), parts.scheme, parts.query)


def disk_folder(where: Where, option: str = "--out") -> Path:
    """Returns the folder on this machine's disk that a path or a file:///... names.

    Args:
        option: how the message calls it.

    Raises:
        ValueError: a place in a store, or of another kind.
    """
    found = _SCHEME.match(str(where))  # a Path has lost a slash of its scheme
    if found is None:
        return Path(str(where))
    if found[1] != "file":
        raise ValueError(f"{option} must be a folder on this machine's disk, got {where}")
    return Path("/" + unquote(str(where)[found.end() :]))


@functools.lru_cache
def _file_system(scheme: str, bucket: str, query: str) -> Any:
    """The pyarrow file system of a place, made once in a process."""
    from pyarrow.fs import FileSystem, LocalFileSystem

    if not scheme:
        return LocalFileSystem()
    if scheme != "s3" and _GCS_RETRIES not in query:
        query = f"{query}&{_GCS_RETRIES}=10".lstrip("&")
    options = dict(parse_qsl(query))
    if scheme == "s3" and "endpoint_override" in options and set(options) <= _OF_S3:
        from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

        # pyarrow's own strategy asks a server that does not answer for 100 s
        return S3FileSystem(retry_strategy=AwsStandardS3RetryStrategy(_S3_ATTEMPTS), **options)
    return FileSystem.from_uri(f"{scheme}://{bucket}" + (f"?{query}" if query else ""))[0]
