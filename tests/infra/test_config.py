"""Settings: one source over another, and an answer to everything that can be wrong with them."""

from pathlib import Path

import pytest

from infra.config import SettingError, Settings, load, load_with_sources
from infra.config_sources import settings_of, variables_of


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "settings.toml") -> Path:
    file = Path(name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def refusal(environ: dict[str, str], path: Path | None = None) -> SettingError:
    with pytest.raises(SettingError) as raised:
        load(environ, path)
    return raised.value


def test_defaults_work_without_any_source() -> None:
    assert load({}) == Settings()


def test_a_file_beats_defaults_and_the_environment_beats_the_file() -> None:
    file = written('[kafka]\nbootstrap = "file:1"\nprefix = "f."\n')
    settings, sources = load_with_sources({"AGORA_KAFKA_PREFIX": "e."}, file)
    assert (settings.kafka.bootstrap, settings.kafka.prefix) == ("file:1", "e.")
    assert sources["kafka.bootstrap"] == str(file)
    assert sources["kafka.prefix"] == "environment AGORA_KAFKA_PREFIX"
    assert sources["kafka.replication_factor"] == "default"


def test_the_usual_file_is_read_when_it_is_there() -> None:
    written("[gateway]\nport = 3001\n", ".agora/agora.toml")
    assert load({}).gateway.port == 3001


def test_a_named_file_takes_the_place_of_the_usual_one() -> None:
    written("[gateway]\nport = 3001\n", ".agora/agora.toml")
    named = written("[queries]\nport = 7100\n")
    settings = load({"AGORA_CONFIG": str(named)})
    assert (settings.gateway.port, settings.queries.port) == (3000, 7100)


def test_text_from_the_environment_becomes_numbers_truths_and_paths() -> None:
    environ = {
        "AGORA_COMMANDS_PORT": "7101",
        "AGORA_TELEMETRY_LOG_JSON": "true",
        "AGORA_CRYPTO_ID_KEY_FILE": "/keys/id",
    }
    settings = load(environ)
    assert settings.commands.port == 7101
    assert settings.telemetry.log_json is True
    assert settings.crypto.id_key_file == Path("/keys/id")


def test_settings_survive_the_way_through_the_environment_of_another_process() -> None:
    environ = {
        "AGORA_TELEMETRY_LOG_JSON": "true",
        "AGORA_KAFKA_PREFIX": "a.",
        "AGORA_LOCAL_HOME": "x",
    }
    settings = load(environ)
    assert load(variables_of(settings)) == settings


def test_variables_of_others_are_none_of_our_business() -> None:
    assert load({"HOME": "/", "AGORAPHOBIA": "yes"}) == Settings()


def test_an_unknown_variable_is_refused_with_the_nearest_name() -> None:
    problem = refusal({"AGORA_KAFKA_BOOTSTRP": "x:1"})
    assert problem.setting == "AGORA_KAFKA_BOOTSTRP"
    assert "did you mean AGORA_KAFKA_BOOTSTRAP?" in str(problem)


def test_an_unknown_name_in_a_file_is_refused_with_the_nearest_one() -> None:
    problem = refusal({}, written('[kafka]\nbootstrp = "x:1"\n'))
    assert "kafka.bootstrp: there is no such setting" in str(problem)
    assert "did you mean kafka.bootstrap?" in str(problem)
    assert problem.source == "settings.toml"


@pytest.mark.parametrize("text", ["[kafak]\n", '[kafak]\nbootstrap = "x:1"\n'])
def test_an_unknown_section_is_refused_with_the_nearest_one(text: str) -> None:
    assert "kafak: there is no such section; did you mean kafka?" in str(refusal({}, written(text)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[commands]\nport = true\n", "Expected `int`"),
        ("[commands]\nport = 7001.5\n", "Expected `int`"),
        ("[commands]\nport = [7001]\n", "Expected `int`"),
        ("[commands]\nport = 1979-05-27\n", "Expected `int`"),
        ("[commands.port]\nnumber = 7001\n", "Expected `int`"),
        ("[kafka]\nbootstrap = 9092\n", "Expected `str`"),
        ("[telemetry]\nlog_json = 1\n", "Expected `bool`"),
        ('[crypto]\nid_key_file = "a\\u0000b"\n', "Expected a path"),
        ("[crypto]\nid_key_file = 7\n", "Expected a path"),
    ],
)
def test_a_value_of_another_type_in_a_file_is_refused(text: str, says: str) -> None:
    assert says in refusal({}, written(text)).problem


def test_a_setting_outside_a_section_is_refused() -> None:
    assert refusal({}, written("kafka = 1\n")).setting == "kafka"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("AGORA_COMMANDS_PORT", "http", "Expected `int`"),
        ("AGORA_COMMANDS_PORT", "70000", "<= 65535"),
        ("AGORA_COMMANDS_PORT", "-1", ">= 0"),
        ("AGORA_COMMANDS_PORT", "", "Expected `int`"),
        ("AGORA_TELEMETRY_LOG_JSON", "perhaps", "Expected `bool`"),
        ("AGORA_TELEMETRY_LOG_LEVEL", "loud", "Invalid enum value"),
        ("AGORA_POSTGRES_SCHEMA", "drop table", "matching regex"),
        ("AGORA_NATS_PREFIX", "a.>", "matching regex"),
        ("AGORA_CRYPTO_ID_KEY_FILE", "", "Expected a path"),
        ("AGORA_POSTGRES_SCHEMA", "agora\n", "matching regex"),
        ("AGORA_POSTGRES_STATEMENT_TIMEOUT_MS", "2147483648", "<= 2147483647"),
        ("AGORA_KAFKA_PREFIX", "a/b", "must be up to 64 letters"),
        ("AGORA_KAFKA_PREFIX", "a" * 65, "must be up to 64 letters"),
    ],
)
def test_an_unusable_value_is_refused_with_its_reason(variable: str, value: str, says: str) -> None:
    problem = refusal({variable: value})
    assert says in problem.problem
    assert problem.source == f"environment {variable}"


