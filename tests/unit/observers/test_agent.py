"""The agent's parts that need no container: what they make of the kernel's and py-spy's own words."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from heartbed.observers.agent import parse
from heartbed.record.event import Event
from heartbed.record.kinds import Socket

ROOT = Path(__file__).parents[3]
DATA = Path(__file__).parents[1] / "data" / "observers"


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's package lives in its image's folder."""
    monkeypatch.syspath_prepend(str(ROOT / "images" / "observer"))


def module(name: str) -> Any:
    return importlib.import_module(f"heartbed_agent.{name}")


# Asked and answered on a real kernel, about a socket in whose receive queue lay three heartbeats of the broker.
REQUEST = (
    "4800000014000100000000000000000002060000ffffffffdd681628ac160005000000000000000000000000"
    "ac16000200000000000000000000000000000000ffffffffffffffff"
)
ANSWER = (
    "7400000014000000000000005234000002010200dd681628ac160005000000000000000000000000"
    "ac16000200000000000000000000000000000000540100000000000038d60000180000000000000011270000"
    "fd430c0005000800000000000c0015009f150000000000000600160052000000"
)
NOT_FOUND = (
    "5c000000020000000000000052340000feffffff4800000014000100000000000000000002060000ffffffff"
    "00011628ac160005000000000000000000000000ac16000200000000000000000000000000000000ffffffffffffffff"
)


def test_socket_is_asked_for_by_both_its_ends() -> None:
    sockdiag = module("sockdiag")
    assert sockdiag.request(sockdiag.Ends("172.22.0.5", 56680, "172.22.0.2", 5672)).hex() == REQUEST


def test_answer_tells_state_and_queues() -> None:
    sockdiag = module("sockdiag")
    assert sockdiag.answer(bytes.fromhex(ANSWER)) == sockdiag.Queues("ESTABLISHED", rx_octets=24, tx_octets=0)


def test_socket_that_is_gone_is_none() -> None:
    assert module("sockdiag").answer(bytes.fromhex(NOT_FOUND)) is None


def test_other_errors_of_the_kernel_are_raised() -> None:
    refused = bytes.fromhex(NOT_FOUND.replace("feffffff", "ffffffff"))
    with pytest.raises(PermissionError):
        module("sockdiag").answer(refused)


def test_table_of_sockets_is_read() -> None:
    listed = list(module("sockets").parse((DATA / "proc-net-tcp.txt").read_text()))
    to_broker = [each for each in listed if each.ends.remote_port == 5672]
    assert [each.ends.conn for each in to_broker] == ["172.22.0.5:56680", "172.22.0.5:56684"]
    assert {each.queues.rx_octets for each in to_broker} == {32}
    assert {each.queues.state for each in to_broker} == {"ESTABLISHED"}
    assert to_broker[0].inode == 803837


def test_ipv4_address_mapped_to_ipv6_is_told_as_ipv4() -> None:
    listed = list(module("sockets").parse((DATA / "proc-net-tcp6.txt").read_text()))
    assert {each.ends.remote for each in listed if each.queues.state == "ESTABLISHED"} == {"172.22.0.3", "172.22.0.5"}


@pytest.mark.parametrize(
    ("line", "machine", "name"),
    [
        ("288 0x3 0x7ffcf441f7d0 0x7ffcf441f7b0 0x80000 0x0 0x0 0x7ffcf441f740 0x7f588185f3a7", "x86_64", "accept4"),
        ("7 0x7ffd3f4cd448 0x1 0x12c 0x0 0x0 0x0 0x7ffd3f4cd3f0 0x7f4f284473a7", "x86_64", "poll"),
        ("242 0x3 0x0 0x0 0x80000 0x0 0x0 0x0 0x0", "aarch64", "accept4"),
        ("running\n", "x86_64", None),
        ("-1 0x7ffd3f4cd3f0 0x7f4f284473a7\n", "x86_64", None),
        ("999 0x0", "x86_64", "syscall 999"),
        ("7 0x0", "riscv64", "syscall 7"),
    ],
)
def test_system_call_is_named(line: str, machine: str, name: str | None) -> None:
    assert module("syscalls").name(line, machine) == name


def test_idle_prefork_child_is_seen_in_accept4_of_its_mpm() -> None:
    look = module("look")
    spied = {each["os_thread_id"]: each for each in json.loads((DATA / "py-spy-prefork.json").read_text())}
    task = {"name": "apache2", "state": "S", "syscall": "accept4", "wchan": "inet_csk_accept"}
    told = look.thread(7, task, spied[7])
    assert (told["tid"], told["name"], told["active"], told["syscall"]) == (7, "apache2", False, "accept4")
    functions = [frame["function"] for frame in told["frames"]]
    modules = [Path(frame["file"]).name for frame in told["frames"]]
    assert functions.index("accept4") < modules.index("mod_mpm_prefork.so")
    assert all(frame["native"] for frame in told["frames"])


