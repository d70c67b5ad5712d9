"""The hash of a study's code: claims may be added, and nothing else may change unseen."""

import hashlib
import itertools
import sys
import textwrap

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sweepbook import Fidelity, Metric, Study
from sweepbook.plan.modules.code import code_sha256, whole_code_sha256

COUNTER = itertools.count()


def study(module, **further):
    metric, fidelity = Metric("val_acc", "max"), Fidelity("round", "rounds")
    return Study(
        name="s", question="?", trainable=f"{module}:train", metric=metric, fidelity=fidelity,
        **further,
    )  # fmt: skip


@pytest.fixture(scope="module")
def hash_of(tmp_path_factory):
    """hash_of({file: text}) -> the hash of the code of the trainable own_main:train."""
    root = tmp_path_factory.mktemp("code")

    def made(files, trainable="own_main", **further):
        files = {"own_main.py": files} if isinstance(files, str) else files
        folder = root / str(next(COUNTER))
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
        module = type(sys)(trainable)
        module.__file__ = str(folder / f"{trainable.replace('.', '/')}.py")
        sys.modules[trainable] = module
        try:
            return code_sha256(study(trainable, **further))
        finally:
            del sys.modules[trainable]

    return made


BLOCKS = {  # of a module that trains and declares: what counts
    "docstring": '"""A study."""',
    "imports": "import math\nfrom pathlib import Path",
    "constant": "STEPS = 3",
    "shared": "WIDTHS = [16, 32]",
    "helper": "def scale(x):\n    return x * STEPS  # a step",
    "net": "class Net:\n    depth = 2",
    "decorated": "@property\ndef odd(self):\n    return 1",
    "effect": "math.floor(2)",
    "text": 'LOSS = """a\n\n# no comment\nb"""',
    "train": (
        "def train(config):\n    width = WIDTHS[0]\n    yield {'round': 1, 'acc': scale(width)}"
    ),
    "condition": "if STEPS > 2:\n    STEPS = 2",
    "unused": "UNUSED = 4",
}
CHANGES = {
    **dict.fromkeys(BLOCKS, ("2", "4")),
    "docstring": ("study", "story"),
    "imports": ("Path", "PurePath"),
    "constant": ("3", "4"),
    "helper": ("a step", "a jump"),
    "decorated": ("1", "0"),
    "text": ("no comment", "none"),
    "train": ("0", "1"),
    "unused": ("4", "5"),
}
CLAIMS = (
    'CLAIMS = [higher("val_acc", {"width": 16}, than={"width": 32}, by=0.1, because="x")]',
    "CLAIMS = tuple(claim(width) for width in WIDTHS)",
    'CLAIMS: list[Claim] = [lower("val_acc", {"width": 16}, than=0.5, by=0.1, because="x")]',
    "FIRST = claim(16)\nCLAIMS = [FIRST]\nCLAIMS += [claim(32)]",
    "REASON = 'a point'\nCLAIMS = (claim(16), same('val_acc', {}, 1.0, within=1, because=REASON))",
    "# what I expect\nCLAIMS = [\n    # the first\n    claim(16),\n\n    claim(32),\n]",
    "def claims():\n    return [claim(16)]\nCLAIMS = claims()",
)
HELPERS = (
    "def claim(width):\n    return Claim(name=f'c-{width}', arms=[{'width': width}])",
    "def claim(width):\n    found = {}\n    found['w'] = width\n    found.update(h=1)\n"
    "    return Claim(arms=[found])",
    "BY = 0.1\ndef claim(width) -> Claim:\n    found = learns('val_acc', {'w': width}, by=BY)"
    "\n    return found",
)
IMPORTS = (
    "from sweepbook import Claim, Study, higher, learns, lower, same",
    "from sweepbook import (\n    Claim,\n    Metric,\n    Study,\n    higher,\n    learns,\n"
    "    lower,\n    same,\n    worst,\n)",
)
STUDIES = (
    "STUDY = Study(name='s', trainable='own_main:train', grid={'w': WIDTHS}, claims=CLAIMS)",
    "GRID = {'w': [1, 2]}\nSTUDY = Study(name='s', trainable=f'{__name__}:train', grid=GRID, "
    "claims=[*CLAIMS])\nSTUDIES = {one.name: one for one in (STUDY,)}",
)


