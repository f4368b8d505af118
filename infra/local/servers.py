"""The four servers of the local stack, as the settings describe them."""

from pathlib import Path
from urllib.parse import unquote

from infra.config import SettingError, Settings
from infra.local import kafka_broker, nats_server, postgres_server, redis_server
from infra.local.addresses import broker_port, local_url
from infra.local.process import Recipe


def server_recipes(
    settings: Settings, data: Path, jars: Path, *, durable: bool = True
) -> list[Recipe]:
    """Kafka, PostgreSQL, Redis and NATS, with their data under `data`, in the order of starting.

    Tests leave out `durable`: their databases need not outlive the machine. Raises SettingError
    for an address that is not local, StartError when a server is not installed.
    """
    node = kafka_broker.Node(
        node_id=1,
        port=broker_port(settings),
        controller_port=settings.local.kafka_controller_port,
        folder=data / "kafka",
    )
    cluster = kafka_broker.Cluster((node,), jars, kafka_broker.cluster_id_of(node.folder))
    redis, redis_port = local_url("redis.url", settings)
    _, nats_port = local_url("nats.url", settings)
    return [
        kafka_broker.recipe(cluster, node),
        postgres_server.recipe(_database(settings, data / "postgres", durable=durable)),
        redis_server.recipe(redis_port, data / "redis", unquote(redis.password or "")),
        nats_server.recipe(nats_port, data / "nats"),
    ]


def _database(settings: Settings, folder: Path, *, durable: bool) -> postgres_server.Database:
    parts, port = local_url("postgres.dsn", settings)
    name = parts.path.strip("/")
    if not (parts.username and parts.password and name):
        problem = "the local stack needs a user, a password and a database in it"
        raise SettingError("postgres.dsn", problem, "the settings in force")
    return postgres_server.Database(
        port=port,
        folder=folder,
        name=name,
        user=unquote(parts.username),
        password=unquote(parts.password),
        durable=durable,
    )
