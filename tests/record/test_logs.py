"""Logs as they lie in a record: bounded, and as text that steers no terminal."""

import re

import pytest

from sweepbook.record.logs import (
    MOST_BYTES,
    copy_logs,
    has_prints,
    last_lines,
    logged_trials,
    read_log,
    readable,
    shorten,
)

LINE = b"--- attempt 1 began 2026-01-01T10:00:00+00:00 on host ---\n"


def left_out(content):
    (found,) = re.findall(rb"^--- (\d+) bytes left out ---$", content, re.MULTILINE)
    return int(found)


def numbered(first, last):
    return b"".join(b"line %d\n" % n for n in range(first, last))


def test_a_log_keeps_its_beginning_and_its_end_and_says_how_much_is_left_out(tmp_path):
    path = tmp_path / "a.txt"
    whole = LINE + numbered(0, 300_000)
    path.write_bytes(whole)
    shorten(path, LINE)
    content = path.read_bytes()
    assert len(content) < MOST_BYTES
    head, line, tail = content.partition(b"--- %d bytes left out ---\n" % left_out(content))
    assert whole.startswith(head) and len(head) > 99_000
    assert whole.endswith(tail) and len(tail) > 400_000
    assert len(head) + left_out(content) + len(tail) == len(whole)
    assert tail.startswith(b"line ") and head.endswith(b"\n"), "whole lines alone"


def test_a_log_is_shortened_again_and_again(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(LINE)
    whole = LINE
    for n in range(8):
        more = numbered(n * 60_000, (n + 1) * 60_000)
        whole += more
        with path.open("ab") as file:
            file.write(more)
        shorten(path, LINE)
        assert path.stat().st_size <= MOST_BYTES
    content = path.read_bytes()
    shown = len(content) - len(b"--- %d bytes left out ---\n" % left_out(content))
    assert shown + left_out(content) == len(whole)
    assert content.endswith(b"line 479999\n")


def test_the_present_attempt_s_line_is_never_left_out(tmp_path):
    path = tmp_path / "a.txt"
    line = LINE.replace(b"attempt 1", b"attempt 2")
    before, after = numbered(0, 50_000), numbered(50_000, 200_000)
    path.write_bytes(LINE + before + line)
    for _ in range(3):
        with path.open("ab") as file:
            file.write(after)
        shorten(path, line)
        assert path.read_bytes().count(line) == 1
    left = left_out(path.read_bytes())
    printed = len(LINE + before + line) + 3 * len(after)
    kept = path.stat().st_size - len(b"--- %d bytes left out ---\n" % left)
    assert kept + left == printed


@pytest.mark.parametrize("character", [b"x", b"\r", b"\xff"])
def test_a_log_without_any_line_is_bounded_too(tmp_path, character):
    path = tmp_path / "a.txt"
    path.write_bytes(character * 3_000_000)
    shorten(path)
    assert path.stat().st_size < MOST_BYTES
    assert left_out(path.read_bytes()) > 2_000_000


def test_a_short_log_stays_as_it_is(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"x" * MOST_BYTES)
    shorten(path)
    assert path.read_bytes() == b"x" * MOST_BYTES


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (b"two\nlines\n", "two\nlines\n"),
        (b"a\ttab and caf\xc3\xa9\xc2\xa0\xf0\x9f\x98\x80", "a\ttab and café\xa0😀"),
        (b"\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        (b"\x08\x00\x7f\xc2\x9b", r"\x08\x00\x7f\x9b"),
        ("‮txt\u2028".encode(), r"\u202etxt\u2028"),
        (b"no \xff UTF-8", r"no \xff UTF-8"),
        (b"\r 0%\r 50%\r100%\nnext\n", "100%\nnext\n"),
        (b"dos\r\n", "dos\n"),
        (b"10%\r20%\r", "20%"),
    ],
)
def test_control_characters_steer_no_terminal(printed, shown):
    assert readable(printed) == shown


def test_last_lines_are_those_that_were_printed():
    content = LINE + b"1\n2\r3\n\n4\n\n"
    assert last_lines(content, 3) == ["3", "", "4"]
    assert has_prints(content) and not has_prints(LINE + LINE)


def test_logs_are_copied_from_record_to_record(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "logs").mkdir(parents=True)
    (old / "logs" / "a.txt").write_bytes(b"printed\n")
    (old / "logs" / ".b.txt.1.tmp").write_bytes(b"not yet")
    copy_logs(old, new, {"longer": "a", "silent": "b"})
    assert logged_trials(new) == {"longer"}
    assert read_log(new, "longer") == b"printed\n"
    assert read_log(new, "silent") is None
