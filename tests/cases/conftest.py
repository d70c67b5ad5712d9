"""Commands on a real local Ray, as in tests/local_ray."""

from tests.local_ray.conftest import complete, sweepbook  # noqa: F401