def module(draw, blocks, order):
    parts = [draw(st.sampled_from(some)) for some in (IMPORTS, HELPERS, CLAIMS, STUDIES)]
    gaps = draw(st.lists(st.sampled_from(["\n", "\n\n", "\n\n\n"]), min_size=1))
    places = sorted(draw(st.lists(st.integers(0, len(order)), min_size=4, max_size=4)))
    chosen = [blocks[name] for name in order]
    for place, part in zip(reversed(places), reversed(parts), strict=True):
        chosen.insert(place, part)
    return "".join(text + gaps[i % len(gaps)] for i, text in enumerate(chosen))


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.data())
def test_declarations_never_count_and_everything_else_does(hash_of, data):
    order = ["docstring", *data.draw(st.permutations([k for k in BLOCKS if k != "docstring"]))]
    first = module(data.draw, BLOCKS, order)
    same_hash = hash_of(module(data.draw, BLOCKS, order))
    assert hash_of(first) == same_hash
    name = data.draw(st.sampled_from(order))
    changed = BLOCKS | {name: BLOCKS[name].replace(*CHANGES[name])}
    assert changed != BLOCKS
    assert hash_of(module(data.draw, changed, order)) != same_hash
    left = [one for one in order if one != name]
    assert hash_of(module(data.draw, BLOCKS, left)) != same_hash


WHOLE = """
    import torch
    from sweepbook import Claim, Study, higher{more_imports}

    WIDTHS = [16, 32]

    def train(config):
        yield {{"round": 1, "val_acc": {used}}}

    {more}
    STUDY = Study(name="s", trainable="own_main:train", claims=[{claims}]{fields})
    {end}
"""


def whole(more_imports="", used="1", more="", claims="", fields="", end=""):
    return textwrap.dedent(WHOLE).format(**locals())


CLAIM = 'higher("val_acc", {"w": 1}, than={"w": 2}, by=0.1, because="x")'


def test_a_first_claim_with_its_import_does_not_count(hash_of):
    plain = hash_of(whole())
    assert hash_of(whole(more_imports=", lower", claims=CLAIM)) == plain
    assert hash_of(whole(fields=', question="another?"', end="# the end of it")) != plain
    assert hash_of(whole(fields=', question="another?"')) == plain


@pytest.mark.parametrize(
    "used",
    [
        "STUDY.replicates",
        "NAMES[0]",
        "__import__('own_main').STUDY",
        "getattr(own(), 'STUDY').seed",
        "helper()",
    ],
)
def test_a_declaration_that_the_training_uses_counts(hash_of, used):
    more = "NAMES = ['a']\ndef helper():\n    return STUDY.seed\ndef own():\n    import own_main"
    more += "\n    return own_main"

    def of(claims, names="'a'"):
        text = whole(used=used, claims=claims, fields=", packages=NAMES", more=more)
        return hash_of(text.replace("['a']", f"[{names}]"))

    before = of("")
    assert of("", "'b'") != before, "a value that both use"
    if "STUDY" in used or used == "helper()":
        assert of(CLAIM) != before


@pytest.mark.parametrize(
    "text",
    [
        "X = globals()['STUDY'].seed",
        "import sys\nX = getattr(sys.modules[__name__], 'STU' + 'DY').seed",
        "eval('STU' + 'DY')",
        "def late():\n    return vars()['STUDY']",
    ],
)
def test_where_names_are_looked_up_everything_counts(hash_of, text):
    assert hash_of(whole(more=text)) != hash_of(whole(more=text, claims=CLAIM))


@pytest.mark.parametrize(
    "more, fields",
    [
        ("def seed():\n    torch.manual_seed({n})\n    return 1", ", seed=seed()"),
        ("N = {n}\ndef seed():\n    torch.manual_seed(N)\n    return 1", ", seed=seed()"),
        ("REG = []\ndef reg():\n    REG.append({n})\n    return 1", ", seed=reg()"),
        ("REG = {{}}\ndef reg():\n    REG['a'] = {n}\n    return 1", ", seed=reg()"),
        ("def reg():\n    torch.backends.x = {n}\n    return 1", ", seed=reg()"),
        ("def reg(w):\n    w.append({n})\n    return w", ", grid={{'w': reg(WIDTHS)}}"),
        ("def reg():\n    w = WIDTHS\n    w[0] = {n}\n    return w", ", grid={{'w': reg()}}"),
        ("", ", grid={{'w': WIDTHS.append({n}) or WIDTHS}}"),
        ("def reg(*, d={{}}):\n    d['a'] = {n}\n    return d", ", fixed=reg()"),
        ("def reg():\n    global WIDTHS\n    WIDTHS = [{n}]\n    return 1", ", seed=reg()"),
        ("", ", seed=torch.manual_seed({n}).seed()"),
        ("", ", seed=print({n}) or 1"),
        ("RATES = torch.rand({n})", ", grid={{'lr': RATES}}"),
        ("class Net({n}):\n    pass", ", question=Net.__name__"),
        ("@torch.jit.script\ndef f():\n    return {n}", ", seed=f()"),
        ("set_up = torch.set_default_dtype({n})", ""),
    ],
)
def test_what_a_declaration_does_to_others_counts(hash_of, more, fields):
    texts = [whole(more=more.format(n=n), fields=fields.format(n=n)) for n in (3, 4)]
    assert hash_of(texts[0]) != hash_of(texts[1])


