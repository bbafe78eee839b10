"""The tasks that a trainer's queue may ask for. They only put things in this process's hands."""

from inference_worker.app import app
from inference_worker.messages import STOP_TRAINING_TASK, TRAIN_TASK, Json, StopTraining, Train
from inference_worker.trainer_hands import TrainerHands

hands = TrainerHands()


@app.task(name=TRAIN_TASK)
def train(message: Json) -> None:
    hands.take(Train.from_json(message))


@app.task(name=STOP_TRAINING_TASK)
def stop_training(message: Json) -> None:
    hands.stop(StopTraining.from_json(message).run)
