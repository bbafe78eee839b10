"""The Celery app of generate workers: how messages come in and go out. No torch here, so a worker answers at once."""

import os

from celery import Celery

DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"

app = Celery("inference_worker", broker=os.environ.get("REDIS_URL", DEFAULT_REDIS_URL))
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    task_ignore_result=True,
    # The clip's row on the web side is the lease: a message lost with its worker is sent again from there.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    # One thread, so that a `drop` never overtakes the `generate` it follows; the bodies only hand over to others.
    worker_concurrency=1,
    worker_pool="threads",
    worker_enable_remote_control=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 300,
        "socket_keepalive": True,
        "socket_connect_timeout": 5,
        "health_check_interval": 25,
    },
)
