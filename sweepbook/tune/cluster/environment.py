"""The variables that Ray reads when it is first imported."""

import os

from sweepbook.study.settings import CHDIR_BEFORE

ENVIRONMENT = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # they pin every trial in memory; we record
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative data paths keep their meaning
    "RAY_AIR_NEW_OUTPUT": "0",
    "PL_DISABLE_FORK": "1",  # Tune gives it to its workers; a Ray of our own has it from us
    "TUNE_FORCE_TRIAL_CLEANUP_S": "3",  # after Ctrl-C; states are in our own checkpoints
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",  # of Tune's own state, which nobody reads
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",  # a trial without GPUs sees none
    # A cable that is out for about 30 s ends a connection for a worker but not for the driver,
    # which then waits for an answer that was lost until its own pings fail: after 7 minutes by
    # default. Ray's servers refuse clients that ping more often than once a minute.
    "RAY_grpc_client_keepalive_time_ms": "65000",
    "RAY_grpc_client_keepalive_timeout_ms": "20000",
}
NOT_ON_PATH = "SWEEPBOOK_NOT_ON_PATH"  # names a folder that workers import nothing from


def set_environment() -> None:
    """Sets what Ray reads when it is first imported: before a study's space imports it."""
    os.environ.setdefault(CHDIR_BEFORE, os.environ.get("RAY_CHDIR_TO_TRIAL_DIR", "1"))
    os.environ.update(ENVIRONMENT)
