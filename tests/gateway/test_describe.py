"""The description that the page's types are made from is that of today's API, whole."""

import schemas.gen
from gateway.describe import FILES, description
from infra.rpc.plans import rules_of
from schemas.gen import options_pb2
from tests.house.sources import ROOT


def test_the_committed_description_is_up_to_date() -> None:
    committed = (ROOT / "gateway" / "web" / "openapi.json").read_bytes()
    assert committed == description()


def test_every_file_with_a_public_method_that_answers_once_is_described() -> None:
    described = {file.name for file in FILES}
    for file in (ROOT / "schemas" / "proto").glob("*.proto"):
        module = __import__(f"{schemas.gen.__name__}.{file.stem}_pb2", fromlist=["DESCRIPTOR"])
        methods = [
            method
            for service in module.DESCRIPTOR.services_by_name.values()
            for method in service.methods
            if not method.server_streaming
        ]
        public = any(rules_of(method).access != options_pb2.ACCESS_INTERNAL for method in methods)
        assert (module.DESCRIPTOR.name in described) == public, file.name
