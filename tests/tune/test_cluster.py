"""A cluster that is not there, and a Ray that does not start, are told before a study begins."""

import os
import socket

import pytest

from sweepbook.tune.cluster.connection import check_address, connect


@pytest.fixture
def port():
    """A port of this machine that somebody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_address_where_nobody_answers_is_named(port):
    check_address(f"127.0.0.1:{port}")
    check_address("auto")
    check_address(None)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and listens not
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ConnectionError, match=f"--address {address} .*refused"):
            check_address(address)
    with pytest.raises(ConnectionError, match="127.0.0.1:99999"):
        check_address("127.0.0.1:99999")


def test_a_ray_that_does_not_start_is_an_error_with_its_cause(monkeypatch, tmp_path):
    import ray

    def init(**options):
        raise RuntimeError("The current node timed out during startup.")

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of another Ray")
    with pytest.raises(OSError, match="Ray does not start: The current node timed out") as raised:
        connect(None, tmp_path / "ray.log", [])
    (folder,) = tmp_path.glob("ray-*")
    assert str(folder) in str(raised.value)
    assert os.environ["RAY_AUTH_TOKEN"] == "of another Ray"
