"""`agentspan server start` as a child: on free ports, and with data of its own."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentspan.agents.testing.kit_error import KitError

_STARTS_WITHIN_S = 120.0
_STOPS_WITHIN_S = 30.0


class ServerProcess:
    """A server that runs. Whoever makes it stops it; the end of this process does so as well, however it comes.

    Raises KitError with what the server wrote where it does not come to run.
    """

    def __init__(self, *, command: Sequence[str], env: Mapping[str, str], in_memory: bool) -> None:
        self._folder = None if in_memory else tempfile.mkdtemp(prefix="agentspan-kit-")
        self._name = " ".join([*command, "server start", *(["--memory"] if in_memory else [])])
        self._written = ""
        self._told = threading.Event()
        place = ["--memory"] if self._folder is None else ["--data", str(Path(self._folder) / "data")]
        ports = ["--port", "0", "--grpc-port", "0", "--nats-port", "0"]
        # It stops when the pipe to it is closed, which the system does with a process that is killed.
        input_ends = "--until-input-ends"
        try:
            self._process = subprocess.Popen(
                [*command, "server", "start", *ports, *place, input_ends],
                env={**os.environ, **env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                # Who interrupts the tests lets them end it in their turn.
                start_new_session=True,
            )
        except OSError as error:
            self._remove_data()
            why = f"could not be started ({error}): is the command agentspan installed?"
            raise KitError(f"{self._name} {why}") from error
        self._reading = threading.Thread(target=self._read, name="agentspan-kit-server", daemon=True)
        self._reading.start()
        atexit.register(self.stop)
        try:
            self._await_start()
            #: Of the gateway.
            self.url = self._found("API")
            #: For workers.
            self.nats_url = self._found("Workers")
            #: Of a server in memory; else empty.
            self.clock_url = self._found("Clock") if in_memory else ""
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends it, and removes its data."""
        atexit.unregister(self.stop)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            # All of its group: npx passes no signal on.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._remove_data()

    def _await_start(self) -> None:
        if not self._told.wait(_STARTS_WITHIN_S):
            raise self._fault(f"did not run within {_STARTS_WITHIN_S:g} s")
        if "Ctrl-C stops it" not in self._written:
            raise self._fault(f"ended with {self._process.wait(_STOPS_WITHIN_S)}")

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            with stream:
                for line in stream:
                    if not self._told.is_set():
                        self._written += line
                    if "Ctrl-C stops it" in line:
                        self._told.set()
        self._told.set()

    def _found(self, name: str) -> str:
        found = re.search(rf"^ +{name} +(\S+)", self._written, re.MULTILINE)
        if found is None:
            raise self._fault(f"did not say its address ({name})")
        return found[1]

    def _fault(self, why: str) -> KitError:
        return KitError(f"{self._name} {why}. It wrote:\n{self._written.strip() or 'nothing'}")

    def _remove_data(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
