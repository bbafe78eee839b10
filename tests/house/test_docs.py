"""The documents point to files, verbs, commands and settings that are there."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from demo.machine import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
each = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
VERBS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@each
def test_links_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@each
def test_make_verbs_exist(document: Path):
    for code in re.findall(r"```.*?```|`[^`\n]+`", document.read_text(), re.DOTALL):
        for verb in re.findall(r"(?<!manage\.py release )\bmake ((?:[a-z][a-z-]*[a-z]))\b(?!=)", code):
            assert verb in VERBS, f"{document.name} tells of make {verb}"


@each
def test_manage_commands_exist(document: Path):
    for command in re.findall(r"manage\.py ([a-z_]+)", document.read_text()):
        assert command in get_commands(), f"{document.name} tells of manage.py {command}"


def test_every_setting_is_in_the_deployment_guide():
    read = re.findall(
        r'(?:environ(?:\.get)?[\[(]|switched_on\()"([A-Z_]+)"', (ROOT / "annotator/settings.py").read_text()
    )
    guide = (ROOT / "docs/deploy.md").read_text()
    assert len(read) > 5
    for name in read:
        assert f"`{name}`" in guide, f"docs/deploy.md says nothing of {name}"


def test_the_guides_of_the_readme_are_all_there():
    readme = (ROOT / "README.md").read_text()
    for name in ("annotators", "researchers", "admins", "deploy", "architecture", "decisions", "experiments"):
        assert f"docs/{name}.md" in readme
