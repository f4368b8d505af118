"""Every planted fault, by its name: what is wrong, where, and which test catches it."""

from collections.abc import Mapping
from typing import Final

from tests.plants.planting import Plant

POISON: Final = "tests/projections/test_poison.py"
PROGRESS: Final = "tests/infra/worker/test_progress.py"
DISPATCH: Final = "tests/infra/rpc/test_dispatch.py"
REBUILDING: Final = "tests/projections/rebuilding"

PLANTS: Final[Mapping[str, Plant]] = {
    "lane-skips": Plant(
        "A lane goes on past what it could not apply",
        "infra.worker.lane:Lane._consume",
        "self._following = await self.subscriber.consume(self.partition, reads)",
        "try:\n    self._following = await self.subscriber.consume(self.partition, reads)\n"
        "except Exception:\n    self._following = reads[-1].offset + 1",
        "tests/infra/worker/test_lanes.py::test_what_is_away_for_a_moment_is_tried_again",
    ),
    "batch-swallowed": Plant(
        "What a rebalance keeps from being delivered is forgotten",
        "infra.worker.host:Host.pass_over",
        "lane.reach(upto)",
        "pass",
        "tests/infra/worker/test_lanes.py::test_what_a_rebalance_keeps_from_being_delivered_is_read",
    ),
    "group-offset-trusted": Plant(
        "Delivery starts at its end although some subscribers are behind",
        "infra.worker.host:Host.seek",
        "lane.start(starts[partition])",
        "lane.start(0)",
        "tests/infra/worker/test_lanes.py::"
        "test_a_new_subscriber_catches_up_though_nothing_new_is_delivered",
    ),
    "gap-ignored": Plant(
        "A missing record is passed over",
        "infra.worker.progress:remaining",
        "if one.offset != offset:",
        "if False:",
        f"{PROGRESS}::test_a_record_that_is_missing_halts",
    ),
    "anybody-counts": Plant(
        "Readers take decisions of owners that were deposed",
        "infra.worker.progress:advanced",
        "if counts and isinstance",
        "if isinstance",
        f"{PROGRESS}::test_decisions_count_only_under_the_current_claim",
    ),
    "other-log-read": Plant(
        "A checkpoint beyond the end of the log is believed",
        "infra.worker.progress:same_log",
        "if checkpoint.offset >= end:",
        "if False:",
        f"{PROGRESS}::test_a_checkpoint_beyond_the_end_halts",
    ),
    "checkpoint-apart": Plant(
        "A checkpoint moves in another transaction than its rows",
        "infra.worker.places:Places._made_alone",
        "pipelined(connection):\n    [at] = await committing(connection, [move])",
        "pipelined(connection):\n"
        "    [at] = await committing(connection, [Move(move.step)])\n"
        "async with self._connection() as connection:\n"
        "    if move.work is not None:\n"
        "        await move.work.do(connection, [move.work.part])",
        f"{POISON}::test_a_model_that_decides_visibility_stops_before_the_poison_event",
    ),
    "overtaken-unnoticed": Plant(
        "Of two workers both write",
        "infra.worker.checkpoints:move_all",
        'and c."offset" = step.before and c.revision = step.revision',
        "and step.before is not null and step.revision is not null",
        f"{POISON}::test_of_two_workers_one_is_overtaken_and_changes_nothing",
    ),
    "parked-goes-on": Plant(
        "A shard goes on behind what was set aside",
        "projections.folding:fold",
        "if one.decision.shard in parked:",
        "if False:",
        f"{POISON}::test_a_poison_event_is_parked_and_its_shard_waits_behind_it",
    ),
    "unknown-skipped": Plant(
        "An event of an unknown type is passed over",
        "projections.folding:fold",
        "if unknown is not None:",
        "if False:",
        f"{POISON}::test_an_unknown_type_stops_every_model_even_one_that_would_not_care",
    ),
    "told-too-soon": Plant(
        "Live news is told before its rows are committed",
        "projections.subscriber:ModelSubscriber._commit",
        "before, began_s =",
        "self._telling.tell(partition, folded.news)\nbefore, began_s =",
        "tests/projections/test_news.py::test_nothing_is_told_of_rows_that_were_not_committed",
    ),
    "reaction-forgets": Plant(
        "A reaction moves on before it was answered",
        "infra.worker.reactions:ReactionSubscriber.consume",
        "await self._ask_all(asked)\nif reads:\n"
        "    await self._places.move(partition, progress.advanced(before, reads)[0])",
        "if reads:\n    await self._places.move("
        "partition, progress.advanced(before, reads)[0])\nawait self._ask_all(asked)",
        "tests/infra/worker/test_reactions.py::test_while_nobody_answers_the_checkpoint_stays",
    ),
    "upcaster-skipped": Plant(
        "An old type is not read as the one that replaced it",
        "events.codec:_decode",
        "if fact.type in catalog.UPCASTERS:",
        "if False:",
        "tests/events/test_codec.py::test_an_old_record_reads_as_the_type_that_replaced_it",
    ),
    "block-unseen": Plant(
        "Reads do not ask whether the other blocks the viewer",
        "queries.visibility:is_blocked",
        "person.viewer_blocks or person.blocks_viewer",
        "person.viewer_blocks",
        "tests/queries/test_visibility.py::test_hidden_by_a_block_either_way_is_answered_as_absent",
    ),
    "after-ignored": Plant(
        "Posts are shown before what their authors had done",
        "queries.visibility_posts:_may_be_judged",
        "and includes(thing.reached, thing.after)",
        "",
        "tests/queries/test_visibility_posts.py::"
        "test_nothing_is_shown_before_what_its_author_had_seen",
    ),
    "position-ignored": Plant(
        "Reads do not wait for the position that was asked for",
        "queries.positions:Waiting.applied",
        "while wanted:",
        "while False:",
        "tests/queries/test_positions.py::test_a_read_waits_for_the_slowest_model",
    ),
    "cursor-for-anybody": Plant(
        "A cursor serves whoever shows it",
        "queries.cursors:Cursors.open",
        "(cursor.viewer, cursor.query) != (viewer, query)",
        "cursor.query != query",
        "tests/queries/rpc/test_graph.py::test_a_cursor_is_worth_nothing_elsewhere",
    ),
    "everywhere-at-once": Plant(
        "What hides something says that it is everywhere without looking",
        "commands.rpc.receipts:Receipts.narrowed",
        "everywhere = await self._policies.await_visible(handled.position, within_s, call)",
        "everywhere = True",
        "tests/commands/rpc/test_graph.py::test_what_narrows_waits_until_it_is_seen",
    ),
    "request-id-dropped": Plant(
        "The request id does not reach the writer",
        "infra.rpc.dispatch:Dispatcher._answered",
        "request=keys.request_id(metadata)",
        "request=None",
        f"{DISPATCH}::test_a_handler_learns_who_asks_and_how",
    ),
    "other-body-taken": Plant(
        "A request id serves for another body",
        "commands.writer.ruling:_repeat",
        "seen is not None and seen.digest != digest",
        "False",
        "tests/commands/writer/test_ruling.py::test_a_request_id_with_another_body_is_refused",
    ),
    "old-permission-taken": Plant(
        "A permission serves however long ago it was asked for",
        "commands.writer.ruling:_check_age",
        "> CHECK_AGE_MAX",
        "> CHECK_AGE_MAX * 1000",
        "tests/commands/writer/test_ruling.py::test_a_permission_checked_too_long_ago_is_refused",
    ),
    "session-lives-on": Plant(
        "A session that was closed opens doors",
        "infra.rpc.dispatch:Dispatcher._admitted",
        "if await self._sessions.is_closed(caller.session_id):",
        "if False:",
        f"{DISPATCH}::test_signing_in_comes_before_everything_else",
    ),
    "strangers-let-in": Plant(
        "Internal methods are open to everybody",
        "infra.rpc.dispatch:Dispatcher._admitted",
        "and not arrival.trusted",
        "and False",
        f"{DISPATCH}::test_internal_methods_are_closed_to_strangers",
    ),
    "limiter-fails-open": Plant(
        "Without Redis nobody is limited",
        "gateway.limits:Limits._taken",
        "wait_s = self._own.take(key, allowance)",
        "wait_s = 0.0",
        "tests/gateway/test_limits.py::test_without_redis_each_gateway_still_limits",
    ),
    "password-as-text": Plant(
        "A password is compared with ==",
        "infra.auth.passwords:PasswordHashes._matching",
        "self._hasher.verify(stored, password)",
        "stored == password",
        "tests/infra/auth/test_credentials.py::test_only_the_password_that_was_set_is_right",
    ),
    "token-for-ever": Plant(
        "An access token does not end",
        "infra.auth.tokens:AccessTokens.verify",
        "if now.timestamp() >= verified.exp:",
        "if False:",
        "tests/infra/auth/test_tokens.py::test_it_ends_when_it_says",
    ),
    "replay-unjudged": Plant(
        "Who comes back is told what was missed without being judged",
        "gateway.live.courier:Courier._deliver",
        "for task, verdict in zip(part, answer.verdicts, strict=True):",
        "for task, verdict in zip(part, answer.verdicts, strict=True):\n"
        "    verdict.shown.extend(at for at, page in enumerate(pages) if page.replaying)",
        "tests/queries/test_relations_pushed.py::test_who_comes_back_is_told_by_what_they_are_then",
    ),
    "block-cached": Plant(
        "What somebody is to a viewer is remembered from one read to the next",
        "queries.reads.posts:posts",
        "return {row.post_id: row for row in await reader.rows(Post, BY_IDS, params)}",
        "kept = posts.__dict__.setdefault(viewer, {})\n"
        "if not kept.keys() >= set(wanted):\n"
        "    kept.update({row.post_id: row for row in await reader.rows(Post, BY_IDS, params)})\n"
        "return {one: kept[one] for one in wanted if one in kept}",
        "tests/queries/test_relations.py::"
        "test_a_block_holds_for_the_next_read_whatever_was_answered_before",
    ),
    "less-is-read": Plant(
        "Reads are served by a database that lost what it held",
        "queries.held:Held._all_there",
        "return all(found.get(place, -1) >= offset for place, offset in wanted.items())",
        "return bool(found) or not wanted",
        "tests/queries/test_held.py::"
        "test_a_read_goes_on_elsewhere_only_if_what_it_waited_for_is_there",
    ),
    "damage-unseen": Plant(
        "What somebody else wrote into a timeline is read as entries",
        "infra.redis.entries:timeline_of",
        "if len(sealed) != _SEAL.size or not _are_entries(entries):",
        "if len(sealed) != _SEAL.size:",
        "tests/infra/redis/test_entries.py::test_a_list_that_holds_something_else_is_damaged",
    ),
    "doubled-unseen": Plant(
        "A row that is there twice is verified as one",
        "projections.rebuilding.differences:differences",
        "if key in found:",
        "if False:",
        f"{REBUILDING}/test_verifying_tables.py::test_a_doubled_row_is_named",
    ),
    "snapshot-torn": Plant(
        "Rows and checkpoints are verified as of different moments",
        "projections.rebuilding.verifying:snapshot",
        "isolation level repeatable read",
        "isolation level read committed",
        f"{REBUILDING}/test_verifying.py::test_what_workers_write_meanwhile_changes_nothing",
    ),
    "unverified-lives": Plant(
        "A build that differs from the log becomes live",
        "projections.rebuilding.rebuild:Rebuild._verify",
        "if verdict.clean:",
        "if True:",
        f"{REBUILDING}/test_rebuild.py::test_what_differs_from_the_log_never_becomes_live",
    ),
    "copied-again": Plant(
        "Who comes late to a slice copies it once more",
        "projections.rebuilding.fills:advance",
        "if cursor.rowcount != 1:",
        "if False:",
        f"{REBUILDING}/test_rebuild.py::test_who_is_late_copies_nothing",
    ),
    "lock-forgotten": Plant(
        "Who lost the lock of a rebuild still says what becomes of its build",
        "projections.rebuilding.rebuild:Rebuild._become",
        "connection, number = self._claim.connection, work.build.number\n"
        "await builds.become(connection, work.model.name, number, state, reason)",
        "async with self._pool.connection() as connection:\n"
        "    await builds.become(\n"
        "        connection, work.model.name, work.build.number, state, reason\n"
        "    )",
        f"{REBUILDING}/test_lost_claims.py::test_a_build_that_another_made_live_stays_live",
    ),
}
