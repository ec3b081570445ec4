"""A user's files as bytes: plain, gzip or zip, checked against the `.CHECKSUM` file beside them."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from futuresboard.errors import FileError

MOST_BYTES = 1 << 30
"""A file may hold this much when it is unpacked; a month of one pair's 5m bars is one million."""
CHECKSUM = ".CHECKSUM"
ENDINGS = (".csv", ".csv.gz", ".zip", ".parquet")
_PIECE = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"


@dataclass(frozen=True)
class Source:
    """What a file holds, unpacked.

    path: the file; name: as it was called when it was packed; data: its bytes; parquet: else CSV.
    """

    path: Path
    name: str
    data: bytes
    parquet: bool


def find(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant, each once: those named, and those in folders, by name.

    Raises FileError for what is not there, and for a folder that holds no file to import.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [one for one in sorted(path.rglob("*")) if one.is_file() and one.name.endswith(ENDINGS)]
            if not inside:
                raise FileError(f"{path}: a folder without a file to import, allowed: {', '.join(ENDINGS)}")
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise FileError(f"{path}: No such file or directory")
    return list(found)


def unpack(path: Path) -> Source:
    """A file's content; its first bytes say how it is packed. Raises FileError."""
    try:
        _check(path)
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            if start == _ZIP:
                return _unzip(path, file)
            if start[:2] == _GZIP:
                with gzip.open(file) as unpacked:
                    data = _bounded(path, unpacked)
                return _source(path, path.name.removesuffix(".gz"), data)
            return _source(path, path.name, _bounded(path, file))
    except (zipfile.BadZipFile, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise FileError(f"{path}: damaged or not complete ({error}); fetch it again") from error
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error


def _source(path: Path, name: str, data: bytes) -> Source:
    if data[:4] == _ZIP or data[:2] == _GZIP:
        raise FileError(f"{path}: holds another packed file, allowed: a CSV file")
    return Source(path, name, data, data[:4] == _PARQUET)


def _unzip(path: Path, file: IO[bytes]) -> Source:
    with zipfile.ZipFile(file) as packed:
        members = [one for one in packed.infolist() if not one.is_dir()]
        if len(members) != 1:
            raise FileError(f"{path}: holds {len(members)} files, allowed: one CSV file")
        [member] = members
        if member.flag_bits & 1:
            raise FileError(f"{path}: is encrypted, allowed: a zip file without a password")
        try:
            with packed.open(member) as unpacked:
                data = _bounded(path, unpacked)
        except NotImplementedError as error:
            raise FileError(f"{path}: {error}") from error
    return _source(path, Path(member.filename).name, data)


def _bounded(path: Path, file: IO[bytes] | gzip.GzipFile) -> bytes:
    """All of a stream, piece by piece, so that what unpacks without end is found out."""
    whole = io.BytesIO()
    while piece := file.read(_PIECE):
        if whole.tell() + len(piece) > MOST_BYTES:
            raise FileError(f"{path}: unpacks to more than {MOST_BYTES >> 20} MB, allowed: up to that")
        whole.write(piece)
    return whole.getvalue()


def _check(path: Path) -> None:
    """Compare a file with the checksum beside it, if there is one."""
    beside = path.with_name(path.name + CHECKSUM)
    if not beside.exists():
        return
    if (match := _SHA256.search(beside.read_text(errors="replace").lower())) is None:
        raise FileError(f"{beside}: got no SHA-256 checksum, allowed: 64 hexadecimal digits")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != match[0]:
        raise FileError(f"{path}: its SHA-256 is {found}, {beside.name} says {match[0]}; fetch it again")
