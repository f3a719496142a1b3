"""What the kernel says of sockets and system calls: its own words, and those on sockets of this very process."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from heartbed.kernel import messages, proc, syscalls, tables
from heartbed.kernel.messages import Ends
from heartbed.kernel.sockdiag import SockDiag

DATA = Path(__file__).parents[1] / "data" / "observers"

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
    assert messages.request(messages.Ends("172.22.0.5", 56680, "172.22.0.2", 5672)).hex() == REQUEST


def test_answer_tells_state_and_queues() -> None:
    assert messages.answer(bytes.fromhex(ANSWER)) == messages.Queues("ESTABLISHED", rx_octets=24, tx_octets=0)


def test_socket_that_is_gone_is_none() -> None:
    assert messages.answer(bytes.fromhex(NOT_FOUND)) is None


def test_other_errors_of_the_kernel_are_raised() -> None:
    refused = bytes.fromhex(NOT_FOUND.replace("feffffff", "ffffffff"))
    with pytest.raises(PermissionError):
        messages.answer(refused)


def test_table_of_sockets_is_read() -> None:
    listed = list(tables.parse((DATA / "proc-net-tcp.txt").read_text()))
    to_broker = [each for each in listed if each.ends.remote_port == 5672]
    assert [each.ends.conn for each in to_broker] == ["172.22.0.5:56680", "172.22.0.5:56684"]
    assert {each.queues.rx_octets for each in to_broker} == {32}
    assert {each.queues.state for each in to_broker} == {"ESTABLISHED"}
    assert to_broker[0].inode == 803837


def test_ipv4_address_mapped_to_ipv6_is_told_as_ipv4() -> None:
    listed = list(tables.parse((DATA / "proc-net-tcp6.txt").read_text()))
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
    assert syscalls.name(line, machine) == name


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client of this process, and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with client, accepted:
            yield client, accepted


def ends(client: socket.socket) -> Ends:
    return Ends(*client.getsockname(), *client.getpeername())


def test_kernel_tells_what_was_sent_and_what_waits(connection: tuple[socket.socket, socket.socket]) -> None:
    client, server = connection
    diag = SockDiag()
    client.sendall(bytes(8))
    server.sendall(bytes(24))
    assert server.recv(100) == bytes(8), "by now it has been acknowledged"
    seen = diag.look(ends(client))
    diag.close()
    assert seen is not None
    assert seen.info is not None
    assert (seen.queues.state, seen.queues.rx_octets, seen.queues.tx_octets) == ("ESTABLISHED", 24, 0)
    assert (seen.info.acknowledged, seen.info.received) == (8 + 1, 24), "the SYN counts as one"
    assert seen.info.sent_ago_s < 5
    assert seen.inode == os.fstat(client.fileno()).st_ino


def test_sockets_are_found_and_belong_to_this_process(
    connection: tuple[socket.socket, socket.socket],
) -> None:
    client, _ = connection
    diag = SockDiag()
    found = [each for each in diag.every() if each.ends.remote_port == client.getpeername()[1]]
    diag.close()
    assert [each.ends for each in found] == [ends(client)]
    assert found[0].inode in proc.sockets(os.getpid())


def test_close_of_the_other_side_shows_before_it_is_read(connection: tuple[socket.socket, socket.socket]) -> None:
    client, server = connection
    server.close()
    diag = SockDiag()
    seen = diag.look(ends(client))
    diag.close()
    assert seen is not None
    assert seen.queues.state == "CLOSE_WAIT"


def test_fields_that_an_old_kernel_has_not_are_none() -> None:
    assert messages.info_of(bytes.fromhex(ANSWER)) is None
    head = bytes.fromhex(ANSWER)[: messages.HEADER.size + messages.FOUND.size]
    times = bytes(44) + (1500).to_bytes(4, "little") + bytes(4) + (250).to_bytes(4, "little") + bytes(4)
    told = messages.ATTRIBUTE.pack(4 + len(times), messages.INET_DIAG_INFO) + times
    assert messages.info_of(head + told) == messages.Info(1.5, 0.25, 0.0, acknowledged=None, received=None)


def test_ipv4_in_ipv6_is_named_as_ipv4() -> None:
    assert Ends("::ffff:10.0.0.1", 1, "::ffff:10.0.0.2", 5672).conn == "10.0.0.1:1"
