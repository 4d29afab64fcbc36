"""`agentspan server start`, as a person starts it, on free ports and with a scripted model."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path

from agentspan.agents import AgentRuntime
from tests.servers.model_server import ModelServer

_ROOT = Path(__file__).parents[4]
_PROGRAM = _ROOT / "cli" / "bin" / "agentspan.mjs"
_START_S = 120
_STOP_S = 30
# Whatever the developer's own shell says is not for these programs.
_OTHERS = re.compile(r"AGENTSPAN_|OPENAI_|ANTHROPIC_|GEMINI_|OLLAMA_|VLLM_|NATS_|MONGODB_")


class Stack:
    """NATS, a MongoDB server, an orchestrator and a gateway."""

    def __init__(self, *, auth: bool = False) -> None:
        self.model = ModelServer()
        self.folder = Path(tempfile.mkdtemp(prefix="agentspan-python-"))
        node = shutil.which("node")
        assert node is not None, "node is not on PATH"
        self.env = {
            **{name: value for name, value in os.environ.items() if not _OTHERS.match(name)},
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": self.model.base_url,
        }
        #: `agentspan`, as a list of words.
        self.command = [node, str(_PROGRAM)]
        flags = ["--port", "0", "--nats-port", "0", "--data", str(self.folder / "data"), *(["--auth"] if auth else [])]
        self._process = subprocess.Popen(
            [*self.command, "server", "start", *flags],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._shown = ""
        self._running = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._running.wait(_START_S) or self._process.poll() is not None:
            self.close()
            raise RuntimeError(f"The server did not start:\n{self._shown}")
        self.url = self._found(r"API +(\S+)")
        self.nats_url = self._found(r"Workers +(\S+)")
        key = re.search(r"Key +(\S+)", self._shown)
        #: An admin's, with authentication on; else empty.
        self.admin_key = "" if key is None else Path(key[1]).read_text("utf-8").strip()

    @property
    def settings(self) -> dict[str, str]:
        """What programs are told in their environment, but for the key."""
        return {"AGENTSPAN_SERVER_URL": self.url, "AGENTSPAN_NATS_URL": self.nats_url}

    @property
    def trusted_keys(self) -> Path:
        return self.folder / "data" / "keys" / "trusted-keys.json"

    def runtime(self, **options: object) -> AgentRuntime:
        return AgentRuntime(url=self.url, nats_url=self.nats_url, **options)  # type: ignore[arg-type]

    def export(self, run_id: str, file: Path) -> None:
        """Keeps a run's history."""
        words = [*self.command, "runs", "export", run_id, "--out", str(file), "--url", self.url]
        subprocess.run(words, env=self.env, check=True, capture_output=True)

    def key(self, owner: str, *roles: str) -> str:
        """An API key of somebody."""
        asked = json.dumps({"owner": owner, "roles": roles}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.admin_key}"}
        request = urllib.request.Request(f"{self.url}/agentspan.v1.KeyService/CreateKey", asked, headers)
        with urllib.request.urlopen(request, timeout=_START_S) as answer:
            made: str = json.load(answer)["text"]
            return made

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(_STOP_S)
        self.model.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._shown += line
            if "Ctrl-C stops it" in line:
                self._running.set()
        self._running.set()
        self._process.stdout.close()

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self._shown)
        assert found is not None, self._shown
        return found[1]
