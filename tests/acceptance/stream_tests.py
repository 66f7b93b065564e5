"""The live stream, end to end."""
import time

from harness import Stream, check, equal, request, wait_until

INFY = "NSE:INFY"


def test_the_stream_tells_prices_and_the_story_of_a_trigger(world):
    engine = world.start_engine()
    stream = Stream(engine)
    hello = stream.wait("hello")
    check({"build", "seq", "now", "engine"} <= hello.keys(), f"the first frame: {hello}")
    trigger = engine.arm()
    token = trigger["instrument_token"]
    stream.send({"t": "sub", "px": [token], "ch": ["trg", "ord", "stat"]})
    world.sim.price(INFY, "1512.30")
    stream.wait("px", lambda frame: any(each[:2] == [token, 15123000] for each in frame["d"]))
    world.sim.price(INFY, "1500")
    stream.wait("trg", lambda frame: frame["d"][0]["status"] == "firing" and frame["d"][0]["id"] == trigger["id"])
    stream.wait("ord", lambda frame: frame["d"][0]["trigger_id"] == trigger["id"])
    stream.wait("trg", lambda frame: frame["d"][0]["order_status"] == "COMPLETE")
    numbers = [frame["seq"] for frame in stream.frames if "seq" in frame and frame["t"] != "hello"]
    equal(numbers, sorted(numbers), "the events' numbers only grow")
    stream.close()


def test_a_stream_resumes_with_nothing_missed(world):
    engine = world.start_engine()
    stream = Stream(engine)
    seen = stream.wait("hello")["seq"]
    stream.close()
    ids = {engine.create(quantity_1=number)["id"] for number in (1, 2, 3)}
    stream = Stream(engine, f"?resume={seen}")
    told = set()
    while told != ids:
        told.add(stream.wait("trg")["d"][0]["id"])
    stream.close()


def test_prices_of_things_that_are_no_instruments_do_no_harm(world):
    engine = world.start_engine()
    trigger = engine.arm()
    stream = Stream(engine)
    stream.wait("hello")
    for tokens in ([255, 1, 4294967295, trigger["instrument_token"]], [255], [], ["x"], [trigger["instrument_token"]]):
        stream.send({"t": "sub", "px": tokens})
        time.sleep(0.1)
    stream.wait("hb")
    stream.close()
    check(engine.process.is_running(), "the engine lives")
    world.sim.price(INFY, "1500")
    engine.wait_trigger(trigger["id"], status="triggered")


def test_a_stream_needs_the_token_or_a_ticket(world):
    engine = world.start_engine()
    equal(request(engine.address, "GET", "/api/v1/stream").status, 426, "what is no WebSocket")
    ticket = engine.call("POST", "/api/v1/stream-ticket")
    equal(ticket.status, 201, "a ticket")
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
    query = f"/api/v1/stream?ticket={ticket.json['ticket']}"
    bare = request(engine.address, "GET", "/api/v1/stream", headers=upgrade)
    equal(bare.status, 401, "without either")
    wrong = request(engine.address, "GET", "/api/v1/stream?ticket=not-a-ticket", headers=upgrade)
    equal(wrong.status, 401, "a wrong ticket")
    token, engine.token = engine.token, "no-token"
    # The ticket alone is what browsers bring.
    answer = open_bare(engine, query)
    check(answer.startswith(b"HTTP/1.1 101"), f"the ticket opens the stream: {answer[:80]!r}")
    again = open_bare(engine, query)
    check(again.startswith(b"HTTP/1.1 401"), f"it opens it once: {again[:80]!r}")
    engine.token = token


def open_bare(engine, query):
    import socket
    host, port = engine.address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), 10) as peer:
        peer.sendall((f"GET {query} HTTP/1.1\r\nHost: {engine.address}\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n").encode())
        return peer.recv(200)


def test_prices_of_a_fired_trigger_are_not_taken_for_todays(world):
    engine = world.start_engine()
    first = engine.arm()
    world.sim.price(INFY, "1490")
    engine.wait_trigger(first["id"], status="triggered")
    wait_until(lambda: not world.sim.watched(), "nobody watches it")
    world.sim.price(INFY, "1573.10")
    second = engine.arm()  # refused as already crossed if the old price were taken
    world.sim.price(INFY, "1500")
    engine.wait_trigger(second["id"], status="triggered")
