"""The infrastructure as the real Terraform plans it, held against what the product needs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from avdataops.model.location import Zone
from avdataops.settings import AzureSettings, Settings, load_settings
from avdataops.tables.kinds import kinds
from tests.doubles.terraform.environment import ROOT
from tests.doubles.terraform.planning import (
    ENVIRONMENTS,
    Plan,
    Planned,
    Terraform,
    TerraformRefused,
    copy_of_infra,
    make_plan,
)
from tests.infra import policies
from tests.infra.conftest import API, GROUPS, IMAGE

ADF = ROOT / "pipelines" / "adf"
NOT_DEPLOYED = {"arm-template-parameters-definition.json", "managedVirtualNetwork/default.json"}
KEPT = frozenset({"landing", "raw", "derived", "labeled", "archive"})


@pytest.fixture(params=ENVIRONMENTS)
def plan(plans: dict[str, Plan], request: pytest.FixtureRequest) -> Plan:
    """Each environment in turn."""
    return plans[request.param]


def sources() -> dict[str, dict[str, str]]:
    """Return Terraform's files by folder and name."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "infra").rglob("*.tf")):
        if ".terraform" not in path.parts:
            folder = str(path.parent.relative_to(ROOT / "infra"))
            found.setdefault(folder, {})[path.name] = path.read_text(encoding="utf-8")
    return found


def in_factory(plan: Plan) -> dict[tuple[str, str], Planned]:
    """Return what would be made in the data factory, by kind and name."""
    wanted = "Microsoft.DataFactory/factories/"
    return {
        (one.values["type"].removeprefix(wanted).split("@")[0], one.values["name"]): one
        for one in plan.of("azapi_resource")
        if one.values["type"].startswith(wanted)
    }


