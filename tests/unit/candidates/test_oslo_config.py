"""What is taken of a user's nova.conf and environment, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates.library import DEFAULT, GROUP, OPTIONS, Library, parse
from heartbed.candidates.oslo_config import Taken, from_environment, read_options, taken
from heartbed.candidates.wishes import Wishes, assumptions
from heartbed.errors import InputError

XENA = parse(
    "12.9.4",
    """[
    ["DEFAULT", "debug", "False", []],
    ["DEFAULT", "default_log_levels", "[]", []],
    ["oslo_messaging_rabbit", "heartbeat_in_pthread", "True", []],
    ["oslo_messaging_rabbit", "heartbeat_timeout_threshold", "60", []],
    ["oslo_messaging_rabbit", "rabbit_transient_queues_ttl", "1800", []],
    ["oslo_messaging_rabbit", "rpc_conn_pool_size", "30", [["DEFAULT", "rpc_conn_pool_size"]]]
]""",
)
GREEN = Library("17.3.2", {(GROUP, "heartbeat_in_pthread"): "False", (GROUP, "heartbeat_timeout_threshold"): "60"})
WITHOUT = Library("18.3.1", {(GROUP, "heartbeat_timeout_threshold"): "60"})


PERIOD = "heartbeat_timeout_threshold"


def nova_conf(folder: Path, *lines: str) -> Path:
    path = folder / "nova.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def of(folder: Path, *lines: str, library: Library = XENA) -> Taken:
    return taken([read_options(nova_conf(folder, *lines))], library, 2)


def test_options_of_the_heartbeat_and_of_connections_are_taken(tmp_path: Path) -> None:
    found = of(
        tmp_path,
        "[DEFAULT]",
        "transport_url = rabbit://secret@host/",
        "[oslo_messaging_rabbit]",
        "heartbeat_in_pthread = true",
        "heartbeat_timeout_threshold = 60",
        "rabbit_transient_queues_ttl = 600",
        "rabbit_password = secret",
        "ssl = true",
    )
    assert found.environment == {
        "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD": "true",
        "OS_OSLO_MESSAGING_RABBIT__RABBIT_TRANSIENT_QUEUES_TTL": "600",
    }
    assert any("60" in note and "--heartbeat 60" in note for note in found.notes)
    assert any("ssl" in note and "TLS" in note for note in found.notes)


def test_a_timeout_that_is_longer_than_rabbitmqs_own_is_not_to_be_waited_for(tmp_path: Path) -> None:
    found = of(tmp_path, f"[{GROUP}]", "heartbeat_timeout_threshold = 120")
    (note,) = found.notes
    assert note.endswith(
        "heartbeat_timeout_threshold is 120; 2 here "
        "(RabbitMQ's own is 60 unless it is told otherwise, and the smaller of the two counts)"
    )


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    lines = "[DEFAULT]", "transport_url = rabbit://hunter2@host/", f"[{GROUP}]", "rabbit_password = hunter2"
    assert "hunter2" not in repr(read_options(nova_conf(tmp_path, *lines)))


def test_levels_of_the_log_are_taken(tmp_path: Path) -> None:
    found = of(tmp_path, "[DEFAULT]", "debug = true", "default_log_levels = amqp=DEBUG,oslo.messaging=DEBUG")
    assert found.environment == {
        "OS_DEFAULT__DEBUG": "true",
        "OS_DEFAULT__DEFAULT_LOG_LEVELS": "amqp=DEBUG,oslo.messaging=DEBUG",
    }
    assert [note.partition(": ")[2] for note in found.notes] == ["taken: debug, default_log_levels"]


def test_the_environment_outranks_the_file_and_says_levels_too(tmp_path: Path) -> None:
    file = read_options(nova_conf(tmp_path, "[DEFAULT]", "debug = false", "log_file = /var/log/nova.log"))
    variables = from_environment("site.ini", {"OS_DEFAULT__DEBUG": "true", "OS_PLACEMENT__REGION": "x", "LANG": "C"})
    found = taken([file, variables], XENA, 2)
    assert found.environment == {"OS_DEFAULT__DEBUG": "true"}
    assert any("log_file" in note and "container's output" in note for note in found.notes)


def test_a_logging_configuration_of_ones_own_is_named_as_not_read(tmp_path: Path) -> None:
    (note,) = of(tmp_path, "[DEFAULT]", "log_config_append = /etc/nova/logging.conf").notes
    assert "log_config_append" in note
    assert "can change a verdict" in note


def test_what_is_of_neither_library_is_counted_and_named(tmp_path: Path) -> None:
    (note,) = of(tmp_path, "[DEFAULT]", "my_ip = 10.0.0.1", "[database]", "connection = mysql://secret@db").notes
    assert "not read: 1 option of [DEFAULT], [database]" in note
    assert "secret" not in note


def test_a_former_name_in_a_file_sets_the_option_and_in_the_environment_nothing(tmp_path: Path) -> None:
    found = of(tmp_path, "[DEFAULT]", "rpc_conn_pool_size = 5")
    assert found.environment == {"OS_OSLO_MESSAGING_RABBIT__RPC_CONN_POOL_SIZE": "5"}
    variables = taken([from_environment("site.ini", {"OS_DEFAULT__RPC_CONN_POOL_SIZE": "5"})], XENA, 2)
    assert variables.environment == {}
    assert "no option rpc_conn_pool_size in [DEFAULT]: it is ignored" in variables.notes[0]


def test_an_option_that_the_library_does_not_have_is_said_to_be_ignored(tmp_path: Path) -> None:
    found = of(tmp_path, "[oslo_messaging_rabbit]", "heartbeat_in_pthread = true", library=WITHOUT)
    assert found.environment == {}
    assert "oslo.messaging 18.3.1 has no option heartbeat_in_pthread" in found.notes[0]
    config = read_options(nova_conf(tmp_path, "[oslo_messaging_rabbit]", "heartbeat_in_pthread = true"))
    assert Wishes(oslo="18.3.1", configs=(config,), libraries={"18.3.1": WITHOUT}).thread("18.3.1") == "pthread"


def test_heartbeats_that_are_switched_off_stay_off(tmp_path: Path) -> None:
    found = of(tmp_path, "[oslo_messaging_rabbit]", "heartbeat_timeout_threshold = 0")
    assert found.switched_off
    (note,) = found.notes
    assert note.endswith("taken: heartbeat_timeout_threshold, which is 0: heartbeats are switched off")


@pytest.mark.parametrize("name", ["Heartbeat_In_Pthread", "heartbeat-in-pthread"])
def test_a_name_that_is_written_otherwise_is_another_to_oslo_config(tmp_path: Path, name: str) -> None:
    found = of(tmp_path, "[oslo_messaging_rabbit]", f"{name} = true")
    assert found.environment == {}
    assert f"has no option {name} in [oslo_messaging_rabbit]: it is ignored" in found.notes[0]


@pytest.mark.parametrize("text", ["no section = 1", "[unclosed"])
def test_what_is_no_nova_conf_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"nova\.conf"):
        read_options(nova_conf(tmp_path, text))


def test_a_missing_nova_conf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_options(tmp_path / "none.conf")


@pytest.mark.parametrize(
    ("library", "thread", "words"),
    [
        (XENA, "pthread", "heartbeat_in_pthread = true, the default of oslo.messaging 12.9.4 (--no-pthread"),
        (GREEN, "green", "heartbeat_in_pthread = false, the default of oslo.messaging 17.3.2 (--pthread"),
        (WITHOUT, "green", ""),
    ],
)
def test_what_is_not_said_is_the_default_of_the_installed_version(library: Library, thread: str, words: str) -> None:
    wishes = Wishes(oslo=library.version, libraries={library.version: library})
    said = " ".join(assumptions(wishes))
    assert wishes.thread(library.version) == thread
    assert words in said
    assert ("heartbeat_in_pthread =" in said) is bool(words)
    assert "oslo.messaging's default is 60" in said


def test_what_is_said_is_not_left_to_the_library(tmp_path: Path) -> None:
    libraries = {"12.9.4": XENA}
    config = read_options(nova_conf(tmp_path, "[oslo_messaging_rabbit]", "heartbeat_in_pthread = no"))
    assert Wishes(oslo="12.9.4", libraries=libraries, configs=(config,)).thread("12.9.4") == "green"
    assert Wishes(oslo="12.9.4", libraries=libraries, pthread=False).thread("12.9.4") == "green"
    assert Wishes(oslo="12.9.4", libraries=libraries, pthread=False).pthread_said is False


def test_both_groups_are_kept_apart() -> None:
    assert XENA.place((DEFAULT, "heartbeat_in_pthread")) is None


def test_a_line_that_continues_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nova\.conf: a line is indented"):
        read_options(nova_conf(tmp_path, "[DEFAULT]\ndebug\n true\n"))


def test_library_is_asked_as_the_application_loads_it() -> None:
    """An old eventlet, which oslo.messaging loads, does not load with a newer dnspython unless it leaves that alone."""
    assert OPTIONS.index("EVENTLET_NO_GREENDNS") < OPTIONS.index("import oslo_messaging")


@pytest.mark.parametrize("quote", ['"', "'"])
def test_one_pair_of_quotes_is_taken_off_as_oslo_config_does_and_of_the_environment_none(
    tmp_path: Path, quote: str
) -> None:
    lines = [f"{name} = {quote}{value}{quote}" for name, value in (("heartbeat_in_pthread", "true"), (PERIOD, "0"))]
    file = nova_conf(tmp_path, "[oslo_messaging_rabbit]", *lines, f"rpc_conn_pool_size = {quote}30{quote}")
    wishes = Wishes(oslo="12.9.4", configs=(read_options(file),), libraries={"12.9.4": XENA})
    assert wishes.pthread_said
    assert wishes.switched_off
    assert wishes.taken.environment["OS_OSLO_MESSAGING_RABBIT__RPC_CONN_POOL_SIZE"] == "30"
    said = from_environment("site.ini", {"OS_OSLO_MESSAGING_RABBIT__RPC_CONN_POOL_SIZE": '"30"'})
    assert said.options == {(GROUP, "rpc_conn_pool_size"): '"30"'}


def test_a_section_is_the_same_in_capitals(tmp_path: Path) -> None:
    lines = ("[OSLO_MESSAGING_RABBIT]", "heartbeat_in_pthread = true", "[oslo_messaging_rabbit]", f"{PERIOD} = 0")
    config = read_options(nova_conf(tmp_path, *lines))
    assert config.options == {(GROUP, "heartbeat_in_pthread"): "true", (GROUP, PERIOD): "0"}
    assert config.sections == ()
