"""`evalsite web`: the web process alone."""

import logging
import os
import signal
import socket
from argparse import SUPPRESS, ArgumentParser
from typing import Any

import uvicorn
from django.conf import settings

from evalsite import address, preparation
from evalsite.commands import SiteCommand, add_address_options

CLOSING_S = 2  # open streams would hold Ctrl-C up for as long as a browser watches


class Command(SiteCommand):
    """Serve pages and API until Ctrl-C."""

    help = "Serve pages and API only; workers run elsewhere (evalsite worker)."
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_address_options(parser)
        parser.add_argument("--listener", type=int, metavar="FD", help=SUPPRESS)  # the supervisor's open socket

    def handle(self, **options: Any) -> None:
        """Serve from the supervisor's socket, or open one, prepare and announce the address."""
        if options["listener"] is not None:
            self._serve(socket.socket(fileno=options["listener"]))
            return
        with address.open_listener(options["host"], options["port"]) as listener:
            preparation.prepare_database(report=self.stdout.write)
            preparation.prepare_static_files(report=self.stdout.write)
            url = address.url_of(options["host"], options["port"])
            self.stdout.write(f"Evalsite is at {url}")
            self.stdout.flush()
            address.announce(url)
            try:
                self._serve(listener)
            finally:
                address.withdraw()

    def _serve(self, listener: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM."""
        config = uvicorn.Config(
            settings.ASGI_APPLICATION.replace(".application", ":application"),
            access_log=False,
            log_config=None,
            log_level=logging.WARNING,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=settings.BEHIND_PROXY,
            forwarded_allow_ips=os.environ.get("FORWARDED_ALLOW_IPS"),
            timeout_graceful_shutdown=CLOSING_S,
        )
        for number in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises a signal again once it has ended for it
            signal.signal(number, lambda *_: None)
        uvicorn.Server(config).run(sockets=[listener])
