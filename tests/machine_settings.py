"""The site's settings on one of several machines that are one: `MACHINE_NAME` is what it takes for its host's name."""

import os
import socket

from evalsite.settings import *  # noqa: F403

socket.gethostname = lambda: os.environ["MACHINE_NAME"]
