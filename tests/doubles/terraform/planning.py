"""Runs the real Terraform over a copy of the infrastructure code, with providers that only plan."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.terraform.environment import ROOT, infra_environment
from tests.doubles.terraform.results import Results

ENVIRONMENTS = ("dev", "qa", "prod")
_SCHEMAS = ("azurerm.json", "azapi.json")
_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


def terraform() -> str:
    """Return the program, or skip: a machine of the project's CI has it, and says so."""
    found = shutil.which("terraform")
    if found is None:
        missing = "terraform is not on this machine (1.9 or newer, on the PATH)"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A resource in a plan."""

    address: str
    type: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What Terraform would make."""

    resources: tuple[Planned, ...]
    outputs: dict[str, Any]
    """Values by name; what is not known yet is missing."""
    configuration: dict[str, Any]
    """The root module as Terraform read it."""

    def of(self, *types: str) -> list[Planned]:
        """Return the resources of some types."""
        return [resource for resource in self.resources if resource.type in types]


class TerraformRefused(Exception):
    """Terraform ended with an error; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform with the providers of one mode behind it."""

    program: str
    providers: str

    def run(self, folder: Path, *arguments: str) -> str:
        """Return standard output; raises ``TerraformRefused``."""
        environment = os.environ | {
            "TF_REATTACH_PROVIDERS": self.providers,
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        }
        done = subprocess.run(
            [self.program, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            said = f"{done.stdout}\n{done.stderr}"
            raise TerraformRefused(" ".join(said[max(0, said.find("Error: ")) :].split())[:20_000])
        return done.stdout


@contextmanager
def terraform_with_doubles(results: Results) -> Iterator[Terraform]:
    """Give Terraform with the providers' doubles running."""
    program = terraform()
    here = Path(__file__).parent
    command = [
        str(infra_environment() / "python"),
        "-m",
        "tests.doubles.terraform.provider",
        results.value,
        *(str(here / name) for name in _SCHEMAS),
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the provider's double has no pipes")
        yield Terraform(program, process.stdout.readline().strip())
        process.stdin.close()


def copy_of_infra(folder: Path, edit: Callable[[Path], None] | None = None) -> Path:
    """Copy infra/ and what it reads to ``folder``, with local state; return the copy of infra/."""
    for name in ("infra", "schemas", "pipelines"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".terraform*"))
    for environment in ENVIRONMENTS:
        place = folder / "infra" / "environments" / environment
        (place / "backend_override.tf").write_text(_LOCAL_STATE, encoding="utf-8")
        shutil.copy(place / "terraform.tfvars.example", place / "terraform.tfvars")
    if edit is not None:
        edit(folder)
    return folder / "infra"


def make_plan(tool: Terraform, place: Path, **variables: object) -> Plan:
    """Return the plan of the environment in ``place``; raises ``TerraformRefused``."""
    (place / "given.auto.tfvars.json").write_text(json.dumps(variables), encoding="utf-8")
    if not (place / ".terraform").exists():
        tool.run(place, "init", "-input=false", "-no-color")
    tool.run(place, "plan", "-input=false", "-no-color", "-lock=false", "-out=plan.bin")
    shown = json.loads(tool.run(place, "show", "-json", "plan.bin"))
    outputs = shown["planned_values"].get("outputs", {})
    return Plan(
        resources=tuple(_resources(shown["planned_values"]["root_module"])),
        outputs={name: said["value"] for name, said in outputs.items() if "value" in said},
        configuration=shown["configuration"]["root_module"],
    )


def _resources(module: dict[str, Any]) -> Iterator[Planned]:
    for facts in module.get("resources", ()):
        yield Planned(address=facts["address"], type=facts["type"], values=facts.get("values", {}))
    for child in module.get("child_modules", ()):
        yield from _resources(child)
