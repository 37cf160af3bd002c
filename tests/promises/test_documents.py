"""What README and docs promise is run: commands, output, Python, settings, links."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from avdataops.detectors import scene_types

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "docs" / "architecture.md", *(ROOT / "docs").rglob("*.md")]
_IDS = re.compile(r"\b(m|scn|art|run)_[0-9a-f]{4,24}\b")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Return (command, expected output or nothing) of every console block, in order."""
    found: list[tuple[str, str]] = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found.append((command.split("#")[0].strip(), expected.strip()))
    return found


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of somebody who has followed the README up to ``./run demo``."""
    folder = tmp_path_factory.mktemp("reader")
    done = call(["demo"], folder)
    assert done.returncode == 0, done.stderr
    assert "lineage show" in done.stderr
    return folder


def call(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if "AVDATAOPS" not in name}
    return subprocess.run(
        [sys.executable, "-m", "avdataops", *arguments],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def real_ids(folder: Path, workspace: str) -> dict[str, str]:
    """Return the ids that stand for the README's: the measurement's, and a cut-in's."""
    rows = call(["scenes", "find", "--type", "cut_in", "--workspace", workspace,
                 "--format", "csv"], folder).stdout.splitlines()  # fmt: skip
    listed = call(["measurements", "list", "--workspace", workspace, "--format", "csv"], folder)
    ids = {"m": listed.stdout.splitlines()[1].split(",")[0]}
    return ids | ({"scn": rows[1].split(",")[0]} if len(rows) > 1 else {})


def with_ids(word: str, ids: dict[str, str]) -> str:
    match = _IDS.fullmatch(word)
    return ids[match[1]] if match else word


def test_every_command_of_the_readme_works_and_prints_what_it_says(reader: Path) -> None:
    known = [(command, said) for command, said in commands() if "avdataops" in command]
    assert len(known) >= 8
    for command, expected in known:
        words = shlex.split(command.removeprefix("./run ").removeprefix("avdataops "))
        workspace = words[words.index("--workspace") + 1] if "--workspace" in words else "demo"
        if _IDS.search(command):
            words = [with_ids(word, real_ids(reader, workspace)) for word in words]
        done = call(words, reader)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        if expected:
            assert plain(done.stdout) == plain(expected), command


def plain(text: str) -> str:
    """Return output without what may differ: ids, and the width of a table's columns."""
    text = _IDS.sub(lambda match: f"{match[1]}_…", text)
    return "\n".join(re.sub(r"[ ─]+", " ", line).strip() for line in text.strip().splitlines())


def test_the_python_of_the_readme_runs(reader: Path) -> None:
    for number, block in enumerate(blocks("python")):
        script = reader / f"block{number}.py"
        script.write_text(f"{block}\nassert len(frame) and imu.num_rows\n", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, script.name], cwd=reader, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_the_settings_of_the_readme_are_settings(reader: Path) -> None:
    (block,) = blocks("toml")
    here = reader / "with-settings"
    here.mkdir()
    (here / "avdataops.toml").write_text(block, encoding="utf-8")
    done = call(["config", "show", "--origin"], here)
    assert done.returncode == 0, done.stderr
    for name in tomllib.loads(block):
        line = next(line for line in done.stdout.splitlines() if line.startswith(f"{name} ="))
        assert "avdataops.toml" in line


def test_the_commands_of_run_exist() -> None:
    script = (ROOT / "run").read_text(encoding="utf-8")
    for command in re.findall(r"\./run (\w+)", README):
        assert re.search(rf"^{command}\)", script, re.MULTILINE), command


@pytest.mark.parametrize("page", sorted(set(PAGES)), ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_paths_named_in_the_architecture_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for name in re.findall(
        r"`((?:engine|steps|readers|testing|schemas|tests)/[\w./]+\.\w+)`", text
    ):
        base = ROOT if name.startswith(("schemas", "tests")) else ROOT / "avdataops"
        assert (base / name).exists(), name


def test_the_readme_names_every_scene_type_and_no_other() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = text.split("Found today", 1)[1].split("\n## ", 1)[0]
    named = set()
    for line in listed.splitlines():
        if line.startswith("- "):
            for word in line.split(": ", 1)[1].split(", "):
                left, _, right = word.partition("/")
                named.add(left)
                if right:
                    named.add(f"{left.rpartition('_')[0]}_{right}")
    assert named == set(scene_types())
