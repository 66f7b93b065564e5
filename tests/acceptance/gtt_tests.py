"""A program that speaks to Kite speaks to HMT instead: the stock client with another root."""
import http.client
import urllib.parse

import people
from backends import only
from harness import TOKEN, check, equal, wait_until
from kite_client import KiteClient

INFY = "NSE:INFY"


def order(price, side="SELL", **changes):
    return {"transaction_type": side, "quantity": 10, "product": "CNC", "order_type": "LIMIT", "price": price, **changes}


def single(value=1500, price=1499.5, last_price=1570, **changes):
    return {"trigger_type": "single", "exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [value],
            "last_price": last_price, "orders": [order(price, **changes)]}


def two_leg(side="SELL"):
    return {"trigger_type": "two-leg", "exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [1500.5, 1650],
            "last_price": 1570.05, "orders": [order(1499, side), order(1651, side)]}


def client_of(world, engine, api_key="hmt", token=TOKEN):
    return world.open(KiteClient(engine, api_key, token))


def wait_armed(engine, gtt):
    engine.wait_monitored(gtt["meta"]["hmt_id"])


def wait_gtt(kite, number, look, what):
    def seen():
        gtt = kite.call("getGTT", number)
        return gtt if look(gtt) else None
    return wait_until(seen, what)


def results(gtt):
    return [each["result"] and each["result"]["order_result"] for each in gtt["orders"]]