def test_whether_a_declaration_calls_what_does_something_counts(hash_of):
    more = "def seed():\n    torch.manual_seed(1)\n    return 1"
    texts = [whole(more=more, fields=fields) for fields in (", seed=seed()", ", seed=1")]
    assert hash_of(texts[0]) != hash_of(texts[1])


def test_functions_that_a_study_names_count_however_it_names_them(hash_of):
    for name in ("'own_main:size'", "f'{__name__}:size'", "'own_main:' + size.__name__"):
        texts = [
            whole(more=f"def size(config):\n    return {n}", fields=f", data={name}")
            for n in (1, 2)
        ]
        hashes = [hash_of(text, data="own_main:size") for text in texts]
        assert hashes[0] != hashes[1]


def test_a_function_of_claims_does_not_count(hash_of):
    more = "def further(configs, files):\n    return [{}]"
    fields = ", claims_of='own_main:further'"
    texts = [whole(more=more.format(claims), fields=fields) for claims in ("", CLAIM)]
    hashes = [hash_of(text, claims_of="own_main:further") for text in texts]
    assert hashes[0] == hashes[1]


def test_a_script_s_own_calls_do_not_make_its_study_count(hash_of):
    end = "def main():\n    sweepbook.run(STUDY)\n\nif __name__ == '__main__':\n    main()"
    assert hash_of(whole(end=end)) == hash_of(whole(end=end, claims=CLAIM))
    assert hash_of(whole(end=end)) != hash_of(whole(end=end.replace("run", "show")))
    end = "__all__ = ['STUDY', 'train']"
    assert hash_of(whole(end=end)) == hash_of(whole(end=end, claims=CLAIM))
    end = "sweepbook.run(STUDY)"
    assert hash_of(whole(end=end)) != hash_of(whole(end=end, claims=CLAIM))


def test_claims_in_another_file_do_not_count_but_what_it_lends_the_training_does(hash_of):
    claims = "from sweepbook import higher\nA, SIZE, LR = 1, 2, 3\nMINE = [{}]\n"
    study = whole(more="from own_claims import MINE as C, SIZE", claims="*C", used="SIZE")

    def of(text):
        return hash_of({"own_main.py": study, "own_claims.py": text})

    assert of(claims.format("")) != of(claims.format(CLAIM)), "an empty list declares nothing"
    assert of(claims.format(CLAIM)) == of(claims.format(f"{CLAIM}, {CLAIM}"))
    assert of(claims.format(CLAIM)) != of(claims.format(CLAIM).replace("2, 3", "4, 3"))


def test_claims_in_a_package_do_not_count(hash_of):
    files = {
        "own_package/__init__.py": "",
        "own_package/own_main.py": "from .nets import net\ndef train(config):\n    yield net()\n",
        "own_package/nets.py": "def net():\n    return {'round': 1}\n",
        "own_package/studies.py": (
            "from sweepbook import Study, higher\nfrom . import nets\nRATES = [1]\n"
            f"STUDY = Study(trainable='own_package.own_main:train', claims=[{CLAIM}])\n"
        ),
    }

    def of(name, old, new):
        changed = files | {f"own_package/{name}.py": files[f"own_package/{name}.py"]}
        changed[f"own_package/{name}.py"] = changed[f"own_package/{name}.py"].replace(old, new)
        return hash_of(changed, "own_package.own_main")

    before = of("nets", "", "")
    assert of("studies", CLAIM, f"{CLAIM}, {CLAIM}") == before
    assert of("studies", "[1]", "[2]") != before
    assert of("nets", "1", "2") != before


def test_other_lines_and_files_are_hashed_as_before(hash_of, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "own_plain.py").write_bytes(b"x = 1\r\n\r\n# no study\r\n")
    __import__("own_plain")
    plain = hashlib.sha256(b"own_plain.py\0x = 1\r\n\r\n# no study\r\n").hexdigest()
    assert code_sha256(study("own_plain")) == whole_code_sha256("own_plain") == plain
    sys.modules.pop("own_plain")
    assert hash_of("a = 1; STUDY = 2\nx = (") != hash_of("a = 1; STUDY = 2\nx = [")
    line = "from sweepbook import Study\nA = {}; STUDY = Study(seed={})"
    assert hash_of(line.format(1, 1)) != hash_of(line.format(2, 1))
    latin = "# -*- coding: utf-8 -*-\nfrom sweepbook import Study\nN = 'é'\nSTUDY = Study()\n"
    assert hash_of(latin) == hash_of(latin + "TWO = Study()\n")
    assert hash_of(latin) != hash_of(latin.replace("é", "ü"))
