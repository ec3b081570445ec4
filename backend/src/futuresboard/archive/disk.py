"""Files that are there in whole or not at all: written beside, flushed, then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import IO

import orjson

from futuresboard.errors import FileError

UNFINISHED = ".unfinished"
"""How names of files end that are being written; what is left of them after a crash is removed."""


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let `write` fill a file; it takes its name once everything is on the disk. Raises FileError."""
    unfinished = begin_whole(path, write)
    try:
        finish_whole(unfinished, path)
    except FileError:
        unfinished.unlink(missing_ok=True)
        raise


def begin_whole(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Let `write` fill an unfinished file beside `path`, flushed to the disk; returns where it is."""
    unfinished = path.with_name(f"{path.name}{UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise FileError(f"{path}: {error.strerror or error}") from error
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return unfinished


def finish_whole(unfinished: Path, path: Path) -> None:
    """Give a flushed file its name, and see that the name is on the disk too. Raises FileError."""
    try:
        unfinished.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error


def _flush_folder(folder: Path) -> None:
    # Windows has no such thing as an opened folder, and needs none.
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def write_json(path: Path, value: object) -> None:
    """Keep a value as JSON, in whole."""
    data = json_bytes(value)
    write_whole(path, lambda file: file.write(data))


def json_bytes(value: object) -> bytes:
    """A value as JSON for people and machines."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def read_json(path: Path) -> object | None:
    """A value kept as JSON, None when there is none; raises FileError for what cannot be read."""
    try:
        return orjson.loads(path.read_bytes())  # type: ignore[no-any-return]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise FileError(f"{path}: {error}") from error


def sha256(path: Path) -> str:
    """Of a file's bytes, in hexadecimal; raises FileError."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from error
