"""python -m organizer.supervisor: the whole program in one terminal, until Ctrl-C."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from organizer.supervisor import broker, environment, services
from organizer.supervisor.children import spawn, stop
from organizer.supervisor.environment import LOOPBACK, ROOT
from organizer.supervisor.watch import Child, GaveUp, trim

READY_S = 120.0
ALREADY = "Cratewise already runs from {var} (process {pid}). Stop it first with Ctrl-C in its terminal."
BUSY = "Port {port} is in use by another program. Choose another one: make run PORT={other}"
