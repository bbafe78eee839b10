"""The web side's Celery: it sends work to GPU workers, and `-Q results` records what they answer. Jobs are rows in the
database; nothing we need lives only in the broker, so there is no result backend."""

import os

from celery import Celery
from django.conf import settings

from inference_worker.messages import RESULTS_QUEUE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")

app = Celery("annotator")
app.conf.update(
    broker_url=settings.REDIS_URL,
    broker_connection_retry_on_startup=True,
    # Recording a result takes milliseconds: what a killed results worker held comes back after a minute. The keys are
    # its own, or its restoring would also take what GPU workers on the same broker hold for longer.
    broker_transport_options={
        "visibility_timeout": 60,
        "unacked_restore_throttle": 1,
        "unacked_key": f"{RESULTS_QUEUE}.unacked",
        "unacked_index_key": f"{RESULTS_QUEUE}.unacked_index",
        "unacked_mutex_key": f"{RESULTS_QUEUE}.unacked_mutex",
        "socket_connect_timeout": 5,
        "socket_timeout": 30,
        "socket_keepalive": True,
        "health_check_interval": 15,
    },
    task_publish_retry_policy={"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.5},
    task_default_queue=RESULTS_QUEUE,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    worker_hijack_root_logger=False,
    imports=["annotator.generation.tasks", "annotator.training.tasks"],
)
