"""Processes that fork, that are asked to stop, and that end in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from agentspan.agents import Agent, AgentRuntime, tool
from agentspan.agents.errors import START_WITH
from tests.servers.programs import line_of, output_of, program
from tests.servers.stack import Stack

FORK = """
@tool(approval_required=True)
def where(name: str) -> int:
    "Tell which process this is."
    return os.getpid()

agent = Agent(name="forked", model=MODEL, tools=[where])
first, second, third = sys.argv[1:]

def connections():
    "The addresses of whom this process has a connection to."
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            with socket.socket(fileno=os.dup(int(name))) as one:
                if one.family == socket.AF_INET:
                    found.append(one.getpeername())
        except OSError:
            pass
    return found

def decided(handle):
    while not handle.get_status().is_waiting:
        time.sleep(0.02)
    handle.approve()
    return handle.result().is_success

handle = start(agent, first)
handle.get_status()
assert len(connections()) >= 2
read, write = os.pipe()
child = os.fork()
if child == 0:
    told = {"pid": os.getpid(), "inherited": len(connections())}
    # The run that the parent started and serves, by the same handle.
    told["decided"] = decided(handle)
    # One of its own, whose tool it serves itself.
    own = Agent(name="child", model=MODEL, tools=[where])
    told["served"] = decided(start(own, second))
    shutdown()
    os.write(write, json.dumps(told).encode())
    os._exit(0)
os.close(write)
told = json.loads(os.read(read, 10_000))
os.waitpid(child, 0)
# The parent goes on with what it had.
print(json.dumps({**told, "parent": os.getpid(), "goes_on": decided(start(agent, third))}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_process_that_forks_takes_no_connection_with_it_and_both_go_on(stack: Stack) -> None:
    said = [stack.model.script(name, {"where": {"name": name}}, "There.") for name in ("first", "second", "third")]
    shown = output_of(program(stack, FORK, *said))
    told = json.loads(shown.splitlines()[-1])
    assert told["inherited"] == 0
    assert (told["decided"], told["served"], told["goes_on"]) == (True, True, True)
    ran = [int(stack.model.told(one)[0]) for one in said]
    assert ran == [told["parent"], told["pid"], told["parent"]]


ENDS = """
begun = threading.Event()

@tool(once=True)
def slow() -> str:
    "Take a while."
    begun.set()
    time.sleep(0.5)
    return "to its end"

handle = start(Agent(name="ends", model=MODEL, tools=[slow]), sys.argv[1])
begun.wait(20)
print(handle.run_id)
"""


def test_a_program_that_ends_lets_what_has_begun_come_to_its_end(stack: Stack, runtime: AgentRuntime) -> None:
    said = stack.model.script("ends", {"slow": {}}, "Done.")
    run_id = output_of(program(stack, ENDS, said)).strip()
    assert runtime.handle(run_id).result().is_success
    assert stack.model.told(said) == ['"to its end"']


SERVES = """
@tool
def hello() -> str:
    "Say hello."
    return "hello"

agent = Agent(name="served", model=MODEL, tools=[hello])
threading.Timer(0.2, lambda: print("up", flush=True)).start()
serve(agent)
print("ended")
"""


@tool
def hello() -> str:
    """Say hello."""
    return "hello"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_until_it_is_asked_to_stop(stack: Stack, runtime: AgentRuntime, number: signal.Signals) -> None:
    served = program(stack, SERVES)
    assert line_of(served) == "up"
    said = stack.model.script("served", {"hello": {}}, "Hello.")
    agent = Agent(name="served", model="openai/gpt-4o-mini", tools=[hello])
    assert runtime.start(agent, said, serve=False).result().is_success
    assert stack.model.told(said) == ['"hello"']
    served.send_signal(number)
    assert output_of(served) == "ended\n"


ASKS = """
import logging
logging.getLogger("agentspan.worker").setLevel(logging.ERROR)

@tool
def hello() -> str:
    "Say hello."

try:
    start(Agent(name="alone", model=MODEL, tools=[hello][:int(sys.argv[1])]), "hello")
except AgentspanError as error:
    print(error.reason, error.message)
"""


def test_says_where_there_is_no_server_how_to_start_one(stack: Stack) -> None:
    nowhere = {"AGENTSPAN_SERVER_URL": "http://127.0.0.1:1", "AGENTSPAN_NATS_URL": "nats://u:p@127.0.0.1:1"}
    asked = [program(stack, ASKS, tools, settings=nowhere) for tools in ("0", "1")]
    addresses = ("an Agentspan server at http://127.0.0.1:1 ", "NATS at nats://127.0.0.1:1 ")
    remedies = ("running?", "running, and is AGENTSPAN_NATS_URL its address?")
    for one, address, remedy in zip(asked, addresses, remedies, strict=True):
        shown = output_of(one)
        assert shown.startswith(f"BUS_UNAVAILABLE Cannot reach {address}")
        assert shown.endswith(f"Is the server {remedy} {START_WITH}\n")
        assert "u:p" not in shown


def test_is_installed_with_its_types_and_its_generated_code(tmp_path: Path) -> None:
    home = Path(__file__).parents[2]
    # By hatchling, as pip would, without asking a registry for it.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=home, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("agentspan-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        "py.typed",
        "v1/run_pb2.py",
        "v1/run_pb2.pyi",
        "agents/__init__.py",
        "agents/testing/__init__.py",
        "pytest_plugin.py",
    ):
        assert f"agentspan/{name}" in names
    assert not [name for name in names if name.startswith("tests/")]
    program = "import agentspan.agents, agentspan.signing; print(agentspan.agents.Agent.__name__)"
    env = {"PYTHONPATH": str(wheel), "PATH": ""}
    shown = subprocess.run([sys.executable, "-c", program], env=env, check=True, capture_output=True, text=True)
    assert shown.stdout == "Agent\n"
    command = [sys.executable, "-m", "pytest", "--help"]
    plugin = subprocess.run(command, env=env, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "--agentspan-runs" in plugin.stdout
