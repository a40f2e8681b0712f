"""Signs of life as processes of the program leave them."""

import json
import time

from organizer import network, pulse, vitals

GONE = "redis://127.0.0.1:1/0"


def sign(worker: str, *queues: str, role: str = vitals.MAIN, ago_s: float = 0, pid: int = 1) -> None:
    one = vitals.Reporter(worker, role, list(queues)).vitals()
    row = {**vars(one), "noted_at": time.time() - ago_s, "pid": pid, "models": []}
    network.redis_client().hset(vitals.KEY, f"{worker}/{pid}", json.dumps(row))


def all_there() -> None:
    pulse.beat()
    sign("io@here", "io")
    sign("ml@here", "ml", "train")
