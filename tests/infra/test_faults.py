"""The checks can fail: faults are put in, and Terraform or a policy must find each."""

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.terraform.planning import (
    Plan,
    Planned,
    Terraform,
    TerraformRefused,
    copy_of_infra,
    make_plan,
    terraform_with_doubles,
)
from tests.doubles.terraform.results import Results
from tests.infra import policies

MODULES = "infra/modules"


@pytest.fixture(scope="module")
def first_time() -> Iterator[Terraform]:
    """Terraform as it is before anything exists: what providers compute is open."""
    with terraform_with_doubles(Results.OPEN) as found:
        yield found


def replacing(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return an edit that replaces text in one file, which must hold it."""

    def edit(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} does not hold {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    return edit


def test_a_first_plan_of_production_knows_what_it_will_make(
    first_time: Terraform, tmp_path: Path
) -> None:
    plan = make_plan(first_time, copy_of_infra(tmp_path) / "environments" / "prod")
    assert len(plan.resources) > 150
    assert {one.values["action"] for one in plan.of("azapi_resource_action")} == {"stop"}


# Terraform does not look at what depends on a fault, hence two lists.
SCHEMA_FAULTS = [
    (
        replacing(f"{MODULES}/storage/main.tf", "min_tls_version", "minimum_tls_version"),
        'An argument named "minimum_tls_version" is not expected here',
    ),
    (
        replacing(f"{MODULES}/catalog/main.tf", "  consistency_policy {", "  consistency {"),
        'Blocks of type "consistency" are not expected here',
    ),
    (
        replacing(
            f"{MODULES}/registry/main.tf",
            "admin_enabled                 = false",
            "admin_enabled = [1]",
        ),
        "bool required",
    ),
]
EARLY_FAULTS = [
    (
        replacing(f"{MODULES}/keys/main.tf", '  sku_name                      = "premium"\n', ""),
        'The argument "sku_name" is required',
    ),
    (
        replacing(
            f"{MODULES}/network/main.tf",
            '"azurerm_nat_gateway" "out"',
            '"azurerm_natgateway" "out"',
        ),
        'does not support resource type "azurerm_natgateway"',
    ),
]
VALUE_FAULTS = [
    (
        replacing(f"{MODULES}/storage/outputs.tf", "primary_blob_endpoint", "blob_endpoint"),
        'has no argument, nested block, or exported attribute named "blob_endpoint"',
    ),
    (
        replacing(
            "infra/environments/prod/main.tf", 'archive    = "RAGRS"', 'archive    = "RAGZRS"'
        ),
        "archive tier does not exist on zone-redundant accounts",
    ),
    (
        replacing("infra/environments/prod/main.tf", "soft_delete = 30", "quarantine_delete = 7"),
        "Rejected measurements are kept for at least 90 days",
    ),
    (
        replacing("pipelines/adf/globalParameters/default.json", '"jobsEndpoint"', '"jobsAddress"'),
        "var.parameters is object with 6 attributes The given key does not identify an element",
    ),
    (
        replacing("infra/access.json", '"on": "registry"', '"on": "registrar"'),
        "The given key does not identify an element",
    ),
]


@pytest.mark.parametrize(
    "faults", [SCHEMA_FAULTS, EARLY_FAULTS, *([fault] for fault in VALUE_FAULTS)]
)
def test_terraform_refuses(
    faults: list[tuple[Callable[[Path], None], str]], first_time: Terraform, tmp_path: Path
) -> None:
    infra = copy_of_infra(tmp_path)
    for edit, _ in faults:
        edit(tmp_path)
    with pytest.raises(TerraformRefused) as caught:
        make_plan(first_time, infra / "environments" / "prod")
    assert [said for _, said in faults if said not in str(caught.value)] == []


def test_a_pipeline_that_calls_itself_is_refused(first_time: Terraform, tmp_path: Path) -> None:
    def edit(folder: Path) -> None:
        path = folder / "pipelines" / "adf" / "pipeline" / "alert.json"
        file = json.loads(path.read_text(encoding="utf-8"))
        reference = {"referenceName": "alert", "type": "PipelineReference"}
        file["properties"]["activities"][0]["typeProperties"]["pipeline"] = reference
        path.write_text(json.dumps(file), encoding="utf-8")

    infra = copy_of_infra(tmp_path, edit)
    with pytest.raises(TerraformRefused, match="in a circle or more than five deep"):
        make_plan(first_time, infra / "environments" / "dev")


def test_values_that_terraform_must_know_first_are_really_open(
    first_time: Terraform, tmp_path: Path
) -> None:
    edit = replacing(
        f"{MODULES}/watch/main.tf", "for_each                   = var.logged",
        "for_each                   = toset([for one in var.logged : one.id])",
    )  # fmt: skip
    infra = copy_of_infra(tmp_path, edit)
    with pytest.raises(TerraformRefused, match="Invalid for_each argument"):
        make_plan(first_time, infra / "environments" / "dev")


def changed(plan: Plan, type_: str, name: str, value: object) -> list[Planned]:
    """Return the plan's resources with one value of all resources of a type replaced."""
    made = []
    for one in plan.resources:
        values = copy.deepcopy(one.values)
        if one.type == type_:
            values[name] = value
        made.append(Planned(address=one.address, type=one.type, values=values))
    return made


@pytest.mark.parametrize(
    ("type_", "name", "value"),
    [(type_, name, None) for type_, wanted in policies.LOCKED.items() for name in wanted],
)
def test_each_lock_is_looked_at(
    plans: dict[str, Plan], type_: str, name: str, value: object
) -> None:
    found = policies.unlocked(changed(plans["prod"], type_, name, value))
    assert found
    assert all(f"{type_}." in finding and name in finding for finding in found)


def test_a_service_without_private_endpoint_is_found(plans: dict[str, Plan]) -> None:
    left = [
        one
        for one in plans["dev"].resources
        if "catalog.module.private_endpoint" not in one.address
    ]
    assert policies.without_endpoint(left) == [
        "module.platform.module.catalog.azurerm_cosmosdb_account.this"
    ]


def test_a_subnet_without_security_group_is_found(plans: dict[str, Plan]) -> None:
    type_ = "azurerm_subnet_network_security_group_association"
    left = [one for one in plans["dev"].resources if one.type != type_]
    assert len(policies.open_subnets(left)) == 4


def test_a_security_group_that_lets_in_is_found(plans: dict[str, Plan]) -> None:
    found = policies.open_subnets(
        changed(plans["dev"], "azurerm_network_security_group", "security_rule", [])
    )
    assert len(found) == 3


@pytest.mark.parametrize(
    "values",
    [
        {"password": "hunter2"},
        {"block": [{"sas_key": "x"}]},
        {"command_line": "curl https://a.example/x?sv=1&sig=abc"},
        {"env": {"CONNECTION": "DefaultEndpointsProtocol=https;AccountKey=abc"}},
        {"anything": "A" * 86 + "=="},
    ],
)
def test_a_secret_is_found(values: dict[str, Any]) -> None:
    assert len(policies.secrets([Planned(address="a", type="t", values=values)])) == 1


def test_what_only_sounds_like_a_secret_is_left_alone() -> None:
    values = {"alert_secret_name": None, "key_vault_key_id": "https://v/keys/k", "password": ""}
    assert policies.secrets([Planned(address="a", type="t", values=values)]) == []
    assert policies.secret_literals({"a.tf": 'key = "x"', "b.tf": "AccountKey=abc"}) == [
        "b.tf: AccountKey=..."
    ]


def test_a_rule_that_deletes_landing_is_found(plans: dict[str, Plan]) -> None:
    made = []
    for one in plans["dev"].of("azurerm_storage_management_policy"):
        values = copy.deepcopy(one.values)
        if 'storage["raw"]' in one.address:
            blob = values["rule"][0]["actions"][0]["base_blob"][0]
            blob["delete_after_days_since_creation_greater_than"] = 30
        made.append(Planned(address=one.address, type=one.type, values=values))
    assert policies.deletions(made, frozenset({"raw"})) == ["raw: rule 'age' deletes"]
    assert policies.deletions(made, frozenset({"landing"})) == []


def test_a_right_beside_the_table_is_seen(plans: dict[str, Plan]) -> None:
    extra = Planned(
        address="x",
        type="azurerm_role_assignment",
        values={
            "role_definition_name": "Owner",
            "role_definition_id": None,
            "scope": "/s",
            "principal_id": "p",
        },
    )
    with_it = policies.grants([*plans["dev"].resources, extra], {"p": "execution"})
    assert with_it - policies.grants(plans["dev"].resources, {"p": "execution"}) == {
        ("execution", "Owner", "/s")
    }


def test_unused_and_undescribed_names_are_found() -> None:
    texts = {
        "modules/a": {
            "v.tf": 'variable "used" {\n}\nvariable "idle" {\n}\n',
            "m.tf": "x = var.used\n",
        },
        "modules/b": {"o.tf": 'output "kept" {\n}\noutput "lost" {\n}\n'},
        "modules/c": {"m.tf": "y = module.b.kept\n"},
    }
    assert policies.unused(texts) == ["modules/a: variable 'idle'", "modules/b: output 'lost'"]
    only_validated = 'variable "v" {\n  validation {\n    condition = var.v\n  }\n}\n'
    assert policies.unused({"modules/a": {"v.tf": only_validated}}) == ["modules/a: variable 'v'"]
    module = {
        "variables": {"a": {}, "b": {"description": "B."}},
        "module_calls": {"inner": {"module": {"outputs": {"c": {}}}}},
    }
    assert policies.undescribed(module) == ["root: variable 'a'", "root.inner: output 'c'"]
