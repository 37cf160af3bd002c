"""Plans of the three environments, made once by the real Terraform."""

from collections.abc import Iterator

import pytest

from tests.doubles.terraform.planning import (
    ENVIRONMENTS,
    Plan,
    Terraform,
    copy_of_infra,
    make_plan,
    terraform_with_doubles,
)
from tests.doubles.terraform.results import Results

IMAGE = "registry.example/avdataops-worker@sha256:" + "5" * 64
API = {
    "image": "registry.example/avdataops-api@sha256:" + "6" * 64,
    "audience": "00000000-0000-0000-0000-000000000009",
}
GROUPS = {
    name: f"00000000-0000-0000-0000-00000000000{number}"
    for number, name in enumerate(("uploaders", "readers", "operators"), 1)
}


@pytest.fixture(scope="session")
def tool() -> Iterator[Terraform]:
    """Terraform with providers that make up what they would compute."""
    with terraform_with_doubles(Results.MADE_UP) as found:
        yield found


@pytest.fixture(scope="session")
def plans(tool: Terraform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """What Terraform would make in each environment, all groups and an image given."""
    infra = copy_of_infra(tmp_path_factory.mktemp("plans"))
    return {
        name: make_plan(tool, infra / "environments" / name, image=IMAGE, groups=GROUPS, api=API)
        for name in ENVIRONMENTS
    }
