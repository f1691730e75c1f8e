"""Each command says what it is for."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS, main
from tests.fakes.service import command

AFRESH = {"", "serve", "chat", "nlu", "backup"}  # started as an operator does; a second of processor each


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", *COMMANDS])
async def test_help_needs_nothing(name: str) -> None:
    nowhere = {"SAATHI_DATABASE_URL": "postgresql://nowhere.invalid/x"}
    code, out, err = await command(nowhere, *name.split(), "--help", afresh=name in AFRESH)
    assert code == 0, err
    assert out.startswith(f"usage: saathi {name}".rstrip())
    assert err == ""
    if not name:
        assert all(f"\n    {each}" in out or f" {each} " in out for each in COMMANDS)


@pytest.mark.slow
async def test_what_it_does_not_know_is_an_error_of_use() -> None:
    for arguments in ([], ["fly"], ["chat", "--channel", "pigeon"]):
        code, out, err = await command({}, *arguments)
        assert (code, out) == (2, "")
        assert "usage: saathi" in err


async def test_a_port_that_is_taken_is_said_first_and_alone(tmp_path: Path) -> None:
    """An operator reads what to do, no lines of a log: and nothing was begun for it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for more in ((), ("--role", "worker", "--health-port", str(port))):
            given = {"SAATHI_DATA_DIR": str(tmp_path / "data")}
            code, out, err = await command(given, "serve", *(more or ("--port", str(port))))
            assert (code, out) == (1, "")
            assert err == (
                f"Saathi cannot listen on 127.0.0.1:{port}: another program listens there. Choose another with"
                f" {'--health-port' if more else '--port'}, or end that one.\n"
            )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--port", "99999"), "a port is a number from 0 to 65535"),
        (("--port", "-1"), "a port is a number from 0 to 65535"),
        (("--health-port", "8001"), "--health-port belongs to --role worker"),
        (("--host", "nowhere.invalid"), "no address of this machine. Choose another with --host"),
        (("--host", "192.0.2.1"), "no address of this machine. Choose another with --host"),
    ],
)
async def test_where_nobody_can_listen_is_said_in_a_sentence(
    arguments: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    code, out, err = await command({"SAATHI_DATA_DIR": str(tmp_path / "data")}, "serve", *arguments)
    assert code in (1, 2)
    assert out == ""
    assert told in err
    assert "{" not in err.replace("{all,web,worker}", "")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("seal", ["zzz", "12ab", "0" * 63])
def test_what_is_no_seal_is_no_sign_of_a_trail_that_was_cut(seal: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It was said to be gone, and the end of the trail cut off: an alarm for a slip."""
    with pytest.raises(SystemExit) as ended:
        main(["audit", "verify", "--seal", seal])
    assert ended.value.code == 2
    assert "a seal as `saathi audit verify` prints it: 64 signs, 0-9 and a-f" in capsys.readouterr().err


async def test_a_level_of_logs_that_is_none(tmp_path: Path) -> None:
    """Set and empty is not set, as with every setting; another one is told."""
    assert (await command({"SAATHI_LOG_LEVEL": ""}, "check", "--unchecked"))[2] == ""
    code, out, err = await command({"SAATHI_LOG_LEVEL": "loud"}, "check")
    assert (code, out) == (2, "")
    assert err.startswith("saathi check: cannot start:\nSAATHI_LOG_LEVEL: choose one of CRITICAL, ")


@pytest.mark.parametrize(
    "arguments",
    [("paper", "--lang", "ne", "-o"), ("locales", "export", "ne", "-o")],
    ids=lambda words: words[0],
)
def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAATHI_DATA_DIR", str(tmp_path / "data"))
    where = tmp_path / "not" / "there.csv"

    async def torn(*_: object) -> int:
        where.write_bytes(b"")
        return 0

    monkeypatch.setattr("bot.cli.paper._run", torn)  # its database is not what is looked at
    assert main([*arguments, str(where)]) == 2
    assert capsys.readouterr().err == f"saathi {arguments[0]}: {where}: No such file or directory\n"