def accounts(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the storage accounts by zone."""
    return {one.values["tags"]["zone"]: one.values for one in plan.of("azurerm_storage_account")}


def test_no_door_is_open(plan: Plan) -> None:
    assert policies.unlocked(plan.resources) == []
    assert policies.open_subnets(plan.resources) == []
    assert policies.without_endpoint(plan.resources) == []


def test_no_secret_is_in_plan_or_source(plan: Plan) -> None:
    assert policies.secrets(plan.resources) == []
    flat = {
        f"{folder}/{name}": text
        for folder, files in sources().items()
        for name, text in files.items()
    }
    assert policies.secret_literals(flat) == []


def test_every_zone_has_an_account_and_the_operations_one_of_its_own(plan: Plan) -> None:
    assert set(accounts(plan)) == {zone.value for zone in Zone} | {"operations"}


def test_every_kind_and_topic_class_has_its_container(plan: Plan) -> None:
    classes = json.loads((ROOT / "schemas" / "topic_classes.json").read_text())["classes"]
    wanted = {(zone, "drives") for zone in ("landing", "quarantine", "archive")}
    for kind in kinds().values():
        if kind.zone in {Zone.RAW, Zone.DERIVED, Zone.LABELED}:
            names = classes if kind.container == "*" else [kind.container]
            wanted |= {(kind.zone.value, name.replace("_", "-")) for name in names}
    made = {
        (found[1], one.values["name"])
        for one in plan.of("azurerm_storage_container")
        if (found := re.search(r'storage\["(\w+)"\]', one.address))
    }
    assert {row for row in made if row[0] != "operations"} == wanted | {
        ("derived", "logs"),
        ("derived", "runs"),
    }
    assert {name for zone, name in made if zone == "operations"} == {"adfjobs", "packages"}


def test_what_lands_is_versioned_and_what_engines_list_is_hierarchical(plan: Plan) -> None:
    for zone, values in accounts(plan).items():
        flat = zone in {"landing", "quarantine", "archive", "operations"}
        (blobs,) = values["blob_properties"]
        assert (not values["is_hns_enabled"], blobs["versioning_enabled"]) == (flat, flat), zone
        assert blobs["delete_retention_policy"][0]["days"] >= 7


def test_no_rule_deletes_drives_and_rejected_ones_are_kept_for_months(plan: Plan) -> None:
    assert policies.deletions(plan.resources, KEPT) == []
    (rejected,) = (
        rule["actions"][0]["base_blob"][0]["delete_after_days_since_modification_greater_than"]
        for one in plan.of("azurerm_storage_management_policy")
        if 'storage["quarantine"]' in one.address
        for rule in one.values["rule"]
        if rule["name"] == "age"
    )
    assert rejected >= 90


def test_landing_has_no_rule_about_current_blobs(plan: Plan) -> None:
    rules = [
        rule["name"]
        for one in plan.of("azurerm_storage_management_policy")
        if 'storage["landing"]' in one.address
        for rule in one.values["rule"]
    ]
    assert rules == ["previous-versions"]


def test_production_keeps_recordings_and_labels_in_two_regions(plans: dict[str, Plan]) -> None:
    copies = {
        zone: values["account_replication_type"] for zone, values in accounts(plans["prod"]).items()
    }
    assert copies["raw"] == copies["labeled"] == "RAGZRS"
    assert copies["archive"] == "RAGRS"
    assert {copies[zone] for zone in ("landing", "derived", "quarantine", "operations")} == {"ZRS"}
    (registry,) = plans["prod"].of("azurerm_container_registry")
    assert registry.values["zone_redundancy_enabled"] is True
    (catalog,) = plans["prod"].of("azurerm_cosmosdb_account")
    assert [place["zone_redundant"] for place in catalog.values["geo_location"]] == [True, False]


def test_every_right_is_in_the_table_and_every_row_is_given(plan: Plan) -> None:
    names = {identity["id"]: name for name, identity in identities(plan).items()}
    names |= {identity["principal_id"]: name for name, identity in identities(plan).items()}
    names |= {id_: name for name, id_ in GROUPS.items()}
    names |= {values["id"]: zone for zone, values in accounts(plan).items()}
    raw = accounts(plan)["raw"]["id"]
    names[f"{raw}/blobServices/default/containers/reference"] = "raw/reference"
    labeled = accounts(plan)["labeled"]["id"]
    for container in ("deliveries", "label-changes", "label-packages", "labels"):
        names[f"{labeled}/blobServices/default/containers/{container}"] = f"labeled/{container}"
    for name, type_ in (
        ("batch", "azurerm_batch_account"),
        ("catalog", "azurerm_cosmosdb_account"),
        ("factory", "azurerm_data_factory"),
        ("insights", "azurerm_application_insights"),
        ("registry", "azurerm_container_registry"),
        ("resource_group", "azurerm_resource_group"),
        ("vault", "azurerm_key_vault"),
    ):
        (only,) = plan.of(type_)
        names[only.values["id"]] = name
    table = (ROOT / "infra" / "access.json").read_text(encoding="utf-8")
    assert policies.grants(plan.resources, names) == policies.table_of_grants(table)


def identities(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the managed identities by the last part of their name."""
    return {
        one.values["name"].rsplit("-", 1)[-1]: one.values
        for one in plan.of("azurerm_user_assigned_identity")
    }


def test_without_groups_no_person_has_rights() -> None:
    rows = policies.table_of_grants((ROOT / "infra" / "access.json").read_text(encoding="utf-8"))
    assert {who for who, _, _ in rows} - set(GROUPS) == {
        "orchestrator", "execution", "factory", "api", "encryption",
    }  # fmt: skip


def test_untrusted_files_meet_an_identity_that_cannot_change_uploads_or_the_catalog() -> None:
    rows = policies.table_of_grants((ROOT / "infra" / "access.json").read_text(encoding="utf-8"))
    rights = {(role, on) for who, role, on in rows if who == "execution"}
    assert ("Storage Blob Data Reader", "landing") in rights
    assert not {on for _, on in rights} & {
        "catalog",
        "batch",
        "vault",
        "quarantine",
        "archive",
        "labeled",
    }


def test_the_catalog_is_what_the_adapter_expects(plan: Plan) -> None:
    model = json.loads((ROOT / "schemas" / "cosmos.json").read_text(encoding="utf-8"))
    (account,) = plan.of("azurerm_cosmosdb_account")
    assert account.values["consistency_policy"][0]["consistency_level"] == model["consistency"]
    made = {
        one.values["name"]: one.values["body"]["properties"]["resource"]
        for one in plan.of("azapi_resource")
        if "sqlDatabases/containers" in one.values["type"]
    }
    assert set(made) == {container["name"] for container in model["containers"]}
    for container in model["containers"]:
        resource = made[container["name"]]
        assert resource["id"] == container["name"]
        assert resource["indexingPolicy"] == container["indexingPolicy"]
        assert resource["partitionKey"]["paths"] == [container["partitionKey"]]
        assert resource.get("defaultTtl") == container["defaultTtl"]


def files_of_the_factory() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield folder, name and content of each file that must be deployed."""
    for path in sorted(ADF.rglob("*.json")):
        if str(path.relative_to(ADF)) not in NOT_DEPLOYED:
            yield path.parent.name, path.stem, json.loads(path.read_text(encoding="utf-8"))


def test_the_factory_gets_every_file_as_it_is(plan: Plan) -> None:
    made = in_factory(plan)
    kind_of = {
        "credential": "credentials", "dataset": "datasets", "globalParameters": "globalParameters",
        "integrationRuntime": "integrationRuntimes", "linkedService": "linkedservices",
        "pipeline": "pipelines", "trigger": "triggers",
    }  # fmt: skip
    expected = {(kind_of[folder], name) for folder, name, _ in files_of_the_factory()}
    assert set(made) == expected
    for folder, name, file in files_of_the_factory():
        planned = made[kind_of[folder], name].values["body"]["properties"]
        if folder in {"dataset", "integrationRuntime", "linkedService", "pipeline"}:
            assert planned == file["properties"], name
        assert planned.keys() == file["properties"].keys(), name


def test_what_differs_between_environments_is_filled_in(plan: Plan) -> None:
    made = in_factory(plan)
    everything = json.dumps([one.values["body"] for one in made.values()])
    assert "resourceGroups/none" not in everything
    landing = accounts(plan)["landing"]["id"]
    trigger = made["triggers", "landed"].values["body"]["properties"]
    assert trigger["typeProperties"]["scope"] == landing
    assert trigger["typeProperties"]["blobPathEndsWith"] == "/manifest.json"
    delivered = made["triggers", "delivered"].values["body"]["properties"]["typeProperties"]
    assert delivered["scope"] == accounts(plan)["labeled"]["id"]
    given = made["globalParameters", "default"].values["body"]["properties"]
    (file,) = (file for folder, _, file in files_of_the_factory() if folder == "globalParameters")
    assert {name: value["type"] for name, value in given.items()} == {
        name: value["type"] for name, value in file["properties"].items()
    }
    settings = given["settings"]["value"]
    assert settings.keys() >= file["properties"]["settings"]["value"].keys()
    assert settings["storage"].keys() == {zone.value for zone in Zone}
    assert settings["image"] == IMAGE
    AzureSettings(**settings)


def test_what_a_resource_of_the_factory_names_is_made_before_it(plan: Plan) -> None:
    made = in_factory(plan)
    level = {key: re.search(r"(\d)\.azapi_resource", one.address) for key, one in made.items()}
    order = {key: int(found[1]) if found else -1 for key, found in level.items()}
    calls = re.compile(r'"referenceName": "(\w+)", "type": "(Pipeline|LinkedService)Reference"')
    kind = {"Pipeline": "pipelines", "LinkedService": "linkedservices"}
    checked = 0
    for key, one in made.items():
        text = json.dumps(one.values["body"], sort_keys=True)
        for name, what in calls.findall(text):
            if key[0] == kind[what]:
                checked += 1
                assert order[kind[what], name] < order[key], f"{key} before {name}"
    assert checked > 10


def test_triggers_start_only_when_there_is_an_image(plans: dict[str, Plan]) -> None:
    actions = {one.values["action"] for one in plans["prod"].of("azapi_resource_action")}
    assert actions == {"start"}


def test_the_execution_pool_is_the_described_one(plan: Plan) -> None:
    facts = json.loads((ROOT / "pipelines" / "batch_pool.json").read_text(encoding="utf-8"))
    pools = {one.values["name"]: one.values for one in plan.of("azurerm_batch_pool")}
    assert set(pools) == {"orchestrator", facts["id"]}
    pool = pools[facts["id"]]
    assert pool["vm_size"] == facts["vm_size"]
    assert pool["max_tasks_per_node"] == facts["slots_per_node"]
    assert pool["container_configuration"][0]["container_image_names"] == [IMAGE]
    assert [m["azure_blob_file_system"][0]["container_name"] for m in pool["mount"]] == facts[
        "mounts"
    ]
    options = {m["azure_blob_file_system"][0]["blobfuse_options"] for m in pool["mount"]}
    assert options == {facts["mount_options"]}
    accounts = {one.values["name"]: one.values for one in plan.of("azurerm_storage_account")}
    for mount in pool["mount"]:
        # The options speak to accounts with a hierarchical namespace.
        account = accounts[mount["azure_blob_file_system"][0]["account_name"]]
        assert account["is_hns_enabled"] is True
    formula = pool["auto_scale"][0]["formula"]
    assert not re.search(r"[{}]", formula)
    assert len(formula.encode()) <= 8192
    assert [line.split("=")[0] for line in formula.splitlines()] == [
        line.split("=")[0] for line in facts["scale"]["formula"]
    ]


def test_each_pool_has_the_identity_it_needs_and_no_other(plan: Plan) -> None:
    pools = {one.values["name"]: one.values for one in plan.of("azurerm_batch_pool")}
    ids = {name: identity["id"] for name, identity in identities(plan).items()}
    assert pools["execution"]["identity"][0]["identity_ids"] == [ids["execution"]]
    assert set(pools["orchestrator"]["identity"][0]["identity_ids"]) == {
        ids["orchestrator"],
        ids["factory"],
    }
    assert pools["orchestrator"]["container_configuration"] == []
    for pool in pools.values():
        network = pool["network_configuration"][0]
        assert network["public_address_provisioning_type"] == "NoPublicIPAddresses"


def test_the_output_is_the_environment_that_avdataops_reads(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    said = plan.outputs["environment"]
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.engine == "azure-batch"
    assert {zone.value for zone in settings.azure.storage} == {zone.value for zone in Zone}
    for name, value in said.items():
        first, _, rest = name.removeprefix("AVDATAOPS_").lower().partition("__")
        assert first in Settings.model_fields, name
        if rest and not rest.startswith("storage__"):
            assert getattr(settings.azure, rest) == value, name
    local = {"cosmos_key", "batch_key", "client_id", "storage"}
    told = {name.removeprefix("AVDATAOPS_AZURE__").lower() for name in said}
    assert set(AzureSettings.model_fields) - local <= told


def api_of(plan: Plan) -> dict[str, Any]:
    """Return the app that serves the Metadata API."""
    (app,) = plan.of("azurerm_container_app")
    return app.values


def test_the_api_starts_with_settings_that_it_understands(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (container,) = api_of(plan)["template"][0]["container"]
    assert container["image"] == API["image"]
    for one in container["env"]:
        assert one["secret_name"] is None, "an identity needs no secret"
        monkeypatch.setenv(one["name"], one["value"])
    settings = load_settings()
    assert settings.api.audience == API["audience"]
    assert settings.api.tenant is not None
    assert settings.azure.client_id == identities(plan)["api"]["client_id"]
    assert settings.azure.cosmos_endpoint
    assert settings.azure.cosmos_database
    assert {zone.value for zone in settings.azure.storage} == {zone.value for zone in Zone}
    assert settings.azure.batch_endpoint is None, "it starts nothing"


def test_the_api_is_asked_whether_it_lives_where_its_image_says(plan: Plan) -> None:
    said = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8").split("AS api")[1]
    (command,) = re.findall(r"^CMD (\[.*\])", said, re.MULTILINE)
    port = int(json.loads(command)[-1])
    (template,), (ingress,) = api_of(plan)["template"], api_of(plan)["ingress"]
    (container,) = template["container"]
    probes = [container[f"{kind}_probe"][0] for kind in ("startup", "liveness", "readiness")]
    assert {(one["port"], one["path"]) for one in probes} == {(port, "/healthz")}
    assert f"127.0.0.1:{port}/healthz" in said
    assert ingress["target_port"] == port
    assert ingress["allow_insecure_connections"] is False
    assert template["min_replicas"] >= 1


def test_the_network_knows_the_name_of_the_api(plan: Plan) -> None:
    (environment,) = plan.of("azurerm_container_app_environment")
    zones = [
        one.values for one in plan.of("azurerm_private_dns_zone") if "module.api" in one.address
    ]
    (record,) = plan.of("azurerm_private_dns_a_record")
    assert [zone["name"] for zone in zones] == [environment.values["default_domain"]]
    assert record.values["records"] == [environment.values["static_ip_address"]]
    subnets = {one.values["name"]: one.values for one in plan.of("azurerm_subnet")}
    given_away = {name for name, values in subnets.items() if values["delegation"]}
    assert given_away == {"snet-api"}
    assert environment.values["infrastructure_subnet_id"] == subnets["snet-api"]["id"]


def test_without_an_image_there_is_no_api(tool: Terraform, tmp_path: Path) -> None:
    place = copy_of_infra(tmp_path) / "environments" / "dev"
    bare = make_plan(tool, place, image=IMAGE, groups=GROUPS)
    assert not bare.of("azurerm_container_app")
    assert bare.outputs.get("api_address") is None
    with pytest.raises(TerraformRefused, match="by its digest"):
        make_plan(tool, place, image=IMAGE, api={**API, "image": "registry.example/api:latest"})


def test_everything_is_described_and_used(plan: Plan) -> None:
    assert policies.undescribed(plan.configuration) == []
    assert policies.unused(sources()) == []


def test_what_cannot_be_made_again_cannot_be_destroyed_by_mistake() -> None:
    text = "\n".join(text for files in sources().values() for text in files.values())
    for resource in (
        'azurerm_storage_account" "this', 'azurerm_cosmosdb_account" "this',
        'azurerm_cosmosdb_sql_database" "this', 'azapi_resource" "container',
        'azurerm_key_vault" "this',
    ):  # fmt: skip
        body = text.split(f'resource "{resource}"')[1].split("\n}\n")[0]
        assert "prevent_destroy = true" in body, resource


def test_every_resource_that_can_have_tags_has_those_of_the_product(plan: Plan) -> None:
    for one in plan.resources:
        if "tags" in one.values and one.type.startswith("azurerm_"):
            tags = one.values["tags"] or {}
            assert {"product", "environment", "managed_by"} <= tags.keys(), one.address
