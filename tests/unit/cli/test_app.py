"""The root command: help, errors, exit statuses, start-up."""

import json
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from avdataops.cli import app, main
from avdataops.model.errors import (
    AvdataopsError,
    CatalogUnavailable,
    ConfigError,
    InputError,
    NotFound,
    NothingToDo,
    PermissionDenied,
)
from avdataops.wiring.ending import Terminated


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    ctx = click.Context(group, **group.context_settings)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None:
            raise LookupError(name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


EVERY = dict(commands(app.root))


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let the command ``doctor`` raise."""

    @click.command()
    @click.option("--format")
    def doctor(format: str | None) -> None:  # noqa: A002 - the name of the option
        del format
        raise error

    monkeypatch.setattr("avdataops.cli.doctor.doctor", doctor)


@pytest.mark.parametrize("path", list(EVERY), ids=" ".join)
def test_every_command_explains_itself(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*path, "--help"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"Usage: avdataops {' '.join(path)}")
    assert told.err == ""
    assert (EVERY[path].help or "").strip()


@pytest.mark.parametrize("path", [path for path in EVERY if len(path) == 1], ids=" ".join)
def test_the_list_of_commands_says_what_each_command_says(path: tuple[str, ...]) -> None:
    assert (EVERY[path].help or "").splitlines()[0] == app._COMMANDS[path[0]]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-h"]) == 0
    told = capsys.readouterr().out
    assert all(f"\n  {name} " in told for name in app._COMMANDS)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["uplaod"], "no command 'uplaod'; did you mean 'upload'?"),
        (["scenes", "fnd"], "no command 'fnd'; did you mean 'find'?"),
        (["xyzzy"], "no command 'xyzzy'"),
        (["scenes", "find", "--tpye", "x"], "--type"),
        (["upload"], "Missing argument 'FOLDER'"),
        (["measurements", "show"], "Missing argument 'MEASUREMENT'"),
    ],
)
def test_a_mistyped_command_is_a_usage_error_with_the_near_miss(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(given) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("x"), 65),
        (NotFound("x"), 4),
        (ConfigError("x"), 78),
        (PermissionDenied("x"), 77),
        (CatalogUnavailable("x"), 75),
        (NothingToDo("x"), 0),
        (KeyboardInterrupt(), 130),
        (Terminated(), 143),
        (click.UsageError("x"), 2),
    ],
)
def test_each_error_ends_with_its_status(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    raising(monkeypatch, error)
    assert main(["doctor"]) == status


def test_an_error_is_one_line_with_its_code_and_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, InputError("no such thing", hint="try that"))
    main(["doctor"])
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "error[input]: no such thing\n  hint: try that\n")


@pytest.mark.parametrize("given", [["--format", "json"], ["--format=json"], ["--format=ndjson"]])
def test_who_asked_for_json_gets_the_error_as_json(
    given: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error: AvdataopsError = NotFound("no such thing", hint="try that")
    raising(monkeypatch, error)
    assert main(["doctor", *given]) == 4
    told = capsys.readouterr()
    assert told.out == ""
    assert json.loads(told.err) == {
        "error": {
            "code": "not_found",
            "message": "no such thing",
            "hint": "try that",
            "retryable": False,
        }
    }


def test_an_interrupt_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    main(["doctor"])
    assert "run the same command again" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["--version", "--help"])
def test_version_and_help_import_no_heavy_library(given: str) -> None:
    watched = "import sys; from avdataops.cli import main; main([sys.argv[1]]); "
    heavy = "{'pyarrow', 'pandas', 'pydantic', 'numpy', 'yaml', 'rich', 'asammdf', 'jsonschema'}"
    code = f"{watched} print('\\nloaded', sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code, given], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_the_module_is_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "avdataops", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("avdataops, version ")
