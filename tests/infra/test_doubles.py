"""The providers' doubles themselves: the wire, the schema, and how it is made."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.terraform import provider, wire
from tests.doubles.terraform.make_schema import main, make, parse, terraform_type
from tests.doubles.terraform.results import Results, fill, made_up
from tests.doubles.terraform.schema import ProviderSchema, load_schema, schema_message

HERE = Path(provider.__file__).parent


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_number_comes_back(value: int) -> None:
    assert wire.read_varint(wire.varint(value), 0) == (value, len(wire.varint(value)))


@given(st.lists(st.tuples(st.integers(1, 500), st.one_of(st.binary(), st.integers(1, 2**60)))))
def test_fields_come_back_in_order(given_fields: list[tuple[int, int | bytes]]) -> None:
    data = b"".join(
        wire.text(number, value) if isinstance(value, bytes) else wire.integer(number, value)
        for number, value in given_fields
    )
    assert list(wire.fields(data)) == given_fields


def test_known_bytes() -> None:
    assert wire.varint(300) == b"\xac\x02"
    assert wire.text(2, "testing") == b"\x12\x07testing"
    assert wire.integer(1, 150) == b"\x08\x96\x01"
    assert (wire.flag(4, value=True), wire.flag(4, value=False)) == (b"\x20\x01", b"")
    assert wire.integer(1, 0) == b""
    assert list(wire.fields(b"\x09" + bytes(8) + b"\x15" + bytes(4))) == [
        (1, bytes(8)),
        (2, bytes(4)),
    ]


def test_the_last_value_of_a_field_counts() -> None:
    assert wire.message(wire.text(1, "a") + wire.text(1, "b") + wire.integer(1, 7), 1) == b"b"
    assert wire.message(b"", 1) == b""


@pytest.mark.parametrize("data", [b"\x80", b"\x12\x07test", b"\x0b", b"\x09\x00"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"ends inside|unknown type"):
        list(wire.fields(data))


def test_a_negative_number_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        wire.varint(-1)


def small(how: str = "required") -> ProviderSchema:
    inner = {
        "many": True,
        "required": True,
        "attributes": {"b": ["bool", "optional"]},
        "blocks": {},
    }
    block = {
        "attributes": {"name": ["string", how], "id": ["string", "computed"]},
        "blocks": {"x": inner},
    }
    return ProviderSchema(
        source="s/p",
        version="1",
        provider={"attributes": {}, "blocks": {}},
        resources={"p_a": block},
    )


def test_a_schema_is_written_as_terraform_reads_it() -> None:
    said = wire.message(schema_message(small()), 2)
    assert wire.message(said, 1) == b"p_a"
    block = wire.message(wire.message(said, 2), 2)
    attributes = [v for n, v in wire.fields(block) if n == 2 and isinstance(v, bytes)]
    assert [wire.message(a, 1) for a in attributes] == [b"id", b"name"]
    assert [wire.message(a, 2) for a in attributes] == [b'"string"', b'"string"']
    assert [[n for n, _ in wire.fields(a)] for a in attributes] == [[1, 2, 6], [1, 2, 4]]
    nested = wire.message(block, 3)
    assert dict(wire.fields(nested))[3] == 2
    assert dict(wire.fields(nested))[4] == 1
    assert 5 not in dict(wire.fields(nested))


def test_an_attribute_that_is_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="'name' is 'maybe'"):
        schema_message(small("maybe"))


def test_applying_is_refused() -> None:
    answers = provider.answers(small(), Results.OPEN)
    diagnostic = wire.message(answers["ApplyResourceChange"](b""), 3)
    assert dict(wire.fields(diagnostic))[1] == 1
    assert b"plans only" in wire.message(diagnostic, 2)
    assert answers["PrepareProviderConfig"](wire.text(1, "config")) == wire.text(1, "config")


def test_results_are_filled_in_at_every_depth_and_nothing_else_is() -> None:
    block = {
        "attributes": {
            "id": ["string", "computed"],
            "name": ["string", "required"],
            "tier": ["string", "optional"],
        },
        "blocks": {
            "identity": {"attributes": {"principal_id": ["string", "computed"]}, "blocks": {}}
        },
    }
    values: dict[str, Any] = {
        "id": None,
        "name": "n",
        "tier": None,
        "identity": [{"principal_id": None}],
    }
    fill(block, values, lambda name, _: f"<{name}>")
    assert values == {
        "id": "<id>",
        "name": "n",
        "tier": None,
        "identity": [{"principal_id": "<principal_id>"}],
    }


def test_what_is_known_stays() -> None:
    values: dict[str, Any] = {"id": "given", "identity": None}
    block = {
        "attributes": {"id": ["string", "computed"]},
        "blocks": {"identity": {"attributes": {}, "blocks": {}}},
    }
    fill(block, values, lambda *_: "other")
    assert values == {"id": "given", "identity": None}


def test_made_up_values_tell_where_they_come_from() -> None:
    assert made_up("t_a", "n", "id", "string") == "/t_a/n"
    assert made_up("t_a", "n", "primary_blob_endpoint", "string") == "https://n.t_a.example/"
    assert made_up("t_a", "n", "account_endpoint", "string") == "n.t_a.example"
    assert made_up("t_a", "n", "client_id", "string") == made_up("t_a", "n", "client_id", "string")
    assert made_up("t_a", "n", "client_id", "string") != made_up("t_a", "m", "client_id", "string")
    assert made_up("t_a", "n", "hosts", ["list", "string"]) == []
    assert made_up("t_a", "n", "output", "dynamic") is None


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("builtins.str", "string"),
        ("typing.Optional[builtins.str]", "string"),
        ("typing.Optional[jsii.Number]", "number"),
        ("typing.Optional[typing.Union[builtins.bool, _x.IResolvable]]", "bool"),
        ("typing.Optional[typing.Sequence[builtins.str]]", ["list", "string"]),
        ("typing.Sequence[jsii.Number]", ["list", "number"]),
        ("typing.Optional[typing.Mapping[builtins.str, builtins.str]]", ["map", "string"]),
        ("_x.StringMap", ["map", "string"]),
    ],
)
def test_annotations_become_types(annotation: str, kind: object) -> None:
    assert terraform_type(annotation) == kind


def test_an_annotation_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no Terraform type"):
        terraform_type("typing.Callable")


GENERATED = """
class Thing:
    @builtins.property
    def endpoint(self) -> builtins.str: ...
    @builtins.property
    def name_input(self) -> typing.Optional[builtins.str]: ...
    @builtins.property
    def part(self) -> "ThingPartOutputReference": ...
    def reset(self) -> None: ...

