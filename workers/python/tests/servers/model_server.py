"""A scripted server of chat completions. A run is known by what its user says, a turn by the replies before it."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = str | dict[str, dict[str, Any]] | list[tuple[str, dict[str, Any]]]
"""What the model says: a text, one call as {tool: arguments}, or several as (tool, arguments)."""


class ModelServer:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self._scripts: dict[str, Sequence[Reply]] = {}
        self._names = itertools.count(1)
        #: What it was asked and is in no script.
        self.faults: list[str] = []
        #: The last request of each run, by its input: what the model was told.
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def script(self, name: str, *replies: Reply, exactly: bool = False) -> str:
        """Writes down what the model says in each turn of a run; gives the input that starts it."""
        said = name if exactly else f"{name} ({next(self._names)})"
        self._scripts[said] = replies
        return said

    def told(self, said: str) -> list[str]:
        """What the model was told of its calls, in the last request of a run."""
        return [one["content"] for one in self.messages.get(said, []) if one["role"] == "tool"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, messages: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        said = next(one["content"] for one in messages if one["role"] == "user")
        turn = sum(one["role"] == "assistant" for one in messages)
        self.messages[said] = messages
        replies = self._scripts.get(said, [])
        if turn >= len(replies):
            fault = f"No script has turn {turn + 1} of {said!r}."
            self.faults.append(fault)
            return 400, {"error": {"message": fault}}
        return 200, _completion(replies[turn], turn)


def _completion(reply: Reply, turn: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply if isinstance(reply, str) else None}
    if not isinstance(reply, str):
        calls = list(reply.items()) if isinstance(reply, dict) else reply
        message["tool_calls"] = [
            {
                "id": f"call_{turn}_{index}",
                "type": "function",
                "function": {"name": tool, "arguments": json.dumps(arguments)},
            }
            for index, (tool, arguments) in enumerate(calls)
        ]
    reason = "stop" if isinstance(reply, str) else "tool_calls"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def _handler(model: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, answer = model.answer(body["messages"])
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Says nothing: what goes wrong is in `faults`."""

    return Handler
