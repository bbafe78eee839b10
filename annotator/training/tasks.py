from typing import Any

from django.db import InterfaceError, OperationalError

from annotator.celery import app
from annotator.training import results
from inference_worker.messages import TRAINING_RESULT_TASK


@app.task(
    name=TRAINING_RESULT_TASK,
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(OperationalError, InterfaceError),
    max_retries=None,
    retry_backoff=True,
    retry_backoff_max=30,
)
def record(kind: str, data: dict[str, Any]) -> None:
    results.record(kind=kind, data=data)
