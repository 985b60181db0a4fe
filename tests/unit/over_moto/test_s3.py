"""S3 where moto is not as AWS: events, copies, conditions and versions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
"""

from __future__ import annotations

import urllib.request
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from local_aws.server import LocalAws
from tests.unit.over_moto.support import REGION, refused

AWKWARD = "input/a b+c%41ü.csv"


@pytest.fixture
def bucket(aws: LocalAws, s3: Any) -> str:
    name = f"versioned-{aws.cloud.new_id()}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def loud(s3: Any, bucket: str) -> str:
    """A bucket whose events go to EventBridge."""
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return bucket


def test_an_event_names_the_object_as_it_is(s3: Any, loud: str, events: list[dict[str, Any]]) -> None:
    answer = s3.put_object(Bucket=loud, Key=AWKWARD, Body=b"abc")

    (event,) = events
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["resources"] == [f"arn:aws:s3:::{loud}"]
    detail = event["detail"]
    assert detail["bucket"] == {"name": loud}
    assert detail["reason"] == "PutObject"
    sequencer = detail["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert detail["object"] == {
        "key": AWKWARD,
        "size": 3,
        "etag": answer["ETag"].strip('"'),
        "version-id": answer["VersionId"],
    }


def test_later_events_have_greater_sequencers(s3: Any, loud: str, events: list[dict[str, Any]]) -> None:
    for body in (b"1", b"2", b"3"):
        s3.put_object(Bucket=loud, Key="k", Body=body)

    sequencers = [event["detail"]["object"]["sequencer"] for event in events]
    assert sequencers == sorted(set(sequencers))


def test_every_way_an_object_appears_is_an_event(
    aws: LocalAws, s3: Any, loud: str, events: list[dict[str, Any]]
) -> None:
    s3.put_object(Bucket=loud, Key="put", Body=b"x")
    s3.copy_object(Bucket=loud, Key="copy", CopySource=f"{loud}/put")
    upload = s3.create_multipart_upload(Bucket=loud, Key="parts")["UploadId"]
    part = s3.upload_part(Bucket=loud, Key="parts", UploadId=upload, PartNumber=1, Body=b"y" * 10)
    s3.complete_multipart_upload(
        Bucket=loud,
        Key="parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    form = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nposted\r\n'
    form += b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nhello\r\n--b--\r\n'
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{aws.url}/{loud}", form, {"Content-Type": "multipart/form-data; boundary=b"}
    )
    urllib.request.urlopen(request)  # noqa: S310

    seen = [(event["detail"]["reason"], event["detail"]["object"]["key"]) for event in events]
    assert seen == [
        ("PutObject", "put"),
        ("CopyObject", "copy"),
        ("CompleteMultipartUpload", "parts"),
        ("POST Object", "posted"),
    ]
    assert events[-1]["detail"]["object"]["size"] == 5


def test_a_deletion_is_an_event_that_says_which_kind(
    s3: Any, loud: str, events: list[dict[str, Any]]
) -> None:
    version = s3.put_object(Bucket=loud, Key="k", Body=b"")["VersionId"]
    events.clear()

    marker = s3.delete_object(Bucket=loud, Key="k")["VersionId"]
    s3.delete_object(Bucket=loud, Key="k", VersionId=version)

    kinds = [(event["detail"]["deletion-type"], event["detail"]["object"]["version-id"]) for event in events]
    assert kinds == [("Delete Marker Created", marker), ("Permanently Deleted", version)]


@pytest.mark.parametrize("tried", ["upload part", "abort"])
def test_what_makes_no_object_is_no_event(
    s3: Any, loud: str, events: list[dict[str, Any]], tried: str
) -> None:
    s3.put_object(Bucket=loud, Key="k", Body=b"")
    events.clear()

    upload = s3.create_multipart_upload(Bucket=loud, Key="parts")["UploadId"]
    if tried == "upload part":
        s3.upload_part(Bucket=loud, Key="parts", UploadId=upload, PartNumber=1, Body=b"y")
    else:
        s3.abort_multipart_upload(Bucket=loud, Key="parts", UploadId=upload)

    assert events == []


