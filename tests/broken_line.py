"""A network between a client and its server that tests cut and heal: a relay of bytes before a unix socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 65536


class BrokenLine:
    """Relays connections to a unix socket; while it is cut there is silence: nothing passes and nothing closes."""

    def __init__(self, target: Path, folder: Path) -> None:
        """`folder` is the directory whose socket of the same name stands for the target's."""
        self.folder, self._target = folder, str(target)
        self._whole = threading.Event()
        self._whole.set()
        self._sockets = list[socket.socket]()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / target.name))
        self._listener.listen(64)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def start(self) -> None:
        """Begin to relay."""
        self._threads[0].start()

    def cut(self) -> None:
        """Let nothing through from now on."""
        self._whole.clear()

    def heal(self) -> None:
        """Reset what was open, as a network does whose routes have forgotten it, and let the next through."""
        self._close_all()
        self._whole.set()

    def close(self) -> None:
        """End everything: no thread relays and no socket is open afterwards."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.heal()
        for thread in self._threads[1:]:
            thread.join()

    def _close_all(self) -> None:
        while self._sockets:
            one = self._sockets.pop()
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._sockets += [client, server]
                server.connect(self._target)
                for pair in ((client, server), (server, client)):
                    self._threads.append(threading.Thread(target=self._relay, args=pair, daemon=True))
                    self._threads[-1].start()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        """Pass on what comes; what came while the line was cut is lost with its connection."""
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._whole.wait()
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def broken_line(target: Path, folder: Path) -> Iterator[BrokenLine]:
    """A line to a unix socket while the block runs."""
    line = BrokenLine(target, folder)
    line.start()
    try:
        yield line
    finally:
        line.close()
