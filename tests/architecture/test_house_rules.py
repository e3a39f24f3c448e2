"""What no other tool checks: purity of domains, what a distribution declares, what a tracked file may say.

Rooms and their arrows are import-linter's, docstrings and bare `type: ignore` are ruff's and mypy's.
"""

import ast
import gc
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = sorted(path.parent for path in (*ROOT.glob("*/pyproject.toml"), *ROOT.glob("*/*/pyproject.toml")))
SERVICES = [member for member in MEMBERS if member.parent.name == "services"]
LONGEST = {"src": 400, "tests": 650}
DERIVED_IDS = "samlan_plumbing.ids"
PURE = {"babel", "jinja2", "pydantic", "pymarc", "samlan_contracts"} | set(sys.stdlib_module_names)
IMPURE = {
    "asyncio",
    "http",
    "multiprocessing",
    "os",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
}
CLOCKS = {"now", "today", "utcnow"}
FOREIGN = (
    "pypi" + r"\.org", "python" + "hosted", "npmjs" + r"\.org", "debian" + r"\.org/debian",
    "(?<!emit-)index" + "-url", "/wo" + r"rk/(main|shared)", r"(?<![\w.$-])/ro" + "ot/", "/opt/py" + "pi",
)  # fmt: skip


def package(member: Path) -> Path:
    return next((member / "src").iterdir())


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


@cache
def parsed(path: Path) -> ast.Module:
    gc.disable()  # a collection in the middle that runs somebody's finalizer makes this interpreter give up
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


@cache
def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The modules a file names in full, and where; relative imports stay in the package."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.lineno, node.module


def told(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}"


def domain_files() -> list[Path]:
    return [path for member in SERVICES for path in sources(package(member) / "domain")]


def test_a_domain_imports_words_and_nothing_that_acts() -> None:
    def allowed(path: Path, module: str) -> bool:
        top = module.partition(".")[0]
        own = f"{path.relative_to(ROOT).parts[3]}.domain"
        return (
            module in (own, DERIVED_IDS)
            or module.startswith(f"{own}.")
            or (top in PURE and top not in IMPURE)
        )

    wrong = [
        told(path, line, module)
        for path in domain_files()
        for line, module in imported(path)
        if not allowed(path, module)
    ]
    assert wrong == []


def test_a_domain_is_told_the_time() -> None:
    calls = [
        told(path, node.lineno, node.attr)
        for path in domain_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute)
        and node.attr in CLOCKS
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date", "dt")
    ]
    assert calls == []


@pytest.mark.parametrize("part", LONGEST)
def test_no_file_is_longer_than_it_can_be_read(part: str) -> None:
    lengths = {
        path: len(path.read_text().splitlines()) for member in MEMBERS for path in sources(member / part)
    }
    assert {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > LONGEST[part]} == {}


def test_no_exception_is_swallowed_whole() -> None:
    silent = [
        told(path, handler.lineno, "except: pass")
        for member in MEMBERS
        for path in sources(member / "src")
        for handler in ast.walk(parsed(path))
        if isinstance(handler, ast.ExceptHandler)
        and (handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException"))
        and all(isinstance(statement, ast.Pass) for statement in handler.body)
    ]
    assert silent == []


def test_no_tracked_file_names_a_package_host_or_one_machine() -> None:
    pattern = re.compile("|".join(FOREIGN))
    wrong = []
    for path in tracked():
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        wrong += [told(path, n, line.strip()[:80]) for n, line in enumerate(lines, 1) if pattern.search(line)]
    assert wrong == []


def test_every_distribution_is_under_the_import_contracts() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in tools["contracts"]}
    every, services = ({package(member).name for member in members} for members in (MEMBERS, SERVICES))
    assert set(tools["root_packages"]) == every
    assert set(contracts["services-apart"]["modules"]) == services
    assert set(contracts["datastore-is-a-process"]["source_modules"]) == every
    rooms = {contract["containers"][0] for contract in tools["contracts"] if contract.get("exhaustive")}
    assert rooms == services


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=;!~ ]", name)[0]).lower()


def declared(member: Path) -> set[str]:
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    return {normal(name) for name in project["dependencies"]}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_a_distribution_declares_what_it_imports(member: Path) -> None:
    owners = packages_distributions() | {package(one).name: [package(one).name] for one in MEMBERS}
    undeclared = {
        told(path, line, module)
        for path in sources(member / "src")
        for line, module in imported(path)
        if (top := module.partition(".")[0]) not in sys.stdlib_module_names
        and top != package(member).name
        and not {normal(owner) for owner in owners.get(top, [])} & declared(member)
    }
    assert undeclared == set()


def test_whatever_a_distribution_declares_is_locked() -> None:
    locked = {
        normal(line)
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if re.match(r"\w", line)
    }
    own = {tomllib.loads((member / "pyproject.toml").read_text())["project"]["name"] for member in MEMBERS}
    missing = {name for member in MEMBERS for name in declared(member)} - locked - own
    assert missing == set()
