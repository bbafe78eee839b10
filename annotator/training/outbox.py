"""What is said to trainers. The rows are the truth; these are hints."""

from annotator.celery import app
from annotator.training.models import TrainingRun
from inference_worker.messages import STOP_TRAINING_TASK, TRAIN_TASK, StopTraining, Train, train_queue


def send_train(*, trainer: str, message: Train) -> None:
    """Raises kombu.exceptions.OperationalError where the broker does not answer."""
    app.send_task(TRAIN_TASK, args=[message.to_json()], queue=train_queue(trainer), ignore_result=True)


def tell_to_stop(run: TrainingRun) -> None:
    """Raises kombu.exceptions.OperationalError where the broker does not answer."""
    send_stop(trainer=run.trainer, run=str(run.public_id))


def send_stop(*, trainer: str, run: str) -> None:
    """Raises kombu.exceptions.OperationalError where the broker does not answer."""
    message = StopTraining(run=run).to_json()
    app.send_task(STOP_TRAINING_TASK, args=[message], queue=train_queue(trainer), ignore_result=True)
