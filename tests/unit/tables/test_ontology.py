"""The ontology as it is loaded."""

from avdataops.tables.ontology import Meaning, Severity, groups, meanings


def test_a_type_has_all_that_the_file_says() -> None:
    assert meanings()["close_following"] == Meaning(
        name="close_following",
        iri="urn:avdataops:scene:close_following",
        parent="following",
        definition="A lead closer than 1 s of headway for at least 3 s.",
        openlabel=None,
        severity=(
            Severity("moderate", "From 1 s.", "product's own default"),
            Severity("high", "Below 0.6 s.", "product's own default"),
            Severity("extreme", "Below 0.3 s.", "product's own default"),
        ),
    )
    assert meanings()["cut_in"].openlabel == "MotionCutIn"
    assert meanings()["gnss_outage"].severity == ()


def test_a_user_s_own_rules_have_a_place_too() -> None:
    assert "user_rule" in groups()
    assert list(groups())[:2] == ["ego_motion", "interaction"]
