"""
Small changes to a program, each of which a test should notice: where they can be made, and the code that they make.

Only what stands in the body of a function is changed, so that a changed function can take the place of the other in a
program that runs. What is made once, at the import, is left alone: decorators, defaults, constants.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import TypeAlias

import attrs

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
WORDS = "words"
"""The kind of the changes that only a person would notice: a sentence reads differently."""


@attrs.frozen(kw_only=True)
class Mutation:
    """
    One change.

    Attributes:
        where: the function, by its qualified name.
        number: which change of this function it is, from 0.
        lines: where a test must come by to notice it; the first and the last.
        kind: what sort of change it is.
    """

    path: Path
    where: str
    number: int
    lines: tuple[int, int]
    kind: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """Names the change for as long as its function stays as it is."""
        return f"{self.path.parent.name}/{self.path.stem}:{self.where}#{self.number}"

    @property
    def what(self) -> str:
        """The change itself, wherever in its module it stands."""
        return f"{self.path.parent.name}/{self.path.name} {self.where}: {self.before} -> {self.after}"


@attrs.frozen(kw_only=True)
class _Spot:
    """A change that can be made to a tree."""

    kind: str
    before: ast.AST | str
    after: ast.AST | str
    node: ast.AST
    make: Callable[[], None]


def mutations_of(path: Path) -> Iterator[Mutation]:
    """Every change to the functions of a module, in the order of its lines."""
    tree, text = _parsed(path)
    skipped = {number for number, line in enumerate(text, 1) if "pragma: no cover" in line}
    for where, function in _functions(tree, ""):
        for number, (spot, statement) in enumerate(_spots(function)):
            lines = _lines(spot.node, statement)
            if not skipped.intersection(range(lines[0], lines[1] + 1)):
                before, after = _said(spot.before), _said(spot.after)
                yield Mutation(
                    path=path, where=where, number=number, lines=lines, kind=spot.kind, before=before, after=after
                )


def mutated(path: Path, where: str, number: int) -> CodeType:
    """
    The code of a function with one change in it.

    Raises:
        LookupError: the module has no such function, or no such change can be made to it.
    """
    tree, _ = _parsed(path)
    for name, function in _functions(tree, ""):
        if name == where:
            for at, (spot, _) in enumerate(_spots(function)):
                if at == number:
                    spot.make()
                    ast.fix_missing_locations(tree)
                    return code_named(compile(tree, str(path), "exec", dont_inherit=True), where)
    raise LookupError(f"{where} of {path} has no change {number}")


def code_named(code: CodeType, where: str) -> CodeType:
    """
    The code of a function, by its qualified name.

    Raises:
        LookupError: there is none.
    """
    for const in code.co_consts:
        if isinstance(const, CodeType):
            if const.co_qualname == where and const.co_flags & 0x3:  # a function, not a class of that name
                return const
            if where.startswith(f"{const.co_qualname}."):
                return code_named(const, where)
    raise LookupError(where)


def _parsed(path: Path) -> tuple[ast.Module, list[str]]:
    text = path.read_text(encoding="utf-8")
    return ast.parse(text), text.splitlines()


def _functions(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, Function]]:
    seen: set[str] = set()
    for child in node.body:
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name not in seen:
                seen.add(name)
                yield f"{prefix}{name}", child
            case ast.ClassDef(name=name):
                yield from _functions(child, f"{prefix}{name}.")
            case _:
                pass


def _spots(function: Function) -> Iterator[tuple[_Spot, ast.AST]]:
    """Every change to the body of a function, each with the statement that it is in."""
    body = function.body
    first = body[0]
    start = 1 if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) else 0
    for index in range(start, len(body)):
        yield from _within(function, "body", index, body[index], body[index])


def _within(
    parent: ast.AST, field: str, index: int | None, node: ast.AST, statement: ast.AST
) -> Iterator[tuple[_Spot, ast.AST]]:
    if isinstance(node, ast.stmt | ast.match_case | ast.ExceptHandler):
        statement = node
    if _never_happens(node):
        return

    def put(kind: str, new: ast.AST) -> tuple[_Spot, ast.AST]:
        def make() -> None:
            if index is None:
                setattr(parent, field, new)
            else:
                getattr(parent, field)[index] = new

        said = "pass" if isinstance(node, ast.Expr | ast.Raise) else new
        return _Spot(kind=kind, before=node, after=said, node=node, make=make), statement

    in_text = isinstance(parent, ast.JoinedStr)
    for kind, new in _instead(node, in_text=in_text):
        yield put(kind, new)
    for spot in _less(node):
        yield spot, statement
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "args", "format_spec", "type_comment") and not (
            name == "args" and isinstance(node, ast.Call)
        ):
            continue
        if isinstance(value, ast.AST):
            yield from _within(node, name, None, value, statement)
        elif isinstance(value, list):
            for at, child in enumerate(value):
                if isinstance(child, ast.AST):
                    yield from _within(node, name, at, child, statement)


def _never_happens(node: ast.AST) -> bool:
    match node:
        case ast.match_case(body=[ast.Expr(value=ast.Call(func=ast.Name(id="assert_never")))]):
            return True
        case ast.Call(func=ast.Name(id="cast" | "assert_never")):
            return True
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Expr(value=ast.Constant()):
            return True
        case _:
            return False


def _instead(  # noqa: C901, PLR0912 - one case a kind of node
    node: ast.AST, *, in_text: bool
) -> Iterator[tuple[str, ast.AST]]:
    """What can stand in the place of a node."""
    match node:
        case ast.Constant(value=bool() as truth):
            yield "constant", ast.Constant(not truth)
        case ast.Constant(value=int() | float() as number):
            yield "constant", ast.Constant(number + 1)
        case ast.Constant(value=str() as text):
            yield WORDS if in_text or " " in text else "constant", ast.Constant(f"XX{text}XX")
        case ast.Constant(value=bytes() as content):
            yield "constant", ast.Constant(b"XX" + content)
        case ast.Compare(ops=[operator], left=left, comparators=right) if type(operator) in _COMPARED:
            yield "comparison", ast.Compare(left, [_COMPARED[type(operator)]()], right)
        case ast.Compare(ops=ops, left=left, comparators=right):
            for at, operator in enumerate(ops):
                new = [*ops[:at], _COMPARED[type(operator)](), *ops[at + 1 :]]
                yield "comparison", ast.Compare(left, new, right)
        case ast.BoolOp(op=operator, values=values):
            for at in range(len(values)):
                left_over = [*values[:at], *values[at + 1 :]]
                yield "condition", left_over[0] if len(left_over) == 1 else ast.BoolOp(operator, left_over)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield "condition", operand
        case ast.BinOp(op=operator, left=left, right=right_side) if type(operator) in _COMPUTED:
            yield "operator", ast.BinOp(left, _COMPUTED[type(operator)](), right_side)
        case ast.AugAssign(op=operator, target=target, value=value) if type(operator) in _COMPUTED:
            yield "operator", ast.AugAssign(target, _COMPUTED[type(operator)](), value)
        case ast.IfExp(body=body, orelse=orelse):
            yield "condition", body
            yield "condition", orelse
        case ast.If(test=ast.Name() | ast.Call() | ast.Attribute() | ast.Await() | ast.Subscript() as test):
            yield "condition", ast.If(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.While(test=ast.Name() | ast.Call() | ast.Attribute() | ast.Await() as test):
            yield "condition", ast.While(ast.UnaryOp(ast.Not(), test), node.body, node.orelse)
        case ast.Expr(value=ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom()) | ast.Raise():
            # It stays where it is and never runs, so that a generator stays one, and `super()` finds its class.
            yield "statement", ast.If(ast.Constant(value=False), [node], [])
        case ast.Break():
            yield "statement", ast.Continue()
        case ast.Continue():
            yield "statement", ast.Break()
        case ast.ExceptHandler(type=type_, name=name, body=body) if not isinstance(body[-1], ast.Raise):
            yield "statement", ast.ExceptHandler(type_, name, [ast.Raise()])
        case ast.match_case(pattern=pattern, guard=guard, body=body) if guard is not None:
            yield "condition", ast.match_case(pattern, None, body)
        case ast.MatchOr(patterns=patterns):
            for at in range(len(patterns)):
                fewer = [*patterns[:at], *patterns[at + 1 :]]
                yield "case", fewer[0] if len(fewer) == 1 else ast.MatchOr(fewer)
        case _:
            pass


def _less(node: ast.AST) -> Iterator[_Spot]:  # noqa: C901, PLR0912 - one case a kind of node
    """What can be left out of a node, or be nothing."""
    match node:
        case ast.Call(args=args, keywords=keywords):
            for at, arg in enumerate(args):
                if not isinstance(arg, ast.Starred | ast.Constant | ast.GeneratorExp):
                    yield _replaced(args, at, ast.Constant(None))
            for keyword in keywords:
                if not isinstance(keyword.value, ast.Constant) and keyword.arg is not None:
                    yield _valued(keyword, ast.Constant(None))
        case ast.Tuple(elts=parts, ctx=ast.Load()) | ast.List(elts=parts, ctx=ast.Load()) | ast.Set(elts=parts):
            for at in range(len(parts) if not isinstance(node, ast.Set) or len(parts) > 1 else 0):
                yield _dropped(parts, at, "element")
        case ast.Dict(keys=keys, values=values):
            for at in range(len(keys)):
                yield _both_dropped(keys, values, at)
        case ast.comprehension(ifs=ifs):
            for at in range(len(ifs)):
                yield _dropped(ifs, at, "condition")
        case ast.Match(cases=cases) if len(cases) > 1:
            for at, case in enumerate(cases):
                if not _never_happens(case):
                    yield _dropped(cases, at, "case")
        case _:
            pass


def _replaced(parts: list[ast.expr], at: int, new: ast.expr) -> _Spot:
    def make() -> None:
        parts[at] = new

    return _Spot(kind="argument", before=parts[at], after=new, node=parts[at], make=make)


def _valued(keyword: ast.keyword, new: ast.expr) -> _Spot:
    def make() -> None:
        keyword.value = new

    return _Spot(kind="argument", before=keyword, after=f"{keyword.arg}=None", node=keyword, make=make)


def _dropped(parts: Sequence[ast.AST], at: int, kind: str) -> _Spot:
    def make() -> None:
        del parts[at]  # type: ignore[attr-defined]  # every caller's is a list

    before: ast.AST | str = parts[at]
    if isinstance(before, ast.match_case):
        before = f"case {ast.unparse(before.pattern)}"
    return _Spot(kind=kind, before=before, after="(nothing)", node=parts[at], make=make)


def _both_dropped(keys: list[ast.expr | None], values: list[ast.expr], at: int) -> _Spot:
    def make() -> None:
        del keys[at], values[at]

    return _Spot(kind="element", before=values[at], after="(nothing)", node=values[at], make=make)


def _lines(node: ast.AST, statement: ast.AST) -> tuple[int, int]:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno, node.pattern.end_lineno or node.pattern.lineno
    if isinstance(node, ast.ExceptHandler):
        return node.body[0].lineno, node.body[-1].end_lineno or node.lineno
    if isinstance(node, ast.comprehension):
        node = node.iter
    if isinstance(node, ast.If | ast.While):
        node = node.test
    start = statement.pattern if isinstance(statement, ast.match_case) else statement
    first: int = getattr(start, "lineno", 0)
    last: int = getattr(node, "end_lineno", None) or first
    return min(first, last), last


def _said(what: ast.AST | str) -> str:
    if isinstance(what, str):
        return what
    try:
        text = ast.unparse(what)
    except Exception:  # noqa: BLE001 - some parts of a tree cannot stand alone
        text = type(what).__name__
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:77]}..."
