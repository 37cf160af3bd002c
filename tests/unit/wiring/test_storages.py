"""Settings to storage."""

import multiprocessing
from pathlib import Path

import pytest

from avdataops.adapters.azure_blob import BlobStorage
from avdataops.adapters.local_storage import LocalStorage
from avdataops.model.errors import ConfigError
from avdataops.model.location import Location, Zone
from avdataops.settings import Settings
from avdataops.wiring.storages import open_storage, open_tiers, place_of, storage_at

KEY = "c2VjcmV0IG9mIGFuIGVtdWxhdG9y"
ACCOUNT = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    f"AccountKey={KEY};BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;"
)


def settings(root: Path, *without: Zone) -> Settings:
    accounts = {zone: ACCOUNT for zone in Zone if zone not in without}
    return Settings.model_validate({"workspace": root, "azure": {"storage": accounts}})


def test_without_an_account_the_zones_are_folders(tmp_path: Path) -> None:
    place = place_of(Settings.model_validate({"workspace": tmp_path / "w"}))
    with storage_at(place) as storage, open_tiers(place) as tiers:
        assert isinstance(storage, LocalStorage)
        assert tiers is None
        storage.put(Location(Zone.RAW, "imu/x"), [b"1"])
    assert (tmp_path / "w" / "raw" / "imu" / "x").read_bytes() == b"1"


def test_a_place_is_found_whatever_folder_a_worker_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = place_of(Settings.model_validate({"workspace": "w"}))
    assert place.workspace == tmp_path / "w"


def test_with_accounts_the_zones_are_on_azure(tmp_path: Path) -> None:
    place = place_of(settings(tmp_path / "w"))
    with storage_at(place) as storage, open_tiers(place) as tiers:
        assert isinstance(storage, BlobStorage)
        assert tiers is not None
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("zone", list(Zone))
def test_a_zone_without_an_account_is_named(tmp_path: Path, zone: Zone) -> None:
    with pytest.raises(ConfigError) as told:
        place_of(settings(tmp_path, zone))
    assert told.value.message == (
        f"setting 'azure.storage.{zone}' is missing: the other zones are on Azure"
    )
    assert f"AVDATAOPS_AZURE__STORAGE__{zone.upper()}" in (told.value.hint or "")


def test_a_place_can_go_to_a_worker_and_shows_no_key(tmp_path: Path) -> None:
    place = place_of(settings(tmp_path))
    ours, theirs = multiprocessing.Pipe()
    ours.send(place)
    there = theirs.recv()
    assert there == place
    assert hash(there) == hash(place)
    assert dict(there.accounts)[Zone.RAW] == ACCOUNT
    assert KEY not in repr(place)
    assert isinstance(open_storage(there), BlobStorage)
