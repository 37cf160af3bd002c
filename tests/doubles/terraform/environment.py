"""The Python environment of requirements/infra.txt, made when it is first asked for."""

from pathlib import Path

from tests.doubles.environments import ROOT, environment_of

__all__ = ["ROOT", "infra_environment"]


def infra_environment() -> Path:
    """Return the ``bin`` folder of the environment; raises ``CalledProcessError``."""
    return environment_of("infra")
