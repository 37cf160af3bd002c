"""What the documents tell people to type can be typed: commands, options, variables, numbers.

The commands of the README are run (``test_documents``); those here need a cloud, so that they are
only held against what exists.
"""

import json
import re
import shlex
from pathlib import Path

import click
import pytest

from avdataops.cli.app import root

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
AZURE = (ROOT / "docs" / "azure.md").read_text(encoding="utf-8")


def console_lines(text: str) -> list[str]:
    """Return the commands of every console block, those of a pipe apart."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [one.strip() for line in lines for one in re.split(r" \| (?=avdataops)", line)]


def refusal(words: list[str]) -> str:
    """Return why ``avdataops WORDS`` cannot be typed; empty if it can."""
    command: click.Command = root
    # As it is called: click keeps the help option that the first context asks for.
    context = click.Context(root, info_name="avdataops", **root.context_settings)
    rest = words
    try:
        while True:
            _, rest, _ = command.make_parser(context).parse_args(list(rest))
            if not isinstance(command, click.Group):
                break
            if not rest:
                return "" if command.invoke_without_command else f"'{command.name}' wants a command"
            name, inner, rest = command.resolve_command(context, rest)
            if inner is None:
                return f"no command '{name}'"
            context = click.Context(inner, parent=context, info_name=name)
            command = inner
    except click.UsageError as error:
        return error.format_message()
    return f"unexpected {rest}" if rest else missing(command, words)


def missing(command: click.Command, words: list[str]) -> str:
    """Return which required option ``words`` leave out; empty if none."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.required:
            given = {word.split("=")[0] for word in words}
            if not given & {*parameter.opts, *parameter.secondary_opts}:
                return f"{parameter.opts[0]} is missing"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_ours_exists_with_its_options(page: Path) -> None:
    for line in console_lines(page.read_text(encoding="utf-8")):
        words = shlex.split(line, comments=True)
        if words[:2] == ["./run", "avdataops"]:
            words = words[1:]
        if words and words[0] == "avdataops":
            assert refusal(words[1:]) == "", line


def test_there_are_commands_to_check() -> None:
    assert sum(line.startswith("avdataops ") for line in console_lines(AZURE)) >= 10


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("uplaod x", "uplaod"),
        ("upload x --vehikel v", "--vehikel"),
        ("upload x", "--vehicle is missing"),
        ("measurements", "wants a command"),
        ("measurements shwo x", "shwo"),
        ("run m_1 m_2", "unexpected"),
        ("run m_1 --engine", "--engine"),
    ],
)
def test_a_wrong_command_is_found(line: str, why: str) -> None:
    assert why in refusal(line.split())


def test_files_and_folders_that_commands_name_exist() -> None:
    for line in console_lines(AZURE):
        for name in re.findall(r"\b((?:infra|docker|requirements)/[\w./-]+)", line):
            if not name.endswith("terraform.tfvars"):
                assert (ROOT / name).exists(), line


def test_variables_that_commands_and_text_name_are_variables() -> None:
    folder = ROOT / "infra" / "environments" / "dev"
    here = set(
        re.findall(r'^variable "(\w+)"', (folder / "variables.tf").read_text(), re.MULTILINE)
    )
    given = re.findall(r"-var '?(\w+)=", AZURE)
    assert len(given) >= 3
    assert set(given) <= here
    text = (ROOT / "infra" / "modules" / "platform" / "variables.tf").read_text(encoding="utf-8")
    every = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    named = set(re.findall(r"`(batch_\w+_ranges|catalog_\w+|log_\w+|budget|triggers_\w+)`", AZURE))
    assert len(named) >= 4
    assert named <= every
    assert set(re.findall(r"`days\.(\w+)`", AZURE)) <= set(
        re.findall(r"^    (\w+) += opt", text, re.MULTILINE)
    )


def test_the_table_of_rights_is_the_one_that_is_deployed() -> None:
    rows = json.loads((ROOT / "infra" / "access.json").read_text(encoding="utf-8"))["grants"]
    wanted = [f"| {r['who']} | {r['role']} | {r['on']} | {r['why']} |" for r in rows]
    shown = AZURE.split("| who | role | on | why |\n|---|---|---|---|\n")[1].split("\n\n")[0]
    assert shown.splitlines() == wanted


def test_the_worked_example_of_costs_gives_the_numbers_of_the_text() -> None:
    (formula,) = re.findall(r"^```python\n(.*?)^```", AZURE, re.DOTALL | re.MULTILINE)
    names: dict[str, object] = {}
    exec(compile(formula, "docs/azure.md", "exec"), names)  # noqa: S102  our own document
    assert names["total"] == {"compute": 1, "storage, first year": 149, "catalog": 0}
    assert "about 1 for computing, 149 for keeping it a year" in AZURE


def test_quotas_follow_from_the_description_of_the_pool() -> None:
    facts = json.loads((ROOT / "pipelines" / "batch_pool.json").read_text(encoding="utf-8"))
    cores = int(re.findall(r"standard_d(\d+)", facts["vm_size"])[0])
    spot, dedicated = facts["scale"]["max_spot"], facts["scale"]["max_dedicated"]
    assert f"{spot} nodes x {cores} = {spot * cores}" in AZURE
    assert f"{dedicated} nodes x {cores} + orchestrators 2 x 4 = {dedicated * cores + 8}" in AZURE
