"""The product list of a stage, read by the validator's own reader before any order file meets it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.response import StreamingBody

from common.exit_codes import WrongSettings
from common.settings import S3Uri
from mayfly.console import CommandError
from validator.reference import read_reference

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class _Folder:
    """Files of this machine, answered as S3 answers."""

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - the names of S3
        path = Path(Bucket) / Key
        return {"Body": StreamingBody(path.open("rb"), path.stat().st_size)}


def refuse_useless(products: Path) -> None:
    """Raise CommandError for a list that the validator would refuse, which would fail every file."""
    uri = S3Uri(str(products.parent), products.name)
    try:
        read_reference(cast("S3Client", _Folder()), uri)
    except (OSError, WrongSettings) as error:
        found = str(error).removeprefix("REFERENCE_URI: ").replace(str(uri), str(products))
        raise CommandError(
            "the product list cannot be used",
            found,
            "mend it, or name another as PRODUCTS_FILE: a CSV file in UTF-8 whose column `category` says "
            "which categories orders may name",
        ) from error
