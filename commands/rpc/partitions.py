"""What command processes ask each other: take this submission, and are you alive?"""

from commands import wire
from commands.instance import Instance
from commands.router import Router
from infra.rpc.call import Call
from schemas.gen import internal_pb2
from schemas.refusals import Invalid


class Partitions:
    """Implements agora.internal.v1.Partitions."""

    def __init__(
        self, router: Router, submissions: wire.SubmissionDecoder, instance: Instance
    ) -> None:
        self._router = router
        self._submissions = submissions
        self._instance = instance

    async def Forward(
        self, request: internal_pb2.ForwardRequest, call: Call
    ) -> internal_pb2.ForwardAnswer:
        """Submits here; with `final` set, only if this instance is the owner."""
        try:
            submission = self._submissions.decode(request.submission)
        except wire.MalformedSubmission as error:
            raise Invalid("SUBMISSION_MALFORMED", "The submission cannot be decoded.") from error
        handled = await self._router.submit(submission, final=request.final)
        return internal_pb2.ForwardAnswer(handled=wire.encode(handled))

    async def Ping(self, request: internal_pb2.PingRequest, call: Call) -> internal_pb2.PingAnswer:
        """Which process this is, and what it serves now."""
        writers = self._instance.writers.items()
        served = [str(partition) for partition, writer in writers if writer.serving]
        return internal_pb2.PingAnswer(owner=self._instance.me, partitions=served)
