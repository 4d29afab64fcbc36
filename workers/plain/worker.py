"""A worker without an SDK: ../PROTOCOL.md over JSON, with a client of NATS (pip install nats-py) and nothing else. It serves
the gated tool process_refund of the agent that is named. It checks what a grant is bound to, but not who signed it: SDKs do."""

import asyncio, contextlib, hashlib, json, os, secrets, sys, time
import nats

URL = os.environ.get("AGENTSPAN_NATS_URL", "nats://127.0.0.1:4222")
TOOL = {"queue": sys.argv[1], "name": "process_refund", "inputSchemaJson": '{"type":"object"}', "approvalRequired": True}
ME = {"workerId": f"plain-{os.getpid()}", "incarnation": secrets.token_hex(16), "namespace": "default"}
in_hand = []

def process_refund(order_id, amount):
    print(f"Refunding {amount} of {order_id}", flush=True)
    return {"refunded": True, "order_id": order_id, "amount": amount}

async def ask(verb, **request):
    subject, body = f"agentspan.worker.{ME['workerId']}.{verb}", json.dumps({**ME, **request}).encode()
    while True:  # What is not answered, or is to come again, is asked again as it was.
        with contextlib.suppress(nats.errors.TimeoutError, nats.errors.NoRespondersError):
            answer = await bus.request(subject, body, timeout=2, headers={"content-type": "application/json"})
            error = (said := json.loads(answer.data)).get("error")
            if error is None:
                return said
            if error["reason"] == "PERMISSION_DENIED" and verb != "register":
                await ask("register", tools=[TOOL])
            elif "retryAfter" not in error:
                sys.exit(f"{verb}: {error['message']}")
        await asyncio.sleep(1)

async def beat(seconds):
    for counter in range(1, 2**53):
        if (await ask("heartbeat", counter=counter, tasks=in_hand)).get("register"):
            await ask("register", tools=[TOOL])
        await asyncio.sleep(seconds)

async def work(hint):
    run, call, attempt = hint.subject.split(".")[-3:]
    claim = {"runId": run, "callId": call, "attempt": int(attempt), "nonce": secrets.token_hex(16)}
    in_hand[:], sent = [claim], time.monotonic()
    said = await ask("claim", **claim)
    is_probe = said.get("refusal", {}).get("reason") == "REFUSAL_REASON_PROBE"  # For a worker that brings one.
    await bus.publish(hint.reply, b"-NAK" if is_probe else b"+ACK")
    if grant := said.get("grant"):
        text, proof = grant["argumentsJson"], grant.get("proof", {})
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        bound = {**claim, "workerId": ME["workerId"], "argumentsDigest": digest}.items()
        is_proof = grant["argumentsDigest"] == digest and "approvalId" in proof and bound <= proof.items()
        if not is_proof or time.monotonic() - sent > 3:
            return await ask("release", **claim, reason="RELEASE_REASON_" + ("TOO_LATE" if is_proof else "NO_PROOF"))
        in_hand[:] = [{**claim, "begun": True}]
        try:
            outcome = {"resultJson": json.dumps(await asyncio.to_thread(process_refund, **json.loads(text)))}
        except Exception as error:
            outcome = {"failure": {"message": str(error)}}
        await ask("complete", **claim, argumentsDigest=digest, **outcome)

async def main():
    global bus
    bus = await nats.connect(URL, inbox_prefix=b"_INBOX_" + ME["workerId"].encode(), max_reconnect_attempts=-1)
    told = await ask("register", tools=[TOOL])
    beating = asyncio.create_task(beat(float(told["heartbeatInterval"].rstrip("s"))))
    pull = f"$JS.API.CONSUMER.MSG.NEXT.{told['stream']}.{told['consumers'][0]}"
    while not beating.done():
        with contextlib.suppress(nats.errors.TimeoutError):
            hint = await bus.request(pull, b'{"batch":1,"expires":5000000000}', timeout=6, old_style=True)
            if hint.subject.startswith("agentspan.task."):
                await work(hint)
                in_hand.clear()

asyncio.run(main())
