"""What is settled before a stack starts: ports, a password, and that it is the only one."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from infra.config import SettingError, Settings
from infra.config_sources import settings_of
from infra.local.addresses import port_settings
from infra.local.home import home_at
from infra.local.launch import (
    PROMPT_WORKERS,
    settle,
    take_lock,
    with_limits_lifted,
    with_password,
    with_prompt_workers,
)

FILE = Path("agora.toml")
DEFAULTS = Settings()
SOURCES = {setting.path: "default" for setting in settings_of(Settings)}


def test_free_ports_stay_as_they_are() -> None:
    settled = settle(DEFAULTS, SOURCES, FILE, is_free=lambda port: True)
    assert (settled.changes, settled.messages) == ({}, ())


def test_a_taken_port_moves_to_the_next_that_nobody_wants() -> None:
    settled = settle(DEFAULTS, SOURCES, FILE, is_free=lambda port: port != 9092)
    # 9093 is free, but Kafka's own controller listens there.
    assert settled.changes == {"kafka.bootstrap": "127.0.0.1:9094"}
    assert "port 9092 is taken by another process: kafka moves to 9094" in settled.messages[0]


def test_an_address_keeps_everything_but_its_port() -> None:
    dsn = "postgresql://agora:s%40crat@127.0.0.1:5432/agora?sslmode=disable"
    settings = replace(DEFAULTS, postgres=replace(DEFAULTS.postgres, dsn=dsn))
    settled = settle(settings, SOURCES, FILE, is_free=lambda port: port != 5432)
    assert settled.changes == {"postgres.dsn": dsn.replace("5432", "5433")}


def test_the_gateway_follows_the_command_side() -> None:
    settled = settle(DEFAULTS, SOURCES, FILE, is_free=lambda port: port != 7001)
    assert settled.changes == {
        "commands.port": 7003,
        "gateway.commands_endpoint": "127.0.0.1:7003",
    }


def test_two_servers_never_move_to_the_same_port() -> None:
    taken = {setting.port for setting in port_settings(DEFAULTS)}
    settled = settle(DEFAULTS, SOURCES, FILE, is_free=lambda port: port not in taken)
    moved = [value for path, value in settled.changes.items() if not path.endswith("endpoint")]
    assert len(set(moved)) == len(taken)


def test_a_port_chosen_by_the_environment_is_not_changed_behind_its_back() -> None:
    sources = SOURCES | {"gateway.port": "environment AGORA_GATEWAY_PORT"}
    with pytest.raises(SettingError, match="port 3000 is taken") as raised:
        settle(DEFAULTS, sources, FILE, is_free=lambda port: port != 3000)
    assert raised.value.source == "environment AGORA_GATEWAY_PORT"


def test_a_port_from_the_own_settings_file_may_move_again() -> None:
    sources = SOURCES | {"gateway.port": str(FILE)}
    settled = settle(DEFAULTS, sources, FILE, is_free=lambda port: port != 3000)
    assert settled.changes == {"gateway.port": 3001}


@pytest.mark.parametrize("bootstrap", ["kafka.example:9092", "127.0.0.1", "a:1,b:2"])
def test_a_stack_on_this_machine_needs_addresses_of_this_machine(bootstrap: str) -> None:
    settings = replace(DEFAULTS, kafka=replace(DEFAULTS.kafka, bootstrap=bootstrap))
    with pytest.raises(SettingError, match=r"kafka\.bootstrap"):
        port_settings(settings)


def test_a_password_is_made_once(tmp_path: Path) -> None:
    home = home_at(tmp_path)
    first = with_password(DEFAULTS, home)
    assert first == with_password(DEFAULTS, home)
    dsn = str(first["postgres.dsn"])
    known = replace(DEFAULTS, postgres=replace(DEFAULTS.postgres, dsn=dsn))
    assert with_password(known, home) == {}


def test_limits_are_lifted_for_this_machine_unless_the_settings_speak_of_it() -> None:
    lifted = {"limits.lifted_on_loopback": True}
    assert with_limits_lifted(DEFAULTS, SOURCES) == lifted
    for source in (str(FILE), "environment AGORA_LIMITS_LIFTED_ON_LOOPBACK"):
        assert with_limits_lifted(DEFAULTS, SOURCES | {"limits.lifted_on_loopback": source}) == {}


def test_limits_stay_behind_a_proxy() -> None:
    gateway = replace(DEFAULTS.gateway, proxies_in_front=1)
    assert with_limits_lifted(replace(DEFAULTS, gateway=gateway), SOURCES) == {}


def test_silent_workers_are_noticed_soon_unless_the_settings_speak_of_it() -> None:
    assert with_prompt_workers(SOURCES) == PROMPT_WORKERS
    for path in PROMPT_WORKERS:
        assert with_prompt_workers(SOURCES | {path: str(FILE)}) == {}


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    home = home_at(tmp_path)
    held = take_lock(home)
    assert held is not None
    assert take_lock(home) is None
    os.close(held)
    again = take_lock(home)
    assert again is not None
    os.close(again)
