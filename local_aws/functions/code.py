"""The code of functions: zip archives, each unpacked once."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Final

from local_aws.wire import AwsError

_MOST_UNZIPPED: Final = (
    262_144_000  # bytes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
)


def check_archive(archive: bytes) -> None:
    """Raise AwsError unless `archive` is a zip file that Lambda takes."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            size = sum(member.file_size for member in opened.infolist())
    except zipfile.BadZipFile as error:
        raise AwsError(
            "InvalidParameterValueException",
            "Could not unzip uploaded file. Please check your file, then try to upload again.",
        ) from error
    if size >= _MOST_UNZIPPED:
        raise AwsError(
            "InvalidParameterValueException",
            f"Unzipped size must be smaller than {_MOST_UNZIPPED} bytes",
        )


class CodeFolders:
    """The folders that archives are unpacked into; gone with `close`."""

    def __init__(self) -> None:
        self._root = TemporaryDirectory(prefix="local-aws-functions-")

    def folder(self, archive: bytes, digest: str) -> Path:
        """Return the folder with what is in `archive`, known by its `digest`."""
        folder = Path(self._root.name).resolve() / digest.encode().hex()
        if not folder.exists():
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                opened.extractall(folder)
        return folder

    def scratch(self) -> Path:
        """Return a new empty folder: the home and the temporary files of one environment."""
        return Path(mkdtemp(dir=self._root.name))

    def close(self) -> None:
        """Remove all folders."""
        self._root.cleanup()