def test_a_stock_client_places_reads_modifies_and_deletes_a_single(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    equal(kite.call("getGTTs"), [], "the list at first")
    number = kite.call("placeGTT", single())["trigger_id"]
    check(isinstance(number, int), f"the number {number!r}")
    shown = kite.call("getGTT", number)
    equal((shown["id"], shown["type"], shown["status"]), (number, "single", "active"), "the trigger")
    equal(shown["condition"]["trigger_values"], [1500], "its values")
    equal((shown["orders"][0]["price"], shown["orders"][0]["quantity"]), (1499.5, 10), "its order")
    equal(shown["orders"][0]["result"], None, "its result")
    equal(kite.call("modifyGTT", number, single(1480.5, 1479, quantity=7)), {"trigger_id": number}, "a modification")
    equal([(each["condition"]["trigger_values"], each["orders"][0]["quantity"]) for each in kite.call("getGTTs")],
          [([1480.5], 7)], "the list then")
    equal(kite.call("deleteGTT", number), {"trigger_id": number}, "a deletion")
    equal(kite.call("getGTT", number)["status"], "deleted", "its status")
    equal(kite.refusal("deleteGTT", number)[0], "InputException", "a second deletion")
    equal(engine.trigger(shown["meta"]["hmt_id"])["status"], "cancelled", "what /api/v1 says of it")


def test_a_stock_client_places_two_legs_of_either_side(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    for side in ("SELL", "BUY"):
        shown = kite.call("getGTT", kite.call("placeGTT", two_leg(side))["trigger_id"])
        equal(shown["condition"]["trigger_values"], [1500.5, 1650], f"the values of a {side}")
        equal([each["price"] for each in shown["orders"]], [1499, 1651], f"the orders of a {side}")
        row = engine.trigger(shown["meta"]["hmt_id"])
        stop = "1500.50" if side == "SELL" else "1650.00"
        equal((row["transaction_type"], row["trigger_price_1"]), (side, stop), "the stop-loss")
    equal(len(kite.call("getGTTs")), 2, "the list")


def test_a_gtt_fires_and_shows_the_order_that_the_broker_has(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    number = kite.call("placeGTT", single())["trigger_id"]
    wait_armed(engine, kite.call("getGTT", number))
    world.sim.price(INFY, "1499.90")
    fired = wait_gtt(kite, number, lambda gtt: results(gtt)[0] and results(gtt)[0]["status"] == "success", "it has fired")
    equal(fired["status"], "triggered", "the trigger")
    [sent] = world.sim.ledger()
    equal(results(fired), [{"status": "success", "order_id": sent["order_id"], "rejection_reason": ""}], "the result")
    equal((fired["orders"][0]["result"]["triggered_at"], fired["orders"][0]["result"]["price"]), (1499.9, 1499.5), "prices")
    equal(kite.refusal("modifyGTT", number, single(1400))[0], "InputException", "a modification after the fire")
    equal(kite.refusal("deleteGTT", number)[0], "InputException", "a deletion after the fire")


def test_the_target_of_a_two_leg_fires_at_its_own_place(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    number = kite.call("placeGTT", two_leg())["trigger_id"]
    wait_armed(engine, kite.call("getGTT", number))
    world.sim.price(INFY, "1650")
    fired = wait_gtt(kite, number, lambda gtt: (results(gtt)[1] or {}).get("status") == "success", "the target has fired")
    equal((fired["status"], results(fired)[0]), ("triggered", None), "the trigger, and its stop-loss")
    equal([placement.form["price"] for placement in world.relay.placements], ["1651.00"], "what was sent")


def test_a_single_fires_from_the_side_on_which_its_last_price_stood(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    dip = kite.call("placeGTT", single(1520, 1521, transaction_type="BUY"))["trigger_id"]
    target = kite.call("placeGTT", single(1620, 1619))["trigger_id"]
    for number in (dip, target):
        wait_armed(engine, kite.call("getGTT", number))
    world.sim.price(INFY, "1520")
    wait_gtt(kite, dip, lambda gtt: gtt["status"] == "triggered", "the dip was bought")
    equal(kite.call("getGTT", target)["status"], "active", "the target meanwhile")
    world.sim.price(INFY, "1620")
    wait_gtt(kite, target, lambda gtt: gtt["status"] == "triggered", "the target was sold")


def test_an_order_that_the_broker_refuses_is_triggered_and_failed(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    number = kite.call("placeGTT", single())["trigger_id"]
    wait_armed(engine, kite.call("getGTT", number))
    body = b'{"status":"error","message":"Insufficient funds. Required margin is 9.","error_type":"MarginException","data":null}'
    world.relay.scripted.append((400, {"Content-Type": "application/json"}, body))
    world.sim.price(INFY, "1499")
    fired = wait_gtt(kite, number, lambda gtt: (results(gtt)[0] or {}).get("status") == "failed", "its order has failed")
    equal(fired["status"], "triggered", "the trigger")
    check("Insufficient funds" in results(fired)[0]["rejection_reason"], f"the broker's words: {results(fired)}")
    equal(world.sim.ledger(), [], "the broker's orders")


def test_what_hmt_cannot_do_as_asked_is_refused(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    number = kite.call("placeGTT", single())["trigger_id"]
    world.sim.price(INFY, "1570")
    engine.wait_price(kite.call("getGTT", number)["meta"]["hmt_id"], "1570")
    mixed = two_leg()
    mixed["orders"][0]["transaction_type"] = "BUY"
    for wrong, words in ((single(1600, last_price=1700), "Trigger already met."),
                         (single(1570, last_price=1570), "equal to the last price"),
                         (mixed, "both"), (single(order_type="SL"), "order_type"),
                         (single(order_type="MARKET", price=None), "market_protection"),
                         (single(price=1499.52), "orders[0].price"), (single(product="BO"), "orders[0].product"),
                         ({**single(), "tradingsymbol": "NOSUCH"}, "no instrument")):
        kind, message = kite.refusal("placeGTT", wrong)
        check(kind == "InputException" and words in message, f"{wrong} is refused with {kind}: {message}")
    equal(kite.refusal("modifyGTT", number, {**single(), "tradingsymbol": "SBIN"})[0], "InputException", "another instrument")
    equal(kite.refusal("getGTT", number + 1)[0], "InputException", "a number that there is not")
    equal(len(kite.call("getGTTs")), 1, "the triggers")


def test_a_wrong_pair_is_told_so_as_kite_tells_it(world):
    engine = world.start_engine()
    for api_key, token in (("hmt", "a-wrong-token"), ("other", TOKEN), ("", TOKEN)):
        refused = client_of(world, engine, api_key, token).refusal("getGTTs")
        equal(refused, ("TokenException", "Incorrect `api_key` or `access_token`."), f"{api_key}:{token}")
    equal(engine.get("/api/v1/session")["kite_api_key"], "hmt", "the api_key")


def test_a_number_outlives_a_restart(world):
    engine = world.start_engine()
    kite = client_of(world, engine)
    numbers = [kite.call("placeGTT", single(value))["trigger_id"] for value in (1500, 1490)]
    before = [kite.call("getGTT", number)["meta"]["hmt_id"] for number in numbers]
    equal(engine.process.end(), 0, "the end")
    engine = world.start_engine()
    kite = client_of(world, engine)
    equal([kite.call("getGTT", number)["meta"]["hmt_id"] for number in numbers], before, "the triggers by number")
    check(kite.call("placeGTT", single(1480))["trigger_id"] > max(numbers), "a new one has a new number")


def form_of_other_clients():
    """As Python's and Go's clients write it: spaces, floats, empty members, + for a space."""
    condition = '{"exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [1500.0], "last_price": 1570.0}'
    orders = ('[{"account_id":"","placed_by":"","order_id":"","status":"","order_timestamp":"0001-01-01T00:00:00Z",'
              '"variety":"","modified":false,"meta":null,"exchange":"NSE","tradingsymbol":"INFY","instrument_token":0,'
              '"order_type":"LIMIT","transaction_type":"SELL","validity":"","product":"CNC","quantity":10,'
              '"disclosed_quantity":0,"price":1499.5,"trigger_price":0,"tag":"","tags":null}]')
    return urllib.parse.urlencode({"type": "single", "condition": condition, "orders": orders})


def test_the_forms_of_other_clients_are_read_too(world):
    engine = world.start_engine()
    connection = http.client.HTTPConnection(*engine.address.rsplit(":", 1), timeout=10)
    connection.request("POST", "/gtt/triggers", form_of_other_clients(),
                       {"Authorization": f"token hmt:{TOKEN}", "X-Kite-Version": "3",
                        "Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    check(answer.status == 200 and "json" in answer.headers["Content-Type"], f"{answer.status} {body}")


@only("postgres", "many users need PostgreSQL")
def test_each_user_has_gtts_of_their_own(world):
    p = people.People(world)
    a, b = (client_of(world, p.engine, user.id, user.token()) for user in (p.a, p.b))
    number = a.call("placeGTT", single())["trigger_id"]
    equal(a.call("getGTT", number)["user_id"], p.a.id, "whose it is")
    equal(p.a.get("/api/v1/session")["kite_api_key"], p.a.id, "the api_key of a user")
    none = b.refusal("getGTT", number + 1000)
    for call in (("getGTT", number), ("modifyGTT", number, single()), ("deleteGTT", number)):
        equal(b.refusal(*call), none, f"{call[0]} of another's")
    equal(b.call("getGTTs"), [], "the other's list")
    equal(client_of(world, p.engine, p.b.id, p.a.token()).refusal("getGTTs")[0], "TokenException", "another's api_key")
    everything = client_of(world, p.engine, "hmt", people.OPERATOR)
    equal([each["id"] for each in everything.call("getGTTs")], [number], "what the operator sees")
    equal(everything.refusal("placeGTT", single())[0], "PermissionException", "a trigger of the operator's")
    wait_until(lambda: p.a.get(f"/api/v1/triggers/{a.call('getGTT', number)['meta']['hmt_id']}")["monitored"], "it is armed")
    world.sim.price(INFY, "1499")
    wait_gtt(a, number, lambda gtt: (results(gtt)[0] or {}).get("status") == "success", "it has fired")
    equal([entry["user_id"] for entry in world.sim.ledger()], [p.a.broker_id], "whose account has the order")
