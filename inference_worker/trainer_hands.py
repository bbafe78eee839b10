"""The one run that a trainer holds, and whether it is to stop."""

from dataclasses import dataclass, field
from threading import Condition

from inference_worker.messages import Train


@dataclass
class TrainerHands:
    """Shared by the threads that listen, train and report."""

    order: Train | None = None
    unwanted: bool = False
    closed: bool = False
    _changed: Condition = field(default_factory=Condition)

    def take(self, order: Train) -> None:
        """A second order while one is held is the web side's to send again, when its lease is over."""
        with self._changed:
            if self.order is None and not self.closed:
                self.order, self.unwanted = order, False
                self._changed.notify_all()

    def stop(self, run: str) -> None:
        with self._changed:
            if self.order is not None and self.order.run == run:
                self.unwanted = True
                self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def wait_for_order(self) -> Train | None:
        """The next order; None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self.order is not None or self.closed)
            return None if self.closed else self.order

    def wait(self, seconds: float) -> bool:
        """Whether the run in hand is to stop, as soon as it is or after some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.unwanted or self.closed, seconds)
            return self.unwanted or self.closed

    def release(self) -> None:
        with self._changed:
            self.order = None
