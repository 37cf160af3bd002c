"""Terraform providers that know their schema and nothing else: ``terraform plan`` without a cloud.

``python -m tests.doubles.terraform.provider open SCHEMA.json ...`` serves one provider for each
file and prints one JSON line, the value of ``TF_REATTACH_PROVIDERS``; it ends when its standard
input does.  The real Terraform then checks names and types of arguments against the schema,
evaluates every expression, and plans; a plan repeats what it was asked for, and what a provider
would compute stays open, or is made up (``made-up`` for ``open``).  Applying is refused.  It needs
the environment of requirements/infra.txt (gRPC, MessagePack).
"""

import importlib
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.doubles.terraform.results import Results, fill, made_up
from tests.doubles.terraform.schema import ProviderSchema, load_schema, schema_message
from tests.doubles.terraform.wire import flag, integer, message, text

Answer = Callable[[bytes], bytes]


def _refuse(request: bytes) -> bytes:
    del request
    said = text(2, "this provider plans only") + text(3, "It is a double for checks.")
    return text(3, integer(1, 1) + said)


def planned(schema: ProviderSchema, results: Results, request: bytes) -> bytes:
    """Return ``PlanResourceChange.Response``: what was proposed, with the provider's results."""
    msgpack = importlib.import_module("msgpack")
    type_ = message(request, 1).decode()
    values = msgpack.unpackb(message(message(request, 3), 1))
    name = next(
        (values[key] for key in ("name", "type") if isinstance(values.get(key), str)), "this"
    )

    def give(attribute: str, kind: object) -> object:
        if results is Results.OPEN:
            return msgpack.ExtType(0, b"\0")
        return made_up(type_, name, attribute, kind)

    fill(schema.resources[type_], values, give)
    # The flag asks for the lenience that older providers have.
    return text(1, text(1, msgpack.packb(values))) + flag(5, value=True)


def answers(schema: ProviderSchema, results: Results) -> dict[str, Answer]:
    """Return what the service answers, by method of ``tfplugin5.Provider``."""
    described = schema_message(schema)
    return {
        "GetSchema": lambda _: described,
        "PrepareProviderConfig": lambda request: text(1, message(request, 1)),
        "ValidateResourceTypeConfig": lambda _: b"",
        "Configure": lambda _: b"",
        "PlanResourceChange": lambda request: planned(schema, results, request),
        "ApplyResourceChange": _refuse,
        "Stop": lambda _: b"",
    }


def serve(schema: ProviderSchema, results: Results) -> tuple[Any, str]:
    """Start a server on a free port of the loopback; return it and its address."""
    grpc = importlib.import_module("grpc")
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(_with_context(answer))
        for name, answer in answers(schema, results).items()
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("tfplugin5.Provider", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, f"127.0.0.1:{port}"


def _with_context(answer: Answer) -> Callable[[bytes, object], bytes]:
    def handler(request: bytes, context: object) -> bytes:
        del context
        return answer(request)

    return handler


def reattach(address: str) -> dict[str, Any]:
    """Return how Terraform finds a provider that runs already."""
    return {
        "Protocol": "grpc",
        "ProtocolVersion": 5,
        "Pid": os.getpid(),
        "Test": True,
        "Addr": {"Network": "tcp", "String": address},
    }


def main(arguments: list[str] | None = None) -> int:
    """Serve until standard input ends."""
    results, *names = sys.argv[1:] if arguments is None else arguments
    schemas = [load_schema(Path(name)) for name in names]
    running = {schema.source: serve(schema, Results(results)) for schema in schemas}
    told = {source: reattach(address) for source, (_, address) in running.items()}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    for server, _ in running.values():
        server.stop(grace=0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
