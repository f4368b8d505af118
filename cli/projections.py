"""`agora projections`: the read models and their builds."""

import asyncio
import os
from collections.abc import Sequence

from cli.explain import explain
from cli.group import group
from cli.old_builds import drop_old_builds, rollback
from cli.output import Json, examples, result, table
from cli.projections_pause import pause, resume
from cli.projections_status import status
from cli.reaching import opened_store
from cli.rebuild import rebuild
from cli.verify import verify
from infra.config import Settings, load
from projections.status import ModelStatus, model_statuses


@examples("agora projections list", "agora projections list --json")
def list_models(json: Json = False) -> None:
    """Show each read model, its builds, and the rows of their tables.

    It also says why a build failed.

    Exit codes: 0 done, 2 PostgreSQL cannot be reached or has no tables yet.
    """
    models = asyncio.run(_models(load(os.environ)))
    result(models, _models_text(models), json)


async def _models(settings: Settings) -> list[ModelStatus]:
    async with opened_store(settings) as pool:
        return await model_statuses(pool)


def _models_text(models: Sequence[ModelStatus]) -> str:
    rows = [
        [
            model.name,
            str(build.number),
            str(build.version),
            build.state,
            name,
            f"{'' if build.exact else '~'}{count:,}",
        ]
        for model in models
        for build in model.builds
        for name, count in build.rows.items()
    ]
    failed = [
        f"Build {build.number} of {model.name} failed: {build.reason}"
        for model in models
        for build in model.builds
        if build.reason
    ]
    return "\n".join(
        [table(["MODEL", "BUILD", "VERSION", "STATE", "TABLE", "ROWS"], rows), *failed]
    )


app = group(
    "Look after the read models.",
    {
        "list": list_models,
        "status": status,
        "explain": explain,
        "verify": verify,
        "rebuild": rebuild,
        "rollback": rollback,
        "drop-old": drop_old_builds,
        "pause": pause,
        "resume": resume,
    },
)
