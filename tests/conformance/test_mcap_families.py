"""The MCAP conformance files read as the expectations beside them say."""

import json
from pathlib import Path
from typing import Any

import pytest

from avdataops.ports.files import BytesFile
from avdataops.readers import open_recording

FAMILIES = ["NoData", "OneMessage", "OneAttachment", "OneMetadata"]


def _records(path: Path, kind: str) -> list[dict[str, Any]]:
    records = json.loads(path.with_suffix(".json").read_text())["records"]
    return [dict(record["fields"]) for record in records if record["type"] == kind]


@pytest.mark.parametrize("family", FAMILIES)
def test_all_variants_hold_what_they_say(real_data: Path, family: str) -> None:
    files = sorted((real_data / "mcap_conformance" / family).glob("*.mcap"))
    assert len(files) > 5
    for path in files:
        expected = [
            (int(one["log_time"]), int(one["publish_time"]), bytes(map(int, one["data"])))
            for one in _records(path, "Message")
        ]
        names = tuple(one["name"] for one in _records(path, "Attachment"))
        with open_recording(BytesFile(path.name, path.read_bytes())) as reader:
            got = [
                (row["t_ns"], row["publish_ns"], row["data"])
                for batch in reader.batches()
                for row in batch.rows.to_pylist()
            ]
            assert got == expected, path.name
            assert reader.attachments == names, path.name
            codes = {problem.code for problem in reader.problems()}
        assert codes <= {"unindexed", "unsupported_encoding"}, path.name