@pytest.mark.parametrize(
    ("variable", "addresses"),
    [
        ("AGORA_KAFKA_BOOTSTRAP", ["a:1", "10.0.0.1:9092, b.example:65535", "[::1]:9092"]),
        ("AGORA_COMMANDS_ADVERTISED_ENDPOINT", ["", "commands-0.commands:7001"]),
        ("AGORA_GATEWAY_QUERIES_ENDPOINT", ["a:1", "ipv4:10.0.0.1:1,10.0.0.2:1", "dns:///q:1"]),
        ("AGORA_REDIS_URL", ["redis://a", "rediss://u:p%40@a:1/2?x=y", "unix:///run/redis.sock"]),
        ("AGORA_NATS_URL", ["nats://a:1", "a", "tls://token@a.example:4222"]),
        ("AGORA_TELEMETRY_OTLP_ENDPOINT", ["", "https://a.example:4318/v1/traces"]),
        (
            "AGORA_POSTGRES_DSN",
            ["postgresql:///a?host=/run", "postgres://u:p@a:1,b:2/c", "host=a dbname=b"],
        ),
    ],
)
def test_an_address_is_taken_in_each_of_its_forms(variable: str, addresses: list[str]) -> None:
    for address in addresses:
        assert variables_of(load({variable: address}))[variable] == address


@pytest.mark.parametrize(
    ("variable", "address", "says"),
    [
        ("AGORA_KAFKA_BOOTSTRAP", "", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "kafka", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "kafka:", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "kafka:65536", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "kafka:0", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "kafka:9092\n", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "a:1,,b:2", "must be host:port"),
        ("AGORA_KAFKA_BOOTSTRAP", "http://kafka:9092", "must be host:port"),
        ("AGORA_COMMANDS_ADVERTISED_ENDPOINT", "commands", "must be host:port"),
        ("AGORA_GATEWAY_COMMANDS_ENDPOINT", "127.0.0.1", "must be host:port"),
        ("AGORA_GATEWAY_COMMANDS_ENDPOINT", "http://127.0.0.1:7001", "must be host:port"),
        ("AGORA_REDIS_URL", "127.0.0.1:6379", "must be redis://"),
        ("AGORA_REDIS_URL", "redis://a:port/0", "must be redis://"),
        ("AGORA_NATS_URL", "http://127.0.0.1:4222", "must be nats://"),
        ("AGORA_POSTGRES_DSN", "mysql://a/b", "must be postgresql://"),
        ("AGORA_POSTGRES_DSN", "postgresql://a:port/b", "must be postgresql://"),
        ("AGORA_TELEMETRY_OTLP_ENDPOINT", "collector:4318", "must be http://"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(variable: str, address: str, says: str) -> None:
    problem = refusal({variable: address})
    assert says in problem.problem
    assert problem.source == f"environment {variable}"


def test_an_instance_that_listens_everywhere_says_where_it_is_reached() -> None:
    everywhere = {"AGORA_COMMANDS_HOST": "0.0.0.0"}
    assert "advertised_endpoint must be set" in refusal(everywhere).problem
    told = load({**everywhere, "AGORA_COMMANDS_ADVERTISED_ENDPOINT": "a:7001"})
    assert told.commands.host == "0.0.0.0"


def test_a_number_in_quotes_in_a_file_is_no_number() -> None:
    assert "Expected `int`" in refusal({}, written('[commands]\nport = "7001"\n')).problem


def test_settings_that_contradict_each_other_are_refused() -> None:
    problem = refusal({"AGORA_COMMANDS_PING_SILENCE_MS": "50"})
    assert "ping_silence_ms must be above ping_interval_ms" in str(problem)
    assert problem.source == "environment AGORA_COMMANDS_PING_SILENCE_MS"


@pytest.mark.parametrize("dsn", ["4711", '"mysql://ana:4711@db/agora"', '"postgresql://4711 "'])
def test_a_secret_is_never_repeated_in_a_message(dsn: str) -> None:
    problem = refusal({}, written(f"[postgres]\ndsn = {dsn}\n"))
    assert "4711" not in str(problem)
    assert problem.__cause__ is None


@pytest.mark.parametrize("text", ["[kafka", "\0", "[a]\nb = 1\nb = 2\n", "a = " + "[" * 10_000])
def test_a_file_that_is_not_toml_is_refused(text: str) -> None:
    assert "is not valid TOML" in refusal({}, written(text)).problem


def test_a_named_file_that_is_missing_is_refused() -> None:
    problem = refusal({"AGORA_CONFIG": "nowhere.toml"})
    assert problem.source == "nowhere.toml"
    assert "No such file" in problem.problem


def test_every_setting_has_a_meaning_and_a_variable_of_its_own() -> None:
    settings = list(settings_of(Settings))
    assert [setting.path for setting in settings if not setting.meaning.endswith(".")] == []
    assert len({setting.variable for setting in settings}) == len(settings)


def test_no_section_has_an_underscore_so_that_variables_have_one_meaning_only() -> None:
    assert not [setting for setting in settings_of(Settings) if "_" in setting.section]
