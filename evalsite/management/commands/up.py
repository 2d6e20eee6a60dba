"""`evalsite up`: the whole site in one command: web, workers and the simulator under one supervisor."""

import logging
import socket
import sys
import threading
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections

from evalsite import address, preparation
from evalsite.cluster import LocalCluster
from evalsite.commands import CommandFailed, SiteCommand, add_address_options
from evalsite.parent import bind_to
from evalsite.supervisor import CannotGoOn, Child, Supervisor
from experiments.models import SignInLink
from runs.watcher import Watcher

logger = logging.getLogger(__name__)


class Command(SiteCommand):
    """Start the site and keep it running until Ctrl-C."""

    help = "Start the site on this machine: web, workers and simulator; Ctrl-C ends it."
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        add_address_options(parser)
        parser.add_argument("--demo", action="store_true", help="load and run the demo at the first start")
        parser.add_argument("--parent", type=int, metavar="PID", help=SUPPRESS)  # make: the site ends with it

    def handle(self, **options: Any) -> None:
        """Open the port before anything else, prepare, serve until a signal comes."""
        if options["parent"]:
            bind_to(options["parent"])
        with address.open_listener(options["host"], options["port"]) as listener:
            url = address.url_of(options["host"], options["port"])
            preparation.prepare_database(report=self.stdout.write, also_shared=True)
            preparation.prepare_static_files(report=self.stdout.write)
            preparation.first_user()
            self._welcome(url, options["host"])
            self._serve(listener, url, has_demo=options["demo"])

    def _welcome(self, url: str, host: str) -> None:
        self.stdout.write(f"Evalsite is at {url}")
        self._offer_link(url)
        if host not in settings.ALLOWED_HOSTS and not settings.SITE_URL:
            self.stdout.write("Other machines reach it only under the names in EVALSITE_HOSTS.")
        self.stdout.write("Ctrl-C ends it.")
        self.stdout.flush()

    def _offer_link(self, url: str) -> None:
        """Print an address that signs the administrator in once."""
        user = preparation.someone_to_sign_in()
        if user is not None:
            link = url + address.PATH_OF_LINK.format(token=SignInLink.issue(user))
            self.stdout.write(f"Sign in (once, within 15 minutes): {link}")

    def _serve(self, listener: socket.socket, url: str, *, has_demo: bool) -> None:
        cluster = LocalCluster()
        supervisor = Supervisor(
            [
                Child.of_site("web", "--listener", str(listener.fileno()), inherited=(listener.fileno(),)),
                cluster.child,
                Child.of_site("simulator", "--quiet"),
            ],
            Path(settings.DATA_DIR),
        )
        watcher = Watcher(queue=cluster.under(supervisor))
        connections.close_all()
        supervisor.on_end, supervisor.is_cut_off = watcher.stop_soon, watcher.is_cut_off
        watcher.start()
        address.announce(url)
        if has_demo:
            threading.Thread(target=self._present_demo, args=(url,), name="demo", daemon=True).start()
        try:
            supervisor.run()
        except CannotGoOn as error:
            raise CommandFailed(str(error)) from error
        finally:
            address.withdraw()
            watcher.stop()

    def _present_demo(self, url: str) -> None:
        """Show the demo in this terminal, in a thread beside the supervisor; the site goes on if that fails."""
        from evalsite.demo.presenting import present

        try:
            if present(sys.stdout):
                self._offer_link(url)
        except Exception:
            logger.exception("the demo could not be shown")
        finally:
            connections.close_all()
