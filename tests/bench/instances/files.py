"""The files of one set: a directory, an archive (.tar, .tar.gz, .tar.xz, .zip), or a single file."""

from __future__ import annotations

import gzip
import lzma
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# What lies beside the instances in the published archives.
_NO_INSTANCES = re.compile(r"readme|licen[cs]e|format|results?|reference|solution", re.IGNORECASE)
_ENDINGS = {".txt", ".dat", ".inst", ""}


@dataclass(frozen=True, slots=True)
class File:
    """One instance as text; `folder` is the name of the directory it lay in."""

    name: str
    folder: str
    text: str


def read(path: Path, *, limit: int | None = None) -> list[File]:
    """Return the instance files below `path` in natural order of names, at most `limit`, evenly spread.

    FileNotFoundError when there is nothing there.
    """
    if not path.exists():
        raise FileNotFoundError(f"no instances at {path}")
    found = sorted(_all(path), key=lambda file: (file.folder, natural(file.name)))
    if not found:
        raise FileNotFoundError(f"no instance files in {path}")
    if limit is None or limit >= len(found):
        return found
    # Evenly spread, so that a short trial sees small and large instances.
    return [found[index * len(found) // limit] for index in range(limit)]


def natural(name: str) -> list[tuple[int, int, str]]:
    """Key that puts 2 before 10."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part
    ]


def _all(path: Path) -> Iterator[File]:
    if path.is_dir():
        for each in sorted(path.rglob("*")):
            if each.is_file() and _is_instance(each.name):
                yield File(each.stem, each.parent.name, _text(each.read_bytes()))
    elif zipfile.is_zipfile(path):
        yield from _zipped(path)
    elif tarfile.is_tarfile(path):
        yield from _tarred(path)
    else:
        content = path.read_bytes()
        if path.suffix == ".xz":
            content = lzma.decompress(content)
        elif path.suffix == ".gz":
            content = gzip.decompress(content)
        name = path.name.removesuffix(".xz").removesuffix(".gz")
        yield File(PurePosixPath(name).stem, path.resolve().parent.name, _text(content))


def _zipped(path: Path) -> Iterator[File]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.endswith("/") and _is_instance(name):
                yield _member(name, archive.read(name))


def _tarred(path: Path) -> Iterator[File]:
    with tarfile.open(path) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.isfile() and _is_instance(member.name) else None
            if source is not None:
                yield _member(member.name, source.read())


def _is_instance(name: str) -> bool:
    path = PurePosixPath(name)
    hidden = path.name.startswith((".", "_"))
    return not hidden and path.suffix.lower() in _ENDINGS and not _NO_INSTANCES.search(path.name)


def _member(name: str, content: bytes) -> File:
    path = PurePosixPath(name)
    return File(path.stem, path.parent.name, _text(content))


def _text(content: bytes) -> str:
    # Umlauts of several code pages stand in the comments; figures and keywords are plain ASCII.
    return content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
