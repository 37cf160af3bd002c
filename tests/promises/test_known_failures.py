"""How the reference samples of two cloud vendors fail, each as a test that this product does not.

``SHOWN`` is the index: every failure, and the tests that show its absence.  The cheap ones that fit
nowhere else are below.
"""

import ast
from pathlib import Path

import pytest

from avdataops.adapters.sqlite_catalog import SqliteCatalog
from avdataops.model.ids import path_part
from avdataops.ports.catalog import SceneQuery, Taken
from avdataops.testing.catalog_store import detected, extracted, ids, register
from avdataops.testing.facts import scene, uploaded

ROOT = Path(__file__).parents[2]
HERE = "tests/promises/test_known_failures.py"
BATCH = "tests/unit/adapters/azure_batch/test_reference_failures.py"
POOL = "tests/unit/adapters/azure_batch/test_pool.py"
LOSSES = "tests/unit/adapters/azure_batch/test_losses.py"
NAMES = "tests/pipeline/test_strange_names.py"
REPEAT = "tests/pipeline/test_repeat.py"
SCENES = "avdataops/testing/catalog_scenes.py"
EXTRACT = "tests/unit/steps/test_extract.py"
CURRENT = "avdataops/testing/catalog_current.py"
READER = "tests/unit/readers/rosbag/test_reader.py"

SHOWN = {
    # An orchestrator beside Data Factory.
    "failed tasks are never asked for, so a failed extraction ends as success": [
        f"{BATCH}::test_a_failed_extraction_is_never_taken_for_success",
        f"{LOSSES}::test_a_node_that_dies_unnoticed_is_found_by_the_clock",
    ],
    "jobs are waited for ten minutes, however long they take": [
        f"{BATCH}::test_work_that_takes_longer_than_somebody_guessed_is_waited_for",
    ],
    "a job is set to end with its tasks before it has any": [
        f"{BATCH}::test_a_job_set_to_end_with_its_tasks_ends_before_it_has_any",
        f"{BATCH}::test_our_job_does_not_end_before_it_has_its_tasks",
    ],
    "a job's id is the second it was made in": [
        f"{BATCH}::test_running_again_within_a_second_makes_no_second_job_and_no_second_work",
    ],
    "one job for each file, beyond the quota of active jobs": [
        f"{BATCH}::test_one_job_serves_all_files_of_a_measurement",
    ],
    "a command for a shell is put together from file names": [
        f"{BATCH}::test_a_file_name_cannot_become_a_command",
    ],
    "tasks are administrators in the scope of the pool": [
        f"{BATCH}::test_no_task_has_a_shell_rights_of_root_or_the_pools_scope",
        f"{BATCH}::test_a_container_does_not_see_the_rest_of_its_node",
    ],
    "an image is named latest": [f"{BATCH}::test_an_image_called_latest_is_refused"],
    "names begin with an underscore, which Spark and Delta do not see": [
        f"{HERE}::test_no_name_of_a_topic_is_hidden_and_no_two_meet",
        f"{BATCH}::test_nothing_that_is_uploaded_is_hidden_from_readers",
    ],
    "nodes install what tasks need, for up to half an hour": [
        f"{POOL}::test_nodes_run_containers_and_fetch_the_worker_by_their_identity",
    ],
    # A framework of AWS.
    "what was read of every drive but the first is thrown away": [
        f"{HERE}::test_the_findings_of_every_drive_are_kept",
    ],
    "a question that has more than one page of answers fails": [
        f"{SCENES}::test_pages_lose_and_repeat_nothing_among_equal_starts",
        "avdataops/testing/catalog_measurements.py::test_measurements_are_paged_by_id",
        "tests/unit/engine/test_reconcile.py::test_more_than_one_page_of_measurements_is_seen",
    ],
    "scenes are appended, so a rerun has them twice": [
        f"{HERE}::test_the_findings_of_every_drive_are_kept",
        f"{REPEAT}::test_a_rerun_executes_nothing_says_so_and_changes_no_byte",
        f"{CURRENT}::test_superseded_results_leave_the_answers_but_not_the_catalog",
    ],
    "the version of an algorithm leaves no trace in what it finds": [
        "tests/unit/engine/test_plan.py::test_a_new_version_replaces_the_results_of_the_old_one",
    ],
    "a recording is read once for each topic, and held in memory": [
        f"{READER}::test_batches_are_bounded_in_bytes",
        f"{READER}::test_streams_that_wait_together_are_bounded_in_bytes",
    ],
    "a field that cannot be decoded becomes null without a word": [
        f"{READER}::test_a_definition_that_fits_no_message_leaves_bytes_and_a_problem",
        "avdataops/testing/reader_suite.py::test_counts_equal_the_index",
    ],
    "a topic without messages stops everything": [
        "avdataops/testing/reader_suite.py::test_a_stream_without_rows_gives_one_empty_batch",
        f"{EXTRACT}::test_a_recording_without_messages_is_empty_and_not_an_error",
    ],
    "archives of strangers are unpacked without limits": [
        f"{HERE}::test_no_archive_of_a_stranger_is_unpacked",
    ],
    "/a/b and /a_b share a folder": [
        f"{HERE}::test_no_name_of_a_topic_is_hidden_and_no_two_meet",
        f"{NAMES}::test_no_two_topics_share_a_folder_even_where_case_does_not_count",
        f"{NAMES}::test_every_topic_holds_its_own_messages",
    ],
}


