"""Variables, sections and other languages than ini in uWSGI's configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from heartbed.candidates.container import Ran
from heartbed.candidates.source import SourceFile
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.kinds import draft
from heartbed.servers.uwsgi.complaints import refused
from heartbed.servers.uwsgi.draft import UnreadDraft, UwsgiDraft
from heartbed.servers.uwsgi.forms import form
from heartbed.servers.uwsgi.keys import origins
from heartbed.servers.uwsgi.prepared import UwsgiPrepared
from heartbed.servers.uwsgi.source import read
from heartbed.studies import mend

APPLICATION = "module = hello:app"
YAML = "uwsgi:\n  socket: :1\n  master: true\n  workers: 2\n  module: hello:app\n"


def shown(form_: str, *options: str) -> str:
    """What ``uwsgi --show-config`` says."""
    told = ("lazy-apps = true", "show-config = true", f"{form_} = /x", *options)
    return "\n".join((";uWSGI instance configuration", "[uwsgi]", *told, ";end of configuration"))


class Speaking:
    """Stands in for the container: says one thing after the other."""

    def __init__(self, *outputs: str) -> None:
        self.outputs = list(outputs)

    def run(self, commands: Mapping[str, Sequence[str]], _: Mapping[str, str]) -> dict[str, Ran]:
        output = self.outputs.pop(0)
        return {name: Ran(0, output if name == "read" else "", "") for name in commands}


def prepared(path: Path, *outputs: str) -> UwsgiPrepared:
    found = draft(path, Wishes())
    made = found.kind.prepare(found, Workbench(path.parent / "bench"), Speaking(*outputs))  # type: ignore[arg-type]
    assert isinstance(made, UwsgiPrepared)
    return made


def ini(folder: Path, *lines: str) -> Path:
    path = folder / "site.ini"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("[uwsgi]\nmaster = true", "ini"),
        ("# x\nuwsgi:\n  master: 1", "yaml"),
        ("<?xml version='1.0'?>\n<uwsgi id='a'>\n</uwsgi>", "xml"),
        ('{"uwsgi": {"master": true}}', "json"),
        ("<VirtualHost *:80>\n</VirtualHost>", ""),
        ("Listen 80", ""),
    ],
)
def test_the_language_of_a_file_is_recognised(text: str, name: str) -> None:
    assert form(text.split("\n")) == name


def test_a_number_behind_a_variable_is_what_uwsgi_makes_of_it(tmp_path: Path) -> None:
    path = ini(tmp_path, "[uwsgi]", "n = 1", "http-socket = :1", "processes = %(n)", APPLICATION)
    made = prepared(path, shown("ini", "n = 1", "http-socket = :8080", "processes = 1"))
    assert made.candidate.process_count == 1
    assert made.settings["processes"] == "1"
    assert "processes" not in made.draft.adapted.diff()


def test_more_than_show_it_all_are_lowered_and_said(tmp_path: Path) -> None:
    path = ini(tmp_path, "[uwsgi]", "n = 5", "http-socket = :1", "processes = %(n)", APPLICATION)
    few = shown("ini", "n = 5", "processes = 2")
    made = prepared(path, shown("ini", "n = 5", "processes = 5"), few)
    assert made.candidate.process_count == 2
    assert made.settings["processes"] == "5"
    assert "+processes = 2" in made.draft.adapted.diff()
    assert any(each.reason.startswith("5 here") for each in made.draft.adapted.replacements)


def test_a_variable_that_is_not_set_here_is_named(tmp_path: Path) -> None:
    path = ini(tmp_path, "[uwsgi]", "http-socket = :1", "processes = $(WORKERS)", APPLICATION)
    made = prepared(path, shown("ini", "processes = $(WORKERS)"), shown("ini", "processes = 2"))
    assert any("site.ini:3: $(WORKERS)" in each for each in made.oddities)
    assert any("no such variable" in each.reason for each in made.draft.adapted.replacements)


def test_cores_are_named_as_this_machines(tmp_path: Path) -> None:
    path = ini(tmp_path, "[uwsgi]", "http-socket = :1", "processes = %k", APPLICATION)
    assert any("processor cores" in each for each in prepared(path, shown("ini", "processes = 2")).oddities)


def test_sections_of_the_same_file_and_of_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "other.ini").write_text("[uwsgi]\nthreads = 9\n[nova]\nthreads = 3\n")
    path = ini(tmp_path, "[uwsgi]", "ini = :common", "ini = other.ini:nova", APPLICATION, "[common]", "master = true")
    found = draft(path, Wishes())
    assert isinstance(found, UwsgiDraft)
    assert [f"{o.key}={o.value}" for _, o in found.source.all()][:4] == [
        "ini=:common",
        "master=true",
        "ini=other.ini:nova",
        "threads=3",
    ]
    copy = found.adapted.text(found.source.main)
    assert copy[1:3] == ["ini = %dsite.ini:common", "ini = %dother.ini:nova"]
    assert found.undecided() == []


def test_a_section_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = draft(ini(tmp_path, "[uwsgi]", "ini = :common", APPLICATION), Wishes())
    assert isinstance(found, UwsgiDraft)
    assert "there is no section [common]" in found.undecided()[0]


@pytest.mark.parametrize("line", ["include = base.yaml", "inherit = base.json", "yaml = base.yml", "xml = base.xml"])
def test_what_an_ini_file_includes_in_another_language_is_said_to_be_not_covered(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match=r"site.ini:2: .* is not covered: a file in another language"):
        draft(ini(tmp_path, "[uwsgi]", line, APPLICATION), Wishes())


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.yaml", "uwsgi:\n  master: true\n  ini: other.ini\n", "a.yaml:3: ini"),
        ("a.json", '{"uwsgi": {\n"include": "other.ini"}}', "a.json:2: include"),
        ("a.xml", "<uwsgi>\n<yaml>other.yaml</yaml>\n</uwsgi>", "a.xml:2: yaml"),
    ],
)
def test_what_another_language_than_ini_includes_is_said_to_be_not_covered(
    tmp_path: Path, name: str, text: str, line: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match=f"{line}: this form is not covered"):
        prepared(path, "realpath() of other.ini failed: No such file or directory")


def test_sections_that_include_each_other_come_to_an_end(tmp_path: Path) -> None:
    path = ini(tmp_path, "[uwsgi]", "ini = :a", APPLICATION, "[a]", "ini = :b", "[b]", "ini = :a", "threads = 2")
    assert [o.key for _, o in read(path).all()] == ["ini", "ini", "ini", "threads", "module"]


def test_includes_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["[uwsgi]", "ini = :s1", "ini = :s1"]
    for number in range(1, 15):
        lines += [f"[s{number}]", f"ini = :s{number + 1}", f"ini = :s{number + 1}"]
    with pytest.raises(InputError, match="more than 20,000 options"):
        draft(ini(tmp_path, *lines, "[s15]", "threads = 1"), Wishes())


def test_a_file_without_uwsgis_section_names_one_that_it_has(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without a section") as caught:
        draft(ini(tmp_path, "[nova]", APPLICATION), Wishes())
    assert "ini = site.ini:nova" in caught.value.hint


def test_a_byte_order_mark_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="byte order mark"):
        draft(ini(tmp_path, "\ufeff[uwsgi]", APPLICATION), Wishes())


def test_yaml_is_what_uwsgi_reads_of_it(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.yaml"
    path.write_text(YAML)
    assert isinstance(draft(path, Wishes()), UnreadDraft)
    options: Sequence[str] = ("socket = :1", "master = true", "workers = 2", APPLICATION, "daemonize = /dev/stderr")
    made = prepared(path, shown("yaml", *options), shown("ini", "master = true", "workers = 2"))
    assert (made.candidate.process_count, made.candidate.factors["front"]) == (2, "proxied")
    assert "is YAML, as uWSGI itself reads it" in made.draft.assumed[0]
    assert "+socket = /run/heartbed/uwsgi.sock" in made.draft.adapted.diff()
    assert "daemonize" not in made.draft.adapted.diff()


def test_yaml_that_only_uwsgis_own_reader_takes_is_read_as_that_does(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.yaml"
    path.write_text(YAML + "  log-format: %(addr) [%(ltime)]  # x\n  - no\n  threads: 9\nother:\n  threads: 8\n")
    made = prepared(path, "error parsing YAML file", shown("ini", "master = true", "workers = 2"))
    assert made.source.main.lines[-1] == "log-format = %(addr) [%(ltime)]"
    assert any("without libyaml" in each for each in made.draft.assumed)


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("uwsgi.yaml", YAML + "  # emperor: no\n  emperor: /etc/a\n", "uwsgi.yaml:7: emperor"),
        ("uwsgi.json", '{"uwsgi": {"socket": ":1", "module":"hello:app",\n"emperor":"/etc/a"}}', "uwsgi.json:2: emp"),
        ("uwsgi.xml", "<uwsgi>\n<socket>:1</socket>\n<emperor>/etc/a</emperor></uwsgi>", "uwsgi.xml:3: emperor"),
        ("uwsgi.yaml", YAML + "  yaml: other.yaml\n", "uwsgi.yaml, the option emperor: emperor starts"),
    ],
)
def test_what_is_refused_is_named_where_the_user_has_it(tmp_path: Path, name: str, text: str, place: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    said = shown(path.suffix[1:], "socket = :1", APPLICATION, "emperor = /etc/a")
    with pytest.raises(InputError, match="emperor starts other instances") as caught:
        prepared(path, said)
    assert place in caught.value.message


def test_of_several_options_of_a_name_each_is_where_its_value_is() -> None:
    text = ("uwsgi:", "  env:", "    - A=http://x", "    - B=2", "  master: 1")
    file = SourceFile(Path("u.yaml"), "u.yaml", "u.yaml", text)
    read_ = [("env", "A=http://x"), ("env", "B=2"), ("env", "B=2"), ("master", "true")]
    assert origins(file, read_) == ["u.yaml:3", "u.yaml:4", "u.yaml:4", "u.yaml:5"]


def test_changes_to_yaml_are_called_those_of_an_ini_file(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.yaml"
    path.write_text(YAML)
    made = prepared(path, shown("yaml", "socket = :1", APPLICATION), shown("ini", "master = true"))
    assert "uwsgi.yaml as an ini file (in the testbed)" in made.draft.adapted.diff()


def test_what_uwsgi_does_not_read_at_all_is_refused_with_its_words(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.xml"
    path.write_text("<uwsgi><master/></wrong>")
    with pytest.raises(InputError, match="does not start on it") as caught:
        prepared(path, "error parsing xml: mismatched tag")
    assert "mismatched tag" in " ".join(caught.value.log)


def test_the_elements_for_applications_in_xml_are_told_and_are_no_options(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.xml"
    path.write_text('<uwsgi>\n<socket>:1</socket>\n<app mountpoint="/a">\n<module>hello:app</module>\n</app>\n</uwsgi>')
    said = shown("xml", "socket = :1", "app = ", "", "app = hello:app", APPLICATION)
    made = prepared(path, said, shown("ini", "master = true"))
    assert any("<app> elements are passed over" in each for each in made.draft.assumed)
    assert not [each for each in made.oddities if "app" in each or each.startswith(" ")]


def test_applications_that_only_another_build_of_uwsgi_takes_are_said_to_be_not_covered(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.xml"
    path.write_text('<uwsgi>\n<app domain="a">\n<script>hello:app</script>\n</app>\n</uwsgi>')
    with pytest.raises(InputError, match=r"uwsgi\.xml:2: <app>: this form is not covered"):
        prepared(path, shown("xml", "app = ", "", "script = hello:app"))


@pytest.mark.parametrize(("code", "words"), [(-9, "was ended by signal 9"), (1, "ended with exit code 1")])
def test_where_uwsgi_says_nothing_it_is_told_how_it_ended(tmp_path: Path, code: int, words: str) -> None:
    path = tmp_path / "uwsgi.ini"
    path.write_text("[uwsgi]\nmodule = a\n")
    told = refused(draft(path, Wishes()), Ran(code, "", "[uWSGI] getting INI configuration from /x\n"))
    assert told.hint == f"it {words}, and did not say why"
    assert refused(draft(path, Wishes()), Ran(code, "", "unable to\n")).hint == "its own words are above"


def test_workers_that_die_are_told_once_and_the_option_that_kills_them_is_named(tmp_path: Path) -> None:
    made = prepared(ini(tmp_path, "[uwsgi]", "http-socket = :1", APPLICATION), shown("ini", "http-socket = :8080"))
    fatal = "Fatal Python error: PyMutex_Unlock: unlocking mutex that is not locked"
    log = ["!!! no internal routing support, rebuild with pcre support !!!"]
    for pid in range(11, 20):
        log += [fatal, f"DAMN ! worker 1 (pid: {pid}) died, killed by signal 6 :( trying respawn ...", "Respawned"]
        log += ["worker respawning too fast !!! i have to sleep a bit (2 seconds)..."]
    with pytest.raises(InputError, match="does not answer") as caught:
        made.draft.kind.answers(made, {"status": None, "text": "refused", "log": log})
    assert list(caught.value.log) == [fatal, log[2]]
    assert "py-call-osafterfork on Python 3.13" in caught.value.hint
    with pytest.raises(InputError) as caught:
        made.draft.kind.answers(made, {"status": 500, "text": "", "log": ["a", "b"]})
    assert (list(caught.value.log), caught.value.hint) == (["a", "b"], "what uWSGI logged is above")


def test_a_word_for_the_number_of_processes_is_told_to_be_none(tmp_path: Path) -> None:
    path = ini(tmp_path, "[uwsgi]", "http-socket = :1", "processes = auto", APPLICATION)
    made = prepared(path, shown("ini", "processes = auto"), shown("ini", "processes = 2"))
    assert made.candidate.process_count == 2
    assert any("site.ini:3: processes = auto: this is no number to uWSGI" in each for each in made.oddities)
    reasons = made.draft.adapted.reasons()
    assert any("starts no worker" in reason for reason in reasons)
    assert not any("no such variable" in reason for reason in reasons)


def test_a_file_of_variables_that_is_not_read_is_told(tmp_path: Path) -> None:
    lines = ("for-readline = /home/x/.env", "env = %(_)", "endfor =")
    found = draft(ini(tmp_path, "[uwsgi]", "http-socket = :1", *lines, APPLICATION), Wishes())
    assert isinstance(found, UwsgiDraft)
    (told,) = found.undecided()
    assert "site.ini:3: the lines of /home/x/.env are not read" in told


def test_keys_of_yaml_that_uwsgi_does_not_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "uwsgi.yaml"
    path.write_text("uwsgi:\n  - socket: :1\n  - logto: /a\n  - env: '%(_)'\n  # no: thing\nother:\n  x: 1\n")
    made = prepared(path, shown("yaml", "socket = :1", "logto = /dev/stderr"), shown("ini"))
    assert any(each.endswith("its form: logto, env") for each in made.draft.assumed)
    assert not any("its lists are read" in each for each in made.draft.assumed)
    path.write_text("uwsgi:\n  socket: :1\n  env:\n    - A=1\n    - B=2\n")
    made = prepared(path, shown("yaml", "socket = :1", "env = A=1", "env = B=2"), shown("ini", "socket = :1"))
    assert any("its lists are read" in each for each in made.draft.assumed)


def test_a_switch_that_the_file_has_off_is_not_left_there_by_a_change_that_sets_it(tmp_path: Path) -> None:
    off = ("lazy-apps = false", "enable-threads = 0")
    own = prepared(ini(tmp_path, "[uwsgi]", "master = true", *off, APPLICATION), shown("ini", *off))
    bench = Workbench(tmp_path / "bench")
    found = {each.changes[0].key: each for each in mend.mends(own, bench)}
    for switch, key in (("lazy-apps", "lazy"), ("enable-threads", "enable-threads")):
        copy = (bench.folder / found[key].candidate.label / "files" / "site.ini").read_text().splitlines()
        assert [line for line in copy if line.startswith(switch)][-1] == f"{switch} = true"
        assert sum(line.startswith(switch) for line in copy) == 1


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("site.json", "{", 'in JSON its options stand in an object with the key "uwsgi"'),
        ("site.yml", "other:\n  a: b\n", "in YAML its options stand in a mapping uwsgi:"),
        ("site.xml", "<other/>", "in XML its options stand in an element <uwsgi>"),
    ],
)
def test_a_file_in_one_of_its_languages_without_its_section_is_not_held_for_httpds(
    tmp_path: Path, name: str, text: str, hint: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(InputError, match="has nothing that uWSGI reads") as refused:
        draft(file, Wishes())
    assert refused.value.hint == hint
