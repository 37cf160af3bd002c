"""What must hold for planned resources.  Each function returns findings, one sentence each."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.doubles.terraform.planning import Planned

LOCKED: dict[str, dict[str, object]] = {
    "azurerm_storage_account": {
        "public_network_access_enabled": False,
        "shared_access_key_enabled": False,
        "default_to_oauth_authentication": True,
        "allow_nested_items_to_be_public": False,
        "local_user_enabled": False,
        "sftp_enabled": False,
        "https_traffic_only_enabled": True,
        "min_tls_version": "TLS1_2",
        "infrastructure_encryption_enabled": True,
    },
    "azurerm_storage_container": {"container_access_type": "private"},
    "azurerm_cosmosdb_account": {
        "public_network_access_enabled": False,
        "local_authentication_disabled": True,
        "access_key_metadata_writes_enabled": False,
        "minimal_tls_version": "Tls12",
    },
    "azurerm_container_registry": {
        "public_network_access_enabled": False,
        "admin_enabled": False,
        "anonymous_pull_enabled": False,
    },
    "azurerm_key_vault": {
        "public_network_access_enabled": False,
        "purge_protection_enabled": True,
        "rbac_authorization_enabled": True,
    },
    "azurerm_container_app_environment": {
        "public_network_access": "Disabled",
        "internal_load_balancer_enabled": True,
    },
    "azurerm_data_factory": {
        "public_network_enabled": False,
        "managed_virtual_network_enabled": True,
    },
    "azurerm_batch_account": {
        "public_network_access_enabled": False,
        "allowed_authentication_modes": ["AAD"],
    },
    "azurerm_log_analytics_workspace": {"local_authentication_enabled": False},
    "azurerm_application_insights": {"local_authentication_disabled": True},
    "azurerm_subnet": {"default_outbound_access_enabled": False},
    "azurerm_batch_pool": {
        "inter_node_communication": "Disabled",
        "target_node_communication_mode": "Simplified",
    },
}
"""Values that the resources of a type must have, in every environment."""

_SECRET = re.compile(
    r"password|secret(?!s_)|(account|access|shared|sas|api)_key|token|connection_string"
)
_LITERAL = re.compile(
    r"AccountKey=|SharedAccessSignature=|[?&]sig=|-----BEGIN|\beyJ[A-Za-z0-9_-]{20,}"
    r"|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="
)


def unlocked(resources: Iterable[Planned]) -> list[str]:
    """Return doors that are open: public networks, keys, old TLS, anonymous access."""
    return [
        f"{one.address}: {name} is {one.values.get(name)!r}, not {wanted!r}"
        for one in resources
        for name, wanted in LOCKED.get(one.type, {}).items()
        if one.values.get(name) != wanted
    ]


def secrets(resources: Iterable[Planned]) -> list[str]:
    """Return arguments whose name says that they hold a secret, and that hold something.

    What a provider would compute ends in ``.example`` (``tests.doubles.terraform.results``).
    """
    found: list[str] = []
    for one in resources:
        found += [f"{one.address}: {path}" for path in _secret_paths(one.values, "")]
    return found


def _secret_paths(value: object, path: str) -> list[str]:
    if isinstance(value, Mapping):
        return [p for name, inner in value.items() for p in _secret_paths(inner, f"{path}.{name}")]
    if isinstance(value, list):
        return [p for inner in value for p in _secret_paths(inner, path)]
    name = path.rsplit(".", 1)[-1]
    given = isinstance(value, str) and bool(value) and not value.endswith(".example")
    named = given and _SECRET.search(name) is not None
    written = isinstance(value, str) and _LITERAL.search(value) is not None
    return [path.lstrip(".")] if named or written else []


def secret_literals(texts: Mapping[str, str]) -> list[str]:
    """Return the files whose text holds something that looks like a key, a SAS or a token."""
    return [
        f"{name}: {found[0][:12]}..."
        for name, text in texts.items()
        if (found := _LITERAL.search(text))
    ]


def deletions(resources: Iterable[Planned], zones: frozenset[str]) -> list[str]:
    """Return lifecycle rules that delete current blobs in ``zones``."""
    found: list[str] = []
    for one in resources:
        if one.type != "azurerm_storage_management_policy":
            continue
        zone = re.search(r'storage\["(\w+)"\]', one.address)
        for rule in one.values["rule"]:
            for action in rule["actions"]:
                for blob in action["base_blob"]:
                    set_ = {
                        name for name, days in blob.items() if name.startswith("delete") and days
                    }
                    if zone and zone[1] in zones and set_:
                        found.append(f"{zone[1]}: rule '{rule['name']}' deletes")
    return found


def without_endpoint(resources: Iterable[Planned]) -> list[str]:
    """Return services that no private endpoint leads to."""
    every = list(resources)
    led_to = {
        link["private_connection_resource_id"]
        for one in every
        if one.type == "azurerm_private_endpoint"
        for link in one.values["private_service_connection"]
    }
    private = {
        "azurerm_storage_account",
        "azurerm_cosmosdb_account",
        "azurerm_container_registry",
        "azurerm_key_vault",
        "azurerm_data_factory",
        "azurerm_batch_account",
    }
    return [one.address for one in every if one.type in private and one.values["id"] not in led_to]


def open_subnets(resources: Iterable[Planned]) -> list[str]:
    """Return subnets without a security group, and groups that do not deny what is left."""
    every = list(resources)
    guarded = {
        one.values["subnet_id"]
        for one in every
        if one.type == "azurerm_subnet_network_security_group_association"
    }
    found = [
        one.address
        for one in every
        if one.type == "azurerm_subnet" and one.values["id"] not in guarded
    ]
    return found + [
        one.address
        for one in every
        if one.type == "azurerm_network_security_group"
        and not any(_denies_all(rule) for rule in one.values["security_rule"])
    ]


def _denies_all(rule: Mapping[str, Any]) -> bool:
    wanted = {
        "access": "Deny",
        "direction": "Inbound",
        "protocol": "*",
        "source_address_prefix": "*",
    }
    return all(rule[name] == value for name, value in wanted.items())


def grants(resources: Iterable[Planned], names: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """Return who may what on which resource; ``names`` says what the made-up ids stand for."""
    found = set()
    for one in resources:
        values = one.values
        if one.type == "azurerm_role_assignment":
            role, scope = (
                values["role_definition_name"] or values["role_definition_id"],
                values["scope"],
            )
        elif one.type == "azurerm_cosmosdb_sql_role_assignment":
            role = values["role_definition_id"].rsplit("/", 1)[-1].lstrip("0-")
            role = {
                "1": "Cosmos DB Built-in Data Reader",
                "2": "Cosmos DB Built-in Data Contributor",
            }[role]
            scope = values["scope"].split("/dbs/")[0]
        else:
            continue
        found.add((names.get(values["principal_id"], "?"), role, names.get(scope, scope)))
    return found


def table_of_grants(text: str) -> set[tuple[str, str, str]]:
    """Return the rows of infra/access.json."""
    return {(row["who"], row["role"], row["on"]) for row in json.loads(text)["grants"]}


def undescribed(module: Mapping[str, Any], path: str = "root") -> list[str]:
    """Return variables and outputs without a description, in a module as Terraform read it."""
    found = [
        f"{path}: {kind[:-1]} '{name}'"
        for kind in ("variables", "outputs")
        for name, facts in module.get(kind, {}).items()
        if not facts.get("description")
    ]
    for name, call in module.get("module_calls", {}).items():
        found += undescribed(call["module"], f"{path}.{name}")
    return found


def unused(texts: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return variables and outputs nobody uses; ``texts`` holds files by folder and name."""
    whole = {folder: "\n".join(files.values()) for folder, files in texts.items()}
    found: list[str] = []
    for folder, own in whole.items():
        used = re.sub(r"validation \{.*?\n  \}", "", own, flags=re.DOTALL)
        found += [
            f"{folder}: variable '{name}'"
            for name in re.findall(r'^variable "(\w+)"', own, re.MULTILINE)
            if not re.search(rf"\bvar\.{name}\b", used)
        ]
        others = "\n".join(text for other, text in whole.items() if other != folder)
        found += [
            f"{folder}: output '{name}'"
            for name in re.findall(r'^output "(\w+)"', own, re.MULTILINE)
            if folder.startswith("modules/") and not re.search(rf"\.{name}\b", others)
        ]
    return found
