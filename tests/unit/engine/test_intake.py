"""From a folder to landing."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from avdataops.engine.intake import (
    HashCache,
    hash_sources,
    make_manifest,
    scan,
)
from avdataops.model.errors import InputError, UnsafeName
from avdataops.model.measurement import ManifestFile, Role
from avdataops.testing.engine_kit import DRIVE, manifest_of
from avdataops.testing.facts import sha256_of


def folder_of(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}", encoding="utf-8")
    return root


class Told(list[tuple[str, str, int]]):
    """Progress that is kept."""

    def __call__(self, what: str, name: str, size: int) -> None:
        self.append((what, name, size))


class TestScan:
    def test_recordings_and_what_belongs_to_them_are_found_in_order(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "z.mcap", "sub/a.MF4", "b.bag", "c.db3", "bus.dbc")
        folder_of(tmp_path, "driver_notes.json", "sub/metadata.yaml")
        found = scan(tmp_path)
        assert [(source.name, source.role) for source in found.sources] == [
            ("b.bag", Role.RECORDING),
            ("bus.dbc", Role.DBC),
            ("c.db3", Role.RECORDING),
            ("driver_notes.json", Role.NOTES),
            ("sub/a.MF4", Role.RECORDING),
            ("sub/metadata.yaml", Role.SIDECAR),
            ("z.mcap", Role.RECORDING),
        ]
        assert found.sources[0].bytes == len("content of b.bag")
        assert found.ignored == ()

    def test_other_files_are_left_out_and_named_hidden_ones_are_not(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "a.mcap", "readme.txt", "x/photo.jpg", ".git/b.mcap", ".hidden.mcap")
        folder_of(tmp_path, "manifest.json", "sub/driver_notes.json")
        found = scan(tmp_path)
        assert [source.name for source in found.sources] == ["a.mcap"]
        assert found.ignored == (
            "manifest.json",
            "readme.txt",
            "sub/driver_notes.json",
            "x/photo.jpg",
        )

    def test_a_log_is_a_recording_only_if_it_begins_like_one(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "drive.log", "empty.log", "a.mcap", "checksums.asc", "bus.ASC", "b.blf")
        (tmp_path / "drive.log").write_bytes(b"(1581670628.161550) can0 123#DEADBEEF\n")
        (tmp_path / "empty.log").write_bytes(b"")
        (tmp_path / "bus.ASC").write_bytes(b"date Fri Feb 14 08:51:20 am 2020\nbase hex\n")
        folder_of(tmp_path, "player.log")
        found = scan(tmp_path)
        assert [source.name for source in found.sources] == [
            "a.mcap",
            "b.blf",
            "bus.ASC",
            "drive.log",
        ]
        assert {source.role for source in found.sources} == {Role.RECORDING}
        assert found.ignored == ("checksums.asc", "empty.log", "player.log")

    def test_a_folder_with_nothing_but_other_logs_holds_no_recording(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "player.log")
        with pytest.raises(InputError, match=r"holds no recording.*\.log.*1 other files"):
            scan(tmp_path)

    def test_files_given_beside_the_folder_come_along(self, tmp_path: Path) -> None:
        drive = folder_of(tmp_path / "drive", "a.mcap", "driver_notes.json")
        other = folder_of(tmp_path / "other", "bus.dbc", "words.yaml")
        found = scan(drive, [other / "bus.dbc"], other / "words.yaml")
        assert {source.name: source.path for source in found.sources} == {
            "a.mcap": drive / "a.mcap",
            "dbc/bus.dbc": other / "bus.dbc",
            "driver_notes.json": other / "words.yaml",
        }

    def test_two_files_under_one_name_are_refused(self, tmp_path: Path) -> None:
        drive = folder_of(tmp_path / "drive", "a.mcap")
        one = folder_of(tmp_path / "one", "bus.dbc") / "bus.dbc"
        two = folder_of(tmp_path / "two", "bus.dbc") / "bus.dbc"
        with pytest.raises(InputError, match=r"two files would be uploaded as 'dbc/bus.dbc'"):
            scan(drive, [one, two])
        assert len(scan(drive, [one, one]).sources) == 2

    def test_names_that_differ_in_case_only_are_refused_before_anything_is_copied(
        self, tmp_path: Path
    ) -> None:
        folder_of(tmp_path, "a.mcap", "A.mcap")
        if len(list(tmp_path.iterdir())) == 1:
            pytest.skip("case does not count in this file system")
        with pytest.raises(InputError, match=r"'A.mcap' and 'a.mcap' would be one file"):
            scan(tmp_path)

    def test_a_folder_without_a_recording_says_what_was_looked_for(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "bus.dbc", "readme.txt")
        with pytest.raises(InputError, match=r"no recording .*\.mcap.*1 other files"):
            scan(tmp_path)

    def test_a_name_that_no_storage_takes_is_refused(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "a:b.mcap")
        with pytest.raises(UnsafeName):
            scan(tmp_path)

    def test_what_is_not_there_is_named(self, tmp_path: Path) -> None:
        folder_of(tmp_path, "a.mcap")
        with pytest.raises(InputError, match=r"there is no file .*nowhere"):
            scan(tmp_path, [tmp_path / "nowhere.dbc"])
        with pytest.raises(InputError, match="nowhere' is not a folder"):
            scan(tmp_path / "nowhere")


class TestHashing:
    def test_lines_of_the_manifest_hold_size_and_hash(self, tmp_path: Path) -> None:
        sources = scan(folder_of(tmp_path, "a.mcap", "b.mcap")).sources
        told = Told()
        files = hash_sources(sources, HashCache(tmp_path / "cache"), told, 2)
        assert files == tuple(
            ManifestFile(
                name=name, bytes=17, sha256=sha256_of(f"content of {name}"), role=Role.RECORDING
            )
            for name in ("a.mcap", "b.mcap")
        )
        assert sorted(told) == [("hash", "a.mcap", 17), ("hash", "b.mcap", 17)]

    def test_an_unchanged_file_is_not_hashed_twice_even_by_another_process(
        self, tmp_path: Path
    ) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        HashCache(tmp_path / "cache").put(HashCache.key(source.path), "f" * 64)
        again = HashCache(tmp_path / "cache")
        (file,) = hash_sources([source], again, lambda *_: None, 1)
        assert file.sha256 == "f" * 64
        again.drop()
        (file,) = hash_sources([source], HashCache(tmp_path / "cache"), lambda *_: None, 1)
        assert file.sha256 == sha256_of("content of a.mcap")

    def test_a_changed_file_is_hashed_anew(self, tmp_path: Path) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        cache = HashCache(tmp_path / "cache")
        cache.put(HashCache.key(source.path), "f" * 64)
        os.utime(source.path, ns=(1, 1))
        assert cache.get(HashCache.key(source.path)) is None

    def test_a_broken_cache_is_an_empty_one(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("{", encoding="utf-8")
        assert HashCache(tmp_path / "cache").get("x") is None

    def test_a_file_that_changes_while_it_is_hashed_is_refused_and_not_remembered(
        self, tmp_path: Path
    ) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        key = HashCache.key(source.path)

        def appending(*_: object) -> None:
            with source.path.open("a", encoding="utf-8") as file:
                file.write("more")

        cache = HashCache(tmp_path / "cache")
        with pytest.raises(InputError, match="changed while it was hashed"):
            hash_sources([source], cache, appending, 1)
        assert cache.get(key) is None
        assert cache.get(HashCache.key(source.path)) is None

    def test_a_file_that_grew_since_the_scan_is_refused(self, tmp_path: Path) -> None:
        (source,) = scan(folder_of(tmp_path / "d", "a.mcap")).sources
        source.path.write_text("longer than it was before", encoding="utf-8")
        with pytest.raises(InputError, match="changed while it was hashed"):
            hash_sources([source], HashCache(tmp_path / "cache"), lambda *_: None, 1)


class TestManifest:
    def test_the_id_follows_from_vehicle_names_and_hashes_alone(self) -> None:
        one = manifest_of(DRIVE)
        assert make_manifest("car-1", one.files[::-1], {"route": "x"}).measurement == (
            one.measurement
        )
        assert make_manifest("car-2", one.files, None).measurement != one.measurement
        renamed = replace(one.files[0], name="c.mcap")
        assert make_manifest("car-1", (renamed, one.files[1]), None).measurement != (
            one.measurement
        )

    def test_a_vehicle_needs_a_plain_name(self) -> None:
        with pytest.raises(InputError, match="cannot name a vehicle"):
            make_manifest("../car", manifest_of(DRIVE).files, None)