def test_an_unversioned_bucket_has_no_version_ids(s3: Any, events: list[dict[str, Any]]) -> None:
    s3.create_bucket(Bucket="plain")
    s3.put_bucket_notification_configuration(
        Bucket="plain", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )

    answers = [
        s3.put_object(Bucket="plain", Key="k", Body=b""),
        s3.head_object(Bucket="plain", Key="k"),
        s3.copy_object(Bucket="plain", Key="k2", CopySource="plain/k"),
        s3.delete_object(Bucket="plain", Key="k"),
    ]

    assert not [answer for answer in answers if "VersionId" in answer]
    assert "version-id" not in events[0]["detail"]["object"]


def test_a_bucket_sends_events_only_when_told_to(s3: Any, bucket: str, events: list[dict[str, Any]]) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    assert s3.get_bucket_notification_configuration(Bucket=bucket)["EventBridgeConfiguration"] == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    s3.put_object(Bucket=bucket, Key="k", Body=b"")

    assert events == []


def test_another_destination_of_events_is_refused_by_name(s3: Any, bucket: str) -> None:
    topic = {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Events": ["s3:ObjectCreated:*"]}
    with refused("NotImplemented", "TopicConfiguration"):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [topic]}
        )


def test_a_key_may_have_1024_bytes_and_no_more(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="ü" * 512, Body=b"")
    with refused("KeyTooLongError"):
        s3.put_object(Bucket=bucket, Key="ü" * 512 + "x", Body=b"")


def test_the_source_of_a_copy_is_url_decoded(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=AWKWARD, Body=b"abc")

    s3.copy_object(Bucket=bucket, Key=f"copy of {AWKWARD}", CopySource=quote(f"{bucket}/{AWKWARD}"))

    assert s3.head_object(Bucket=bucket, Key=f"copy of {AWKWARD}")["ContentLength"] == 3


@pytest.mark.parametrize("key", ["a+b", "a%41b"])
def test_a_copy_source_that_nobody_encoded_names_another_object(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    with refused("NoSuchKey"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/{key}")


def test_a_copy_source_that_is_not_ascii_is_refused(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="ü", Body=b"")
    with refused("InvalidArgument", "copy source"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/ü")


def test_boto3s_own_encoding_of_a_copy_source_works_over_http(aws: LocalAws, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key=AWKWARD, Body=b"abc")
    client = boto3.client(
        "s3",
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
    )

    client.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": AWKWARD})

    assert client.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"abc"


def test_a_copy_takes_the_version_it_names(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key=AWKWARD, Body=b"first")["VersionId"]
    s3.put_object(Bucket=bucket, Key=AWKWARD, Body=b"second")

    source = f"{quote(f'{bucket}/{AWKWARD}')}?versionId={first}"
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)

    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"first"


def test_a_copy_keeps_to_its_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"a")["ETag"]

    with refused("PreconditionFailed"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", CopySourceIfMatch='"other"')
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", CopySourceIfMatch=etag)
    with refused("PreconditionFailed"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/k", IfNoneMatch="*")
    with refused("NoSuchKey"):
        s3.copy_object(Bucket=bucket, Key="nothing", CopySource=f"{bucket}/k", IfMatch=etag)


def test_a_conditional_delete_looks_at_the_current_version(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["ETag"]
    second = s3.put_object(Bucket=bucket, Key="k", Body=b"second")["ETag"]

    with refused("PreconditionFailed"):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=first)
    assert s3.delete_object(Bucket=bucket, Key="k", IfMatch=second)["DeleteMarker"]
    with refused("NoSuchKey"):
        s3.delete_object(Bucket=bucket, Key="k", IfMatch=second)


def test_a_version_that_was_deleted_is_gone(s3: Any, bucket: str) -> None:
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)

    with refused("NoSuchVersion"):
        s3.get_object(Bucket=bucket, Key="k", VersionId=version)
    with refused("404"):
        s3.head_object(Bucket=bucket, Key="k", VersionId=version)
