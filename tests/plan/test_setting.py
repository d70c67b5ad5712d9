"""What --set KEY=VALUE reads a value as."""

import pytest

from sweepbook.plan.options import Options, setting


@pytest.mark.parametrize(
    "text, value",
    [
        *[("None", None), ("null", None), ("True", True), ("false", False)],
        *[("1", 1), ("+1", 1), ("1_000", 1000), ("0x10", 16)],
        *[(".5", 0.5), ("-.5", -0.5), ("1e-3", 0.001), ("1E5", 1e5), (" 3 ", 3)],
        *[("[64, 64]", [64, 64]), ("(64, 64)", [64, 64]), ("[1, [None]]", [1, [None]])],
        *[('{"a": true}', {"a": True}), ("{'a': None}", {"a": None})],
        *[('"None"', "None"), ("'1.5'", "1.5"), ('"nan"', "nan"), ('""', ""), ("", "")],
        *[("adam", "adam"), ("none", "none"), ("conv3", "conv3"), ("a=b", "a=b")],
        *[("3x3", "3x3"), ("2024-01-01", "2024-01-01"), ("10k", "10k"), ("12:30", "12:30")],
        *[("s3://a/b", "s3://a/b"), ("/a/b.csv", "/a/b.csv"), ("-", "-"), ("info", "info")],
    ],
)
def test_json_and_python_s_literals_are_read_and_the_rest_is_text(text, value):
    key, found = setting(f"key={text}")
    found = Options(settings={key: found}).settings["key"]
    assert (key, found, type(found)) == ("key", value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        *["1,5", "64,64", "010", "1.2.3", "1e", "1-2", "1/256", "2**-3", "50%", "1 000"],
        *["[1, 2", "[a, b]", "{a: 1}", "(1, 2", "'open", '"open', "{1, 2}", "{1: 2}"],
        *["NaN", "nan", "[NaN]", "1e999", "1j", "b'raw'", "9" * 30],
        *["9" * 5000, "[" * 5000, "\ud800"],
    ],
)
def test_what_only_looks_like_a_value_is_refused(text):
    with pytest.raises(ValueError, match="^--set key") as refused:
        Options(settings=dict([setting(f"key={text}")]))
    assert len(str(refused.value)) < 300 and "\n" not in str(refused.value)
