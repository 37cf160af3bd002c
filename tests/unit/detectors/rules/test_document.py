"""Rule files: what they say, and complaints with file and line."""

import pytest

from avdataops.detectors.rules.document import MAX_BYTES, Aggregate, by_scene, read_rule, scene_of
from avdataops.detectors.rules.expressions import find_column, parse
from avdataops.model.errors import ConfigError

TYPES = ("rain", "turn_left")
WHOLE = """\
# Fast in the wet.
scene: fast_wet
version: 3
doc: Fast in the rain.
when: ego_speed_mps > 20 and during rain
while: ego_speed_mps > 15
min_duration: 1.5 s
merge: 500 ms
overlaps: [turn_left]
evidence:
  max_ego_speed_mps: max(ego_speed_mps)
  max_abs_yaw_rate_radps: max(abs(yaw_rate_radps))
  first_light: first(light)
severity:
  high: ego_speed_mps > 30
  moderate: otherwise
openlabel: MotionTurn
"""
LEAST = "scene: fast\ndoc: Fast.\nwhen: ego_speed_mps > 20\n"


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_rule("r.yaml", text, TYPES)
    return caught.value.message


def test_a_whole_rule_says_all_of_it() -> None:
    rule = read_rule("r.yaml", WHOLE, TYPES)
    assert (rule.file, rule.scene, rule.version) == ("r.yaml", "fast_wet", 3)
    assert rule.doc == "Fast in the rain."
    assert rule.when == parse("ego_speed_mps > 20 and during rain", TYPES)
    assert rule.stay == parse("ego_speed_mps > 15", TYPES)
    assert (rule.min_ns, rule.merge_ns) == (1_500_000_000, 500_000_000)
    assert rule.overlaps == ("turn_left",)
    assert rule.evidence[:2] == (
        Aggregate("max_ego_speed_mps", "max", find_column("ego_speed_mps"), absolute=False),
        Aggregate("max_abs_yaw_rate_radps", "max", find_column("yaw_rate_radps"), absolute=True),
    )
    assert rule.severity == (("high", parse("ego_speed_mps > 30", ())), ("moderate", None))
    assert rule.openlabel == "MotionTurn"
    assert rule.needs == {"rain", "turn_left"}


def test_the_least_rule_has_a_scene_a_sentence_and_a_condition() -> None:
    rule = read_rule("r.yaml", LEAST, TYPES)
    assert rule.stay == rule.when
    assert (rule.version, rule.min_ns, rule.merge_ns, rule.overlaps) == (1, 0, 0, ())
    assert (rule.evidence, rule.severity, rule.openlabel) == ((), (), None)
    assert rule.needs == frozenset()


def test_any_change_of_the_text_is_another_rule() -> None:
    same = read_rule("other.yaml", LEAST, TYPES).sha256
    assert read_rule("r.yaml", LEAST, TYPES).sha256 == same
    assert read_rule("r.yaml", LEAST + "# a comment\n", TYPES).sha256 != same


def test_a_condition_over_several_lines_is_one() -> None:
    text = "scene: a1\ndoc: A.\nwhen: >-\n  ego_speed_mps > 20\n  and during rain\n"
    assert read_rule("r.yaml", text, TYPES).when == parse(
        "ego_speed_mps > 20 and during rain", TYPES
    )


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("ego_speed_mps > 20", "ego_sped_mps > 20", "r.yaml:5: no column 'ego_sped_mps'; did"),
        ("ego_speed_mps > 15", "ego_speed_mps >", "r.yaml:6: a number for 'ego_speed_mps' is"),
        ("during rain", "during rian", "r.yaml:5: no scene type 'rian'; did you mean 'rain'?"),
        ("[turn_left]", "[turn_lft]", "r.yaml:9: no scene type 'turn_lft'; did you mean"),
        ("scene: fast_wet", "scene: Fast wet", "r.yaml:2: 'Fast wet' cannot name a scene type"),
        ("version: 3", "version: 0", "r.yaml:3: version is a whole number from 1, not '0'"),
        ("version: 3", "version: 1.5", "r.yaml:3: version is a whole number from 1, not '1.5'"),
        ("1.5 s", "1.5", "r.yaml:7: '1.5' is no duration (as '0.5 s'; units: s, ms, min, h)"),
        ("500 ms", "500 m", "r.yaml:8: '500 m' is no duration"),
        ("merge:", "mege:", "r.yaml:8: no key 'mege'; did you mean 'merge'?"),
        ("  max_ego_speed_mps:", "  top:", "r.yaml:11: evidence 'top' says no unit; call it"),
        ("max(ego", "median(ego", "r.yaml:11: 'median(ego_speed_mps)' is no figure; write"),
        ("max(abs(yaw_rate_radps))", "max(abs(yaw_rate_radps)", "r.yaml:12: 'max(abs(yaw"),
        ("first(light)", "max(light)", "r.yaml:13: of 'light', which holds text, only first"),
        ("first_light:", "first light:", "r.yaml:13: 'first light' cannot name evidence"),
        ("high: ego", "high: egg", "r.yaml:15: no column 'egg_speed_mps'"),
        ("moderate: otherwise", "high: otherwise", "r.yaml:16: 'high' is given twice"),
        ("doc: Fast in the rain.", "doc: [a, b]", "r.yaml:4: one value is expected here"),
        ("doc: Fast in the rain.", "doc: ''", "r.yaml:4: one value is expected here"),
        ("doc: Fast in the rain.", "doc: {", "r.yaml:6: not YAML"),
    ],
)
def test_a_complaint_names_file_line_and_near_miss(old: str, new: str, why: str) -> None:
    assert old in WHOLE
    assert complaint(WHOLE.replace(old, new, 1)).startswith(why)


@pytest.mark.parametrize("key", ["scene", "doc", "when"])
def test_what_a_rule_cannot_do_without_is_named(key: str) -> None:
    kept = [line for line in LEAST.splitlines() if not line.startswith(key)]
    assert complaint("\n".join(kept)) == f"r.yaml: the rule has no '{key}'"


@pytest.mark.parametrize("text", ["", "   ", "# nothing\n"])
def test_an_empty_file_is_no_rule(text: str) -> None:
    assert complaint(text) == "r.yaml: the rule is empty"


def test_a_list_is_no_rule() -> None:
    assert complaint("- scene: a\n") == "r.yaml:1: a rule is a list of 'name: value'"


def test_hostile_files_are_refused_at_once() -> None:
    assert complaint("a: " + "x" * MAX_BYTES) == "r.yaml: a rule has at most 16384 bytes"
    assert complaint("[" * 16_000).startswith("r.yaml:")
    assert "not YAML" in complaint("[" * 16_000)
    bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"
    assert complaint(bomb).startswith("r.yaml:1: no key 'a'")
    built = LEAST.replace("Fast.", "!!python/object/apply:os.system ['true']")
    assert complaint(built) == "r.yaml:2: one value is expected here"


def test_the_scene_of_a_file_is_told_without_its_conditions() -> None:
    assert scene_of("r.yaml", "scene: a1\ndoc: A.\nwhen: nonsense\n") == "a1"


def test_no_two_rules_define_one_scene() -> None:
    assert by_scene({"a.yaml": LEAST}, TYPES) == {"fast": "a.yaml"}
    with pytest.raises(ConfigError, match=r"b\.yaml: 'a\.yaml' defines 'fast' already"):
        by_scene({"a.yaml": LEAST, "b.yaml": LEAST}, TYPES)
    with pytest.raises(ConfigError, match=r"a\.yaml: there is a scene type 'fast' already"):
        by_scene({"a.yaml": LEAST}, ("fast",))