def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("failure", SHOWN)
def test_every_known_failure_has_tests_that_are_there(failure: str) -> None:
    assert SHOWN[failure]
    for named in SHOWN[failure]:
        path, name = named.split("::")
        assert name in names_in(path), named


def test_every_test_beside_the_batch_adapter_is_in_the_index() -> None:
    named = {one.split("::")[1] for shown in SHOWN.values() for one in shown if BATCH in one}
    assert {name for name in names_in(BATCH) if name.startswith("test_")} == named


@pytest.mark.parametrize("name", ["/a/b", "/_a/b", "_a", "__", "/center_camera/image"])
def test_no_name_of_a_topic_is_hidden_and_no_two_meet(name: str) -> None:
    part, flattened = path_part(name), path_part(name.replace("/", "_"))
    assert part[0] not in "_."
    assert flattened[0] not in "_."
    assert (part == flattened) == ("/" not in name)
    assert part.casefold() != path_part(f"{name.upper()}x").casefold()


def test_the_findings_of_every_drive_are_kept() -> None:
    with SqliteCatalog(":memory:") as catalog:
        found = []
        for title in ("first", "second", "third"):
            drive = register(catalog, uploaded(title))
            streams = extracted(drive)
            scenes = [scene(drive.id, "cut_in", number) for number in range(3)]
            taken = [Taken(streams), detected(drive, streams.made, scenes)]
            for _ in range(2):
                catalog.commit(taken)
            found += [one.id for one in scenes]
        assert sorted(ids(catalog.scenes(SceneQuery()))) == sorted(found)
        assert len(set(found)) == 9


def test_no_archive_of_a_stranger_is_unpacked() -> None:
    modules = [path for top in ("avdataops", "batch_tasks") for path in (ROOT / top).rglob("*.py")]
    assert len(modules) > 100
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (getattr(node, "module", None), *(alias.name for alias in node.names))
        if name in {"zipfile", "tarfile", "unpack_archive"}
    ]
    # Map tiles that an operator names in the settings; only members named as tiles are written
    # (tests/unit/enrichers/road_osm/test_valhalla.py).  Clips of several files are only packed.
    assert sorted(found) == [
        "avdataops/api/pages/clip_download.py: zipfile",
        "avdataops/enrichers/road_osm/valhalla.py: tarfile",
    ]
