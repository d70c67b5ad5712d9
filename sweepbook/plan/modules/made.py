"""Which statements of a module declare studies and claims, by their text: nothing is run."""

import ast

TOOL = "sweepbook"
DECLARING = ("Study", "Claim", "higher", "lower", "best", "worst", "same", "learns")
_SAME_KIND = ("tuple", "list", "sorted", "reversed", "set", "frozenset", "replace")


def is_plain(node: ast.stmt) -> bool:
    """Whether a statement is a function without decorators, or gives values to names."""
    if isinstance(node, ast.FunctionDef):
        return not node.decorator_list
    if isinstance(node, ast.Assign):
        targets = [e for t in node.targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
        return all(isinstance(target, ast.Name) for target in targets)
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return isinstance(node.target, ast.Name) and node.value is not None
    return False


def declares(node: ast.stmt, imported: dict[str, str], declared: set[str]) -> bool:
    """Whether a statement's values, or what its function returns, are studies or claims."""

    def is_made(value: ast.expr | None) -> bool:
        return value is not None and _is_made(value, imported, declared)

    if not is_plain(node):
        return False
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return is_made(node.value)
    if not isinstance(node, ast.FunctionDef):
        return False
    said = (
        {n.id for n in ast.walk(node.returns) if isinstance(n, ast.Name)} if node.returns else ()
    )
    returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
    return bool({"Study", "Claim"} & {*said}) or (bool(returned) and all(map(is_made, returned)))


def claims_of(node: ast.AST) -> set[str]:
    """Returns the functions that a Study names as its `claims_of`."""
    given = [
        k.value for k in ast.walk(node) if isinstance(k, ast.keyword) and k.arg == "claims_of"
    ]
    texts = [v.value for v in given if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    return {text.partition(":")[2] for text in texts}


def _is_made(node: ast.expr, imported: dict[str, str], declared: set[str]) -> bool:
    """Whether an expression is a study, a claim, or several of them."""

    def is_made(one: ast.expr, known: frozenset[str] = frozenset()) -> bool:
        if isinstance(one, ast.Name):
            return one.id in known or imported.get(one.id, one.id).rpartition(".")[2] in declared
        if isinstance(one, ast.Attribute):
            return one.attr in declared
        if isinstance(one, ast.Starred | ast.Subscript):
            return is_made(one.value, known)
        if isinstance(one, ast.Tuple | ast.List | ast.Set):
            return bool(one.elts) and all(is_made(e, known) for e in one.elts)
        if isinstance(one, ast.Dict):
            return bool(one.values) and all(is_made(e, known) for e in one.values)
        if isinstance(one, ast.BinOp):
            return is_made(one.left, known) and is_made(one.right, known)
        if isinstance(one, ast.IfExp):
            return is_made(one.body, known) and is_made(one.orelse, known)
        if isinstance(one, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
            for part in one.generators:
                if is_made(part.iter, known):
                    known |= {n.id for n in ast.walk(part.target) if isinstance(n, ast.Name)}
            return is_made(one.value if isinstance(one, ast.DictComp) else one.elt, known)
        if isinstance(one, ast.Call):
            name = full_name(one.func, imported)
            if name.startswith(f"{TOOL}.") and name.rpartition(".")[2] in DECLARING:
                return True
            if name.rpartition(".")[2] in _SAME_KIND:
                return bool(one.args) and is_made(one.args[0], known)
            return is_made(one.func, known)
        return False

    return is_made(node)


def full_name(node: ast.expr, imported: dict[str, str]) -> str:
    """Returns "numpy.random.seed" of what a module calls np.random.seed; "" of another value."""
    if isinstance(node, ast.Name):
        return imported.get(node.id, node.id)
    if isinstance(node, ast.Attribute) and (before := full_name(node.value, imported)):
        return f"{before}.{node.attr}"
    return ""
