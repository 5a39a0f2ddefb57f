"""`python -m tests.mutations engine/cost_maps`: change the code in one place, and see whether a test fails.

A mutation replaces one operator, comparison, condition, number or returned value. Each is made in a copy of the
repository in a temporary folder, where the tests that mirror the module run; a mutation that no test notices
survives and is printed. Outcomes are kept in `.mutations.json`, so that a run that was broken off goes on; they
count as long as the module stays the same, and what was not killed is tried again with `--again`.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / ".mutations.json"
COPIED = ("app", "assets", "engine", "maps", "tests", "pyproject.toml")

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult},
    **{ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    **{ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In},
}


@dataclass(frozen=True)
class Mutation:
    """One change: the bytes of the module from `start` to `end`, in a line of this `text`, become `new`."""

    module: str
    line: int
    text: str
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        """Return file, line and change, with the line that it is made in."""
        return f"{self.module}:{self.line}: {self.old} → {self.new}   in   {self.text}"


def changes(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Yield pairs of an expression and what replaces it."""
    match node:
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield value, ast.Constant(None)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare):
            yield test, ast.UnaryOp(ast.Not(), test)
        case ast.BinOp(op=op) if type(op) in OPERATORS:
            yield node, ast.BinOp(node.left, OPERATORS[type(op)](), node.right)
        case ast.Compare(ops=[op]):
            yield node, ast.Compare(node.left, [COMPARISONS[type(op)]()], node.comparators)
        case ast.BoolOp(op=op):
            yield node, ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), node.values)
        case ast.UnaryOp(op=ast.USub() | ast.Not()):
            yield node, node.operand
        case ast.Constant(value=bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield node, ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield node, ast.Constant(2.0 * value if value else 1.0)
        case _:
            pass


def code(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is below it, without annotations, decorators and the words of messages."""
    if isinstance(node, (ast.JoinedStr, ast.Raise)):
        return
    yield node
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns", "decorator_list"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from code(child)


def mutations(module: str) -> list[Mutation]:
    """Return every mutation of a module (a path from the root)."""
    source = (ROOT / module).read_bytes()
    lines = source.splitlines(keepends=True)
    found: list[Mutation] = []
    for node in code(ast.parse(source)):
        for old, new in changes(node):
            assert old.end_lineno is not None
            assert old.end_col_offset is not None
            start = sum(map(len, lines[: old.lineno - 1])) + old.col_offset
            end = sum(map(len, lines[: old.end_lineno - 1])) + old.end_col_offset
            text = lines[old.lineno - 1].decode().strip()
            before = " ".join(source[start:end].decode().split())
            found.append(Mutation(module, old.lineno, text, start, end, before, f"({ast.unparse(new)})"))
    return found


def tests_of(module: str) -> list[str]:
    """Return what to run for a module: the tests of its own name first, then all of its folder."""
    folder = Path("tests") / Path(module).parent
    own = folder / f"test_{Path(module).stem}.py"
    return [path.as_posix() for path in (own, folder) if (ROOT / path).exists()]


def outcome(module: str, mutation: Mutation | None, limit: float) -> str:
    """Return how the module's tests end with a mutation: "killed", "survived", or "late" after `limit` seconds."""
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder)
        for name in COPIED:  # with the machine code of all modules that stay as they are
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy2)(ROOT / name, tree / name)
        if mutation is not None:
            source = (ROOT / module).read_bytes()
            changed = source[: mutation.start] + mutation.new.encode() + source[mutation.end :]
            (tree / module).write_bytes(changed)
            if b"@compiled" in source:
                # Machine code is dated by its own file: it would keep what it took from the changed one.
                for kept in tree.rglob("*.nbi"):
                    caller = kept.parent.parent / f"{kept.name.split('.')[0]}.py"
                    if module.removesuffix(".py").replace("/", ".") in caller.read_text(encoding="utf-8"):
                        kept.unlink()
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "--tb=no",
            "-p",
            "no:cacheprovider",
            *tests_of(module),
        ]
        # As on CI, hypothesis draws the same examples every time: a mutant must not die by chance.
        surroundings = {**os.environ, "CI": "1", "PYTHONPATH": folder}
        try:
            ended = subprocess.run(command, cwd=tree, env=surroundings, timeout=limit, capture_output=True)
        except subprocess.TimeoutExpired:
            return "late"
        return "killed" if ended.returncode else "survived"


def main() -> int:
    """Try a sample of mutations, print the survivors, and return 1 if there are any."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutations", description=(__doc__ or "").split("\n\n")[1]
    )
    parser.add_argument(
        "paths", nargs="*", default=["engine/cost_maps", "engine/design"], help="modules or folders"
    )
    parser.add_argument("--sample", type=int, default=40, help="how many mutations, drawn at random; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--limit", type=float, default=180.0, help="seconds for the tests of one mutation")
    parser.add_argument("--again", action="store_true", help="try again what was not killed")
    options = parser.parse_args()

    files = [file for path in options.paths for file in (sorted((ROOT / path).rglob("*.py")) or [ROOT / path])]
    modules = [file.relative_to(ROOT).as_posix() for file in files]
    every = [mutation for module in modules for mutation in mutations(module)]
    random.Random(options.seed).shuffle(every)
    sample = every[: options.sample or None]
    record: dict[str, str] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    outcomes: dict[Mutation, str] = {}
    sound: set[str] = set()
    for number, mutation in enumerate(sample, 1):
        module = mutation.module
        key = f"{hashlib.sha256((ROOT / module).read_bytes()).hexdigest()[:16]} {mutation.start} {mutation.new}"
        if key not in record or (options.again and record[key] != "killed"):
            folder = str(Path(module).parent)
            if folder not in sound and outcome(module, None, 1800.0) != "survived":
                sys.exit(f"these tests fail without any mutation: {' '.join(tests_of(module))}")
            sound.add(folder)
            record[key] = outcome(module, mutation, options.limit)
            RECORD.write_text(json.dumps(record, indent=0), encoding="utf-8")
        outcomes[mutation] = record[key]
        print(f"{number}/{len(sample)}  {record[key]:8}  {mutation}", flush=True)

    print(f"\n{len(sample)} of {len(every)} mutations: {dict(Counter(outcomes.values()))}")
    survivors = [mutation for mutation in sample if outcomes[mutation] == "survived"]
    for mutation in sorted(survivors, key=lambda m: (m.module, m.line)):
        print(mutation)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
