"""Makes the schema file of azurerm from HashiCorp's generated Python bindings of that provider.

``python -m tests.doubles.terraform.make_schema WHEEL TYPE ... >azurerm.json``.  The wheel is
``cdktf-cdktf-provider-azurerm`` (the last one, 14.23.1, describes azurerm 4.55.0); it is read as
text and neither installed nor run.  Bindings do not tell sets from lists, nor which optional
arguments the provider fills in; the first are taken for lists, the second for plainly optional.
"""

import ast
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PACKAGE = "cdktf_cdktf_provider_azurerm"
_META = frozenset(
    {"connection", "count", "depends_on", "for_each", "id", "lifecycle", "provider", "timeouts"}
    | {"provisioners"}
)
"""Arguments that Terraform itself knows, or that every resource has."""
_STRUCT = re.compile(r"'?(\w+)'?, typing\.Dict\[builtins\.str, typing\.Any\]")


@dataclass(frozen=True, slots=True)
class Module:
    """Classes of one generated module by name."""

    classes: dict[str, ast.ClassDef]

    def arguments(self, name: str) -> Iterator[tuple[str, str, bool]]:
        """Yield name, annotation and whether it is required, of each argument of a structure."""
        made = _method(self.classes[name], "__init__")
        if made is None:
            return
        for argument, default in zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True):
            kind = ast.unparse(argument.annotation) if argument.annotation else ""
            yield argument.arg, kind, default is None

    def results(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield name and annotation of each property of a class."""
        for node in self.classes[name].body if name in self.classes else ():
            if isinstance(node, ast.FunctionDef) and node.returns and _is_property(node):
                yield node.name, ast.unparse(node.returns)


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    found = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found[0] if found else None


def _is_property(node: ast.FunctionDef) -> bool:
    return any(ast.unparse(decorator) == "builtins.property" for decorator in node.decorator_list)


def parse(source: str) -> Module:
    """Return the classes of a module's source."""
    tree = ast.parse(source)
    return Module({node.name: node for node in tree.body if isinstance(node, ast.ClassDef)})


def terraform_type(annotation: str) -> object:
    """Return the Terraform type that an annotation stands for; raises ``ValueError``."""
    inner = annotation.removeprefix("typing.Optional[").removesuffix("]")
    simple = {"builtins.str": "string", "jsii.Number": "number"}
    for python, terraform in simple.items():
        if annotation in (python, f"typing.Optional[{python}]"):
            return terraform
        if re.search(rf"(Sequence|List)\[{re.escape(python)}\]", annotation):
            return ["list", terraform]
        if f"Mapping[builtins.str, {python}]" in annotation:
            return ["map", terraform]
    if "builtins.bool" in inner or inner.endswith("IResolvable"):
        return "bool"
    if annotation.endswith("StringMap"):
        return ["map", "string"]
    raise ValueError(f"no Terraform type for {annotation}")


def block(module: Module, structure: str, shown_by: str, skip: frozenset[str]) -> dict[str, Any]:
    """Return attributes and blocks of a structure; ``shown_by`` is the class with its results."""
    attributes: dict[str, list[object]] = {}
    blocks: dict[str, Any] = {}
    for name, annotation, required in module.arguments(structure):
        if name in skip:
            continue
        inner = [found for found in _STRUCT.findall(annotation) if found in module.classes]
        if inner:
            many = "Sequence" in annotation
            nested = block(module, inner[0], f"{inner[0]}OutputReference", frozenset())
            blocks[name] = {"many": many, "required": required, **nested}
        else:
            how = "required" if required else "optional"
            attributes[name] = [terraform_type(annotation), how]
    for name, annotation in module.results(shown_by):
        plain = annotation in {"builtins.str", "jsii.Number", "typing.List[builtins.str]"}
        known = name in attributes or name in blocks or name.endswith("_input")
        if plain and not known and name not in {"fqn", "friendly_unique_id", "internal_value"}:
            attributes[name] = [terraform_type(annotation), "computed"]
    return {"attributes": attributes, "blocks": blocks}


def resource(module: Module) -> dict[str, Any]:
    """Return the block of a resource from its generated module."""
    structure = next(name for name in module.classes if _is_config(module, name))
    found = block(module, structure, structure.removesuffix("Config"), _META)
    found["attributes"]["id"] = ["string", "computed"]
    return found


def _is_config(module: Module, name: str) -> bool:
    return name.endswith("Config") and name.removesuffix("Config") in module.classes


def make(wheel: Path, types: list[str]) -> dict[str, Any]:
    """Return the schema file of the named resource types."""
    with zipfile.ZipFile(wheel) as archive:
        said = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
        version = re.search(r"provider version (\d+\.\d+\.\d+)", said)

        def module(name: str) -> Module:
            return parse(archive.read(f"{_PACKAGE}/{name}/__init__.py").decode())

        own = module("provider")
        return {
            "source": "registry.terraform.io/hashicorp/azurerm",
            "version": version[1] if version else "",
            "provider": block(own, "AzurermProviderConfig", "", frozenset()),
            "resources": {name: resource(module(name.removeprefix("azurerm_"))) for name in types},
        }


def main(arguments: list[str] | None = None) -> int:
    """Write the schema file to standard output."""
    wheel, *types = sys.argv[1:] if arguments is None else arguments
    made = make(Path(wheel), sorted(types))
    lines = [
        f"{json.dumps(n)}: {json.dumps(v, sort_keys=True)}"
        for n, v in made.items()
        if n != "resources"
    ]
    rows = [
        f"{json.dumps(n)}: {json.dumps(v, sort_keys=True)}" for n, v in made["resources"].items()
    ]
    inner = ",\n".join(rows)
    sys.stdout.write("{" + ",\n".join([*lines, f'"resources": {{\n{inner}\n}}']) + "}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