def test_python_frame_is_told_from_a_native_one() -> None:
    look = module("look")
    spied = {each["os_thread_id"]: each for each in json.loads((DATA / "py-spy-prefork.json").read_text())}
    task = {"name": "heartbed-dump", "state": "S", "syscall": "read", "wchan": "anon_pipe_read"}
    frames = look.thread(38, task, spied[38])["frames"]
    (python,) = [frame for frame in frames if not frame["native"]]
    assert (python["function"], Path(python["file"]).name) == ("_serve", "dump.py")


def test_thread_that_never_ran_python_has_its_system_call() -> None:
    task = {"name": "apache2", "state": "S", "syscall": "epoll_wait", "wchan": "do_epoll_wait"}
    told = module("look").thread(34, task, None)
    assert (told["syscall"], told["frames"], told["active"]) == ("epoll_wait", [], False)


@pytest.mark.parametrize(
    ("caught", "blocked", "answer"),
    [("0000000000000800", "0", True), ("0", "0000000000000800", True), ("0000000180004202", "0", False)],
    ids=["handled", "waited for", "deadly"],
)
def test_signal_is_sent_only_to_a_process_that_expects_it(caught: str, blocked: str, answer: bool) -> None:
    assert module("look").catches({"SigCgt": caught, "SigBlk": blocked}, 12) is answer


def test_lag_is_measured() -> None:
    measured = module("lag").measure(0.05)
    assert measured["max_ms"] >= 0
    assert abs(measured["steps_ms"]) < 50


class Lines:
    """Stands in for the agent's output."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int | None, dict[str, Any]]] = []

    def emit(self, kind: str, data: dict[str, Any], *, cell: str, pid: int | None = None) -> None:
        """Keep an event."""
        assert cell == "cell"
        self.events.append((kind, pid, data))


class Nobody:
    """A machine on which no process is found."""

    def find(self, _cell: str, _pid: int) -> None:
        """No process."""


def test_wish_to_look_at_a_process_that_is_not_there_is_answered() -> None:
    looks, lines = module("looks"), Lines()
    asked = looks.Looks(Nobody(), lines)
    asked.ask(looks.Request("cell", 99, "loss"))
    with asked._changed:
        assert asked._changed.wait_for(lambda: not asked._waiting and not asked._busy and len(lines.events) == 3, 5)
    assert [kind for kind, _, _ in lines.events] == ["process.switches", "process.stacks", "process.greenlets"]
    assert {data["error"] for _, _, data in lines.events} == {"cell has no process 99"}


def test_no_process_is_looked_at_twice_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = module("looks")
    monkeypatch.setattr(looks, "WORKERS", 0)
    asked = looks.Looks(Nobody(), Lines())
    first, same, other = (
        looks.Request("cell", 7, "mid-idle"),
        looks.Request("cell", 7, "loss"),
        looks.Request("cell", 8, "loss"),
    )
    for request in (first, first, same, other):
        asked.ask(request)
    assert asked._take() == first
    assert asked._take() == other
    assert asked._waiting == [same]


def test_event_of_the_agent_is_passed_on() -> None:
    line = '{"v":1,"t":1795340326.426183,"kind":"socket","cell":"lab","pid":7,"conn":"172.18.0.3:35828",'
    line += '"data":{"state":"ESTABLISHED","rx_octets":8,"tx_octets":0}}'
    event = parse(line)
    assert event == Event(
        Socket(state="ESTABLISHED", rx_octets=8, tx_octets=0), 1795340326.426183, "lab", 7, "172.18.0.3:35828"
    )


def test_what_the_record_does_not_declare_is_not_lost_without_a_word() -> None:
    line = '{"v":1,"t":1.5,"kind":"process.seen","cell":"lab","pid":7,"conn":null,"data":{"host_pid":9,"colour":1}}'
    with pytest.raises(ValueError, match=r"process\.seen has no colour"):
        parse(line)


def test_agent_needs_nothing_but_the_standard_library() -> None:
    for source in (ROOT / "images" / "observer" / "heartbed_agent").glob("*.py"):
        imports = [line.split()[1] for line in source.read_text().splitlines() if line.startswith(("import ", "from "))]
        foreign = {name.split(".")[0] for name in imports} - sys.stdlib_module_names - {"heartbed_agent"}
        assert not foreign, source.name
