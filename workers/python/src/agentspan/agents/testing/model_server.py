"""The scripted model as a server of OpenAI's chat completions, for servers that ask it from other processes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agentspan.agents.testing.model_script import ScriptedModel
from agentspan.agents.testing.model_told import ModelRequest, ToldCall, ToldMessage
from agentspan.agents.testing.model_turn import CallsTurn, FailsTurn, SaysTurn

_SCRIPT_HAS_NOTHING = "The test's script has no turn for this request."
# What a scripted reply is said to have cost.
_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
_FINISH = {"STOP": "stop", "LENGTH": "length", "REFUSED": "content_filter"}


class ModelServer:
    """Listens on a free port of this machine, and answers by the models of kits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: The one first whose kit was the last to start a run.
        self._models: list[ScriptedModel] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        # It alone keeps no process alive.
        threading.Thread(target=self._serve, name="agentspan-kit-model", daemon=True).start()

    @property
    def base_url(self) -> str:
        """For a server's providers."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def add(self, model: ScriptedModel) -> Callable[[], None]:
        """Answers by this model from now on, until the returned function is called."""
        with self._lock:
            self._models.insert(0, model)

        def leave() -> None:
            with self._lock:
                self._models.remove(model)

        return leave

    def prefer(self, model: ScriptedModel) -> None:
        """Asks it before any other from now on."""
        with self._lock:
            self._models.remove(model)
            self._models.insert(0, model)

    def answer(self, body: Any) -> tuple[int, dict[str, Any]]:
        """The status and the body of an answer to a request of chat completions."""
        request = _request_of(body)
        with self._lock:
            models = list(self._models)
        model = next((one for one in models if one.knows(request)), models[0] if models else None)
        said = None if model is None else model.reply(request)
        if not isinstance(said, CallsTurn | SaysTurn | FailsTurn):
            return 400, _failure(_SCRIPT_HAS_NOTHING)
        if isinstance(said, FailsTurn):
            return 503 if said.again else 400, _failure(said.message)
        return 200, _completion(said, sum(one.role == "assistant" for one in request.messages) + 1)

    def _serve(self) -> None:
        # So often it looks whether it is to stop, seconds.
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Answers nobody any more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    # Whoever stops it waits for no connection that a server keeps open.
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked may be gone."""


def _request_of(body: Any) -> ModelRequest:
    return ModelRequest(
        messages=tuple(map(_message_of, body["messages"])),
        tool_names=tuple(tool["function"]["name"] for tool in body.get("tools", ())),
    )


def _message_of(message: Any) -> ToldMessage:
    role, text = message["role"], message.get("content") or ""
    if role == "tool":
        return ToldMessage("tool", text, call_id=message.get("tool_call_id", ""))
    if role != "assistant":
        return ToldMessage("user" if role == "user" else "system", text)
    calls = [
        ToldCall(call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    ]
    return ToldMessage("assistant", text, calls=tuple(calls))


def _completion(said: CallsTurn | SaysTurn, turn: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    if isinstance(said, CallsTurn):
        message["content"] = said.text or None
        message["tool_calls"] = [
            {
                "id": f"call_{turn}_{number}",
                "type": "function",
                "function": {"name": call.tool_name, "arguments": call.args_text},
            }
            for number, call in enumerate(said.calls, 1)
        ]
    finish_reason = _FINISH[said.finish_reason] if isinstance(said, SaysTurn) else "tool_calls"
    return {
        "id": "chatcmpl-kit",
        "object": "chat.completion",
        "created": 0,
        "model": "kit",
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
        "usage": _USAGE,
    }


def _failure(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "scripted"}}


def _handler(server: ModelServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One small write for the head and one for the body: without this the second waits for the other side.
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                status, answer = server.answer(json.loads(body))
            except Exception as error:  # noqa: BLE001 - the server shows it in the run
                status, answer = 500, _failure(repr(error))
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Says nothing: what goes wrong is told by the kit."""

    return Handler
