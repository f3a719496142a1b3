"""What is read of a user's configuration, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates.source import LARGEST_FILE
from heartbed.errors import InputError
from heartbed.servers.httpd.adapt import adapt
from heartbed.servers.httpd.source import read

ALIAS = "WSGIScriptAlias / /srv/app.wsgi\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "site"
    path.mkdir()
    return path


def conf(folder: Path, text: str, name: str = "site.conf") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    return f"{caught.value.message} {caught.value.hint}"


def test_includes_are_read_with_their_includes(folder: Path) -> None:
    conf(folder, "Include deeper/*.inc\n", "conf.d/10.conf")
    conf(folder, ALIAS, "deeper/a.inc")
    source = read(conf(folder, "IncludeOptional conf.d/*.conf\n"))
    assert [file.inside for file in source.files] == ["site.conf", "conf.d/10.conf", "deeper/a.inc"]
    assert source.includes["site.conf", 1] == "conf.d/*.conf"


def test_a_variable_in_an_include_is_put_in(folder: Path) -> None:
    conf(folder, ALIAS, "parts/a.conf")
    source = read(conf(folder, "Define PARTS parts\nInclude ${PARTS}/a.conf\n"))
    assert [file.inside for file in source.files] == ["site.conf", "parts/a.conf"]


def test_a_file_that_includes_itself_is_read_once(folder: Path) -> None:
    assert len(read(conf(folder, f"Include site.conf\n{ALIAS}")).files) == 1


def test_absolute_paths_of_a_copied_server_mean_the_copy(folder: Path) -> None:
    conf(folder, ALIAS, "sites-enabled/nova.conf")
    source = read(conf(folder, "Include /etc/apache2/sites-enabled/*.conf\n", "apache2.conf"))
    assert [file.inside for file in source.files] == ["apache2.conf", "sites-enabled/nova.conf"]


def test_red_hats_conf_folder_leads_to_the_server_root(tmp_path: Path) -> None:
    conf(tmp_path, ALIAS, "httpd/conf.d/nova.conf")
    text = 'ServerRoot "/etc/httpd"\nIncludeOptional conf.d/*.conf\n'
    source = read(conf(tmp_path, text, "httpd/conf/httpd.conf"))
    assert [file.inside for file in source.files] == ["conf/httpd.conf", "conf.d/nova.conf"]


def test_absolute_paths_mean_the_copy_of_a_machines_tree(folder: Path) -> None:
    inside = folder / "opt" / "api"
    inside.mkdir(parents=True)
    (inside / "mode.conf").write_text("WSGIRestrictEmbedded On\n")
    (inside / "httpd.conf").write_text("Include /opt/api/mode.conf\n")
    source = read(inside / "httpd.conf", root=folder)
    assert [file.inside for file in source.files] == ["opt/api/httpd.conf", "opt/api/mode.conf"]


@pytest.mark.parametrize("pattern", ["conf.modules.d/*.conf", "/etc/httpd/conf.d/*.conf", "/etc/apache2/ports.conf"])
def test_a_distributions_own_files_are_set_aside(folder: Path, pattern: str) -> None:
    source = read(conf(folder, f"Include {pattern}\n{ALIAS}"))
    assert ("site.conf", 1) not in source.includes
    assert not adapt(source).notes


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../other/*.conf", "/etc/apache2/../passwd", "sub/../../x.conf"])
def test_what_lies_outside_of_the_folder_is_not_read(folder: Path, pattern: str) -> None:
    conf(folder, ALIAS, "../other/secret.conf")
    source = read(conf(folder, f"# first\nInclude {pattern}\n{ALIAS}"))
    assert [file.inside for file in source.files] == ["site.conf"]
    (said,) = adapt(source).notes
    assert "site.conf:2" in said
    assert pattern in said
    assert "outside" in said
    assert "--root" in said


def test_an_include_of_what_is_not_here_is_set_aside_and_told(folder: Path) -> None:
    source = read(conf(folder, f"Include missing.conf\nIncludeOptional none.conf\n{ALIAS}"))
    (said,) = adapt(source).notes
    assert "site.conf:1: missing.conf is set aside" in said


def test_an_included_file_may_be_empty(folder: Path) -> None:
    conf(folder, "", "extra/local.conf")
    source = read(conf(folder, f"Include extra/*.conf\n{ALIAS}"))
    assert [file.inside for file in source.files] == ["site.conf", "extra/local.conf"]


def test_a_macro_is_written_out_where_it_is_used(folder: Path) -> None:
    lines = ["<Macro Site $name $namespace>", "# $name, $namespace", "ServerName $namespace.$name", "</Macro>"]
    source = read(conf(folder, "\n".join([*lines, "Use site nova 'a b'", ALIAS])))
    written = source.files[1]
    assert written.lines == ("# nova, a b", "ServerName a b.nova")
    assert "site.conf:5, the macro Site" in written.shown
    assert [d.name for _, d in source.all()] == ["Use", "WSGIScriptAlias", "ServerName"]
    assert adapt(source).text(source.main)[4].startswith('Include "${HEARTBED_FILES}/')


def test_a_macro_can_use_another_and_include(folder: Path) -> None:
    conf(folder, ALIAS, "parts/nova.inc")
    lines = ["<Macro In $x>", "Include parts/$x.inc", "</Macro>", "<Macro Out $y>", "Use In $y", "</Macro>"]
    source = read(conf(folder, "\n".join([*lines, "Use Out nova"])))
    assert source.files[-1].inside == "parts/nova.inc"


def test_a_macro_that_uses_itself_is_refused(folder: Path) -> None:
    assert "deep" in refused(conf(folder, "<Macro M>\nUse M\n</Macro>\nUse M\n"))


def test_a_macro_wants_as_many_arguments_as_it_has_parameters(folder: Path) -> None:
    assert "site.conf:3: the macro M takes 1 argument, not 2" in refused(
        conf(folder, "<Macro M $x>\n</Macro>\nUse M a b\n")
    )


def test_a_byte_order_mark_is_called_one(folder: Path) -> None:
    assert "byte order mark" in refused(conf(folder, f"\ufeff{ALIAS}"))


def test_variables_that_httpd_is_started_with_are_known(folder: Path) -> None:
    conf(folder, ALIAS, "eu/a.conf")
    source = read(conf(folder, "Include ${PLACE}/a.conf\n"), defines={"PLACE": "eu"})
    assert [file.inside for file in source.files] == ["site.conf", "eu/a.conf"]


def test_the_names_that_mod_wsgi_express_starts_httpd_with_are_read_beside_its_file(folder: Path) -> None:
    conf(folder, '# mod_wsgi-express\nHTTPD_ARGS="-f x -DMOD_WSGI_KEEP_ALIVE -D ONE_PROCESS"\n', "apachectl")
    assert read(conf(folder, ALIAS)).given == {"MOD_WSGI_KEEP_ALIVE": "", "ONE_PROCESS": ""}


def test_a_link_that_leads_outside_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:x:0:0\n")
    (folder / "link.conf").symlink_to(tmp_path / "secret")
    source = read(conf(folder, f"Include *.conf\n{ALIAS}"))
    assert [file.inside for file in source.files] == ["site.conf"]
    (said,) = adapt(source).notes
    assert "link.conf is set aside" in said
    assert "outside" in said


def test_another_folder_may_be_permitted(folder: Path, tmp_path: Path) -> None:
    conf(tmp_path, ALIAS, "shared/a.conf")
    source = read(conf(folder, f"Include {tmp_path}/shared/a.conf\n"), root=tmp_path)
    assert [file.inside for file in source.files] == ["site/site.conf", "shared/a.conf"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\x7fELF\0\0", "not text"),
        (b"# nothing but a comment\n", "no directive"),
        (b"#" * (LARGEST_FILE + 1), "bytes"),
        (b"Include\n", "names no file"),
    ],
)
def test_a_file_that_is_no_configuration_is_refused(folder: Path, content: bytes, words: str) -> None:
    path = folder / "site.conf"
    path.write_bytes(content)
    assert words in refused(path)


def test_a_missing_file_and_a_folder_are_refused(folder: Path) -> None:
    assert "does not exist" in refused(folder / "none.conf")
    assert "is not a file" in refused(folder)


def test_a_comment_in_another_encoding_does_no_harm(folder: Path) -> None:
    path = folder / "site.conf"
    path.write_bytes(b"# caf\xe9\n" + ALIAS.encode())
    assert [d.name for _, d in read(path).all()] == ["WSGIScriptAlias"]
