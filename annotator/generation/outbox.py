"""What is said to GPU workers, after the transaction that made it true. The rows are the truth; these are hints."""

from collections.abc import Sequence

from annotator.celery import app
from inference_worker.messages import DROP_TASK, GENERATE_TASK, Drop, Generate, generate_queue


def send_generate(*, worker: str, message: Generate) -> None:
    """Raises kombu.exceptions.OperationalError where the broker does not answer."""
    app.send_task(GENERATE_TASK, args=[message.to_json()], queue=generate_queue(worker), ignore_result=True)


def send_drop(*, worker: str, keys: Sequence[str]) -> None:
    """Raises kombu.exceptions.OperationalError where the broker does not answer."""
    app.send_task(DROP_TASK, args=[Drop(keys=list(keys)).to_json()], queue=generate_queue(worker), ignore_result=True)
