"""The order of keys, whatever order the account keeps."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from azure.storage.blob import BlobProperties
from hypothesis import given, settings
from hypothesis import strategies as st

from avdataops.adapters.azure_blob.listing import in_key_order
from avdataops.adapters.azure_blob.looking import is_folder


@dataclass(frozen=True)
class Blob:
    name: str


part = st.text("ab-. _Z~", min_size=1, max_size=3)
names = st.sets(st.lists(part, min_size=1, max_size=4).map("/".join), max_size=30)


def hierarchical(found: set[str]) -> Iterator[Blob]:
    """Give names as an account with a hierarchical namespace does: ``/`` before all else."""
    return (Blob(name) for name in sorted(found, key=lambda name: name.replace("/", "\x00")))


@settings(deadline=None)
@given(names, st.text("ab-./", max_size=4))
def test_either_order_of_an_account_becomes_the_order_of_keys(found: set[str], prefix: str) -> None:
    wanted = sorted(name for name in found if name.startswith(prefix))
    inside = set(wanted)
    assert [blob.name for blob in in_key_order(hierarchical(inside), prefix)] == wanted
    assert [blob.name for blob in in_key_order(map(Blob, wanted), prefix)] == wanted


def test_the_order_that_a_real_account_was_seen_to_have() -> None:
    seen = ["A/dat1", "A-B", "A-B/dat2", "A-B-C", "A-C", "A.C", "A.C/dat3", "AB", "AB/AB",
            "AB/dat4", "AB.txt", "ABC"]  # fmt: skip
    assert [blob.name for blob in in_key_order(map(Blob, seen), "")] == sorted(seen)


def test_only_one_folder_is_held_at_a_time() -> None:
    taken: list[str] = []

    def source() -> Iterator[Blob]:
        for name in ("m_1/a", "m_1/b", "m_2/a", "m_2/b", "m_3/a"):
            taken.append(name)
            yield Blob(name)

    ordered = in_key_order(source(), "")
    assert next(ordered).name == "m_1/a"
    assert taken == ["m_1/a", "m_1/b", "m_2/a"]


@pytest.mark.parametrize(
    ("metadata", "folder"),
    [
        ({"hdi_isfolder": "true"}, True),
        ({"hdi_isfolder": "True"}, True),
        ({"hdi_isfolder": "false"}, False),
        ({"sha256": "00"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_folder_is_known_by_its_mark(metadata: dict[str, str] | None, folder: bool) -> None:
    assert is_folder(BlobProperties(name="m_1", metadata=metadata)) is folder
