"""The tasks that a worker's queue may ask for. They only put things in this process's hands."""

from inference_worker.app import app
from inference_worker.hands import Hands
from inference_worker.messages import DROP_TASK, GENERATE_TASK, Drop, Generate, Json

hands = Hands()


@app.task(name=GENERATE_TASK)
def generate(message: Json) -> None:
    hands.take(Generate.from_json(message))


@app.task(name=DROP_TASK)
def drop(message: Json) -> None:
    hands.drop(Drop.from_json(message).keys)