class ThingConfig:
    def __init__(
        self, *, count: typing.Any = None, name: builtins.str,
        part: typing.Optional[
            typing.Union["ThingPart", typing.Dict[builtins.str, typing.Any]]] = None,
        rule: typing.Sequence[typing.Union["ThingRule", typing.Dict[builtins.str, typing.Any]]],
    ) -> None: ...

class ThingPart:
    def __init__(self, *, size: typing.Optional[jsii.Number] = None) -> None: ...

class ThingPartOutputReference:
    @builtins.property
    def made_id(self) -> builtins.str: ...
    @builtins.property
    def fqn(self) -> builtins.str: ...

class ThingRule:
    pass
"""
PROVIDER = """
class AzurermProviderConfig:
    def __init__(self, *, subscription_id: typing.Optional[builtins.str] = None) -> None: ...
"""


@pytest.fixture
def bindings(tmp_path: Path) -> Path:
    """A wheel in the form of the generated bindings."""
    path = tmp_path / "bindings.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cdktf_cdktf_provider_azurerm/thing/__init__.py", GENERATED)
        archive.writestr("cdktf_cdktf_provider_azurerm/provider/__init__.py", PROVIDER)
        archive.writestr("x.dist-info/METADATA", "# bindings for azurerm provider version 4.55.0\n")
    return path


def test_a_schema_is_made_from_generated_bindings(bindings: Path) -> None:
    made = make(bindings, ["azurerm_thing"])
    assert made["version"] == "4.55.0"
    assert made["provider"]["attributes"] == {"subscription_id": ["string", "optional"]}
    assert made["resources"]["azurerm_thing"] == {
        "attributes": {
            "name": ["string", "required"],
            "endpoint": ["string", "computed"],
            "id": ["string", "computed"],
        },
        "blocks": {
            "part": {
                "many": False,
                "required": False,
                "attributes": {"size": ["number", "optional"], "made_id": ["string", "computed"]},
                "blocks": {},
            },
            "rule": {"many": True, "required": True, "attributes": {}, "blocks": {}},
        },
    }


def test_the_schema_file_is_one_line_per_resource(
    bindings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(bindings), "azurerm_thing"]) == 0
    text = capsys.readouterr().out
    (tmp_path / "made.json").write_text(text, encoding="utf-8")
    assert load_schema(tmp_path / "made.json").resources.keys() == {"azurerm_thing"}
    assert sum(line.startswith('"azurerm_') for line in io.StringIO(text)) == 1


def test_a_module_without_classes_gives_none() -> None:
    assert parse("x = 1").classes == {}


@pytest.mark.parametrize("name", ["azurerm.json", "azapi.json"])
def test_the_kept_schemas_can_be_served(name: str) -> None:
    schema = load_schema(HERE / name)
    assert schema.source.startswith("registry.terraform.io/")
    assert len(list(wire.fields(schema_message(schema)))) == len(schema.resources) + 1


def test_the_kept_schema_knows_what_is_used_and_no_more() -> None:
    used = set()
    for path in (HERE.parents[2] / "infra").rglob("*.tf"):
        used |= {
            line.split('"')[1]
            for line in path.read_text().splitlines()
            if line.startswith("resource ")
        }
    kept = {
        name
        for file in ("azurerm.json", "azapi.json")
        for name in json.loads((HERE / file).read_text())["resources"]
    }
    assert used == kept
