"""The ontology says what the detectors find, in their own words and in OpenLABEL's."""

import re

import pytest

from avdataops.detectors import DETECTORS, scene_types
from avdataops.ports.detecting import Detector
from avdataops.tables.load import load_json
from avdataops.tables.ontology import groups, meanings
from avdataops.testing.detector_suite import DetectorSuite
from tests.conformance.test_detectors import EXAMPLES

NAMESPACE = "urn:avdataops:scene:"


class Shown(DetectorSuite):
    """Gives each detector's example."""

    __test__ = False
    examples = EXAMPLES


def test_every_scene_type_has_a_meaning_and_every_meaning_a_detector() -> None:
    assert sorted(meanings()) == sorted(scene_types())


def test_every_type_has_its_own_name_in_our_namespace() -> None:
    assert load_json("ontology.json")["namespace"] == NAMESPACE
    names = {name: one.iri for name, one in meanings().items()}
    assert names == {name: NAMESPACE + name for name in names}
    assert not groups().keys() & names.keys()


def test_every_parent_is_a_group_or_another_type_and_there_is_no_circle() -> None:
    for one in meanings().values():
        seen = {one.name}
        parent = one.parent
        while parent not in groups():
            assert parent not in seen
            seen.add(parent)
            parent = meanings()[parent].parent


def test_definitions_are_sentences() -> None:
    for text in (*groups().values(), *(one.definition for one in meanings().values())):
        assert re.fullmatch(r"[A-Z0-9].{9,140}\.", text), text


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
def test_the_tags_of_a_detector_are_those_of_the_ontology(detector: Detector) -> None:
    told = {name: meanings()[name].openlabel for name in detector.types}
    assert {name: tag for name, tag in told.items() if tag} == dict(detector.tags)
    for tag in detector.tags.values():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", tag)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.name)
def test_a_severity_that_is_given_is_explained(detector: Detector) -> None:
    found = Shown.found_in(detector, Shown.example(detector)).found
    for scene in found:
        classes = [one.name for one in meanings()[scene.type].severity]
        assert len(set(classes)) == len(classes)
        given = scene.evidence.get("severity")
        assert given is None or given in classes
        assert bool(classes) == ("severity" in scene.evidence), scene.type


def test_every_class_of_severity_has_a_meaning_and_a_source() -> None:
    for one in meanings().values():
        for severity in one.severity:
            assert severity.meaning.endswith(".")
            assert severity.source
