"""Several users of one engine: their tokens, their accounts at the broker, their connections, and the operator."""
import http.client
import itertools
import json
import uuid

import tokens
from harness import Answer, Engine, check, equal, trigger_fields, wait_until

OPERATOR = "acceptance-service-role-key-0123456789"
BROKERS = "/api/v1/brokers"


class User:
    """Somebody who has signed in."""

    def __init__(self, name, people):
        self.name = name
        self.people = people
        self.id = str(uuid.uuid4())
        self.api_key, self.api_secret, self.broker_id = f"key{name}", f"secret-of-{name}", f"SIM{name.upper()}"
        self.connection_id = None

    def token(self, **changes):
        return self.people.key.token(tokens.claims(self.id, self.people.issuer.name, **changes))

    def call(self, method, path, body=None, headers=None, **options):
        return call(self.people.engine.address, method, path, self.token(), body, headers, **options)

    def get(self, path):
        answer = self.call("GET", path)
        equal(answer.status, 200, f"GET {path} by {self.name}: {answer.text}")
        return answer.json

    def connect(self):
        """Names the account to the engine, and logs in as a browser would."""
        answer = self.call("POST", BROKERS, {"name": f"account-of-{self.name}", "api_key": self.api_key,
                                             "api_secret": self.api_secret})
        equal(answer.status, 201, f"a connection of {self.name}: {answer.text}")
        self.connection_id = answer.json["id"]
        self.log_in()
        return self.connection_id

    def log_in(self):
        answer = self.call("POST", f"{BROKERS}/{self.connection_id}/login")
        check(answer.status == 200 and self.api_key in answer.json["login_url"], f"the login: {answer.status} {answer.text}")
        answer = self.call("POST", f"{BROKERS}/{self.connection_id}/session",
                           {"request_token": f"request-{uuid.uuid4().hex}"})
        equal(answer.status, 200, f"the session of {self.name}: {answer.text}")

    def create(self, **fields):
        answer = self.call("POST", "/api/v1/triggers",
                           trigger_fields({"broker_connection_id": self.connection_id, **fields}))
        equal(answer.status, 201, f"a trigger of {self.name}: {answer.text}")
        return answer.json

    def arm(self, **fields):
        trigger_id = self.create(**fields)["id"]
        return wait_until(lambda: (t := self.get(f"/api/v1/triggers/{trigger_id}"))["monitored"] and t,
                          f"{self.name}'s trigger is monitored")

    def wait_trigger(self, trigger_id, **wanted):
        return wait_until(lambda: all((t := self.get(f"/api/v1/triggers/{trigger_id}"))[name] == value
                                      for name, value in wanted.items()) and t, f"{self.name}'s trigger with {wanted}")


class People:
    """An engine in multi-user mode with a simulated broker that knows everybody's account."""

    def __init__(self, world, names=("a", "b"), sim_arguments=(), connect=True, **environment):
        self.world = world
        self.key = tokens.SigningKey(world.folder)
        self.issuer = world.open(tokens.Issuer([self.key]))
        self.users = {name: User(name, self) for name in names}
        accounts = [part for user in self.users.values()
                    for part in ("--account", f"{user.api_key}:{user.api_secret}:{user.broker_id}")]
        world.start_sim(*accounts, *sim_arguments)
        for user in self.users.values():
            add_to_auth(world.database, user.id)
        # Nobody's session is the program's: each user brings one.
        self.engine = Engine(world, world.environment(**{**self.environment(), **environment}), ready=False)
        self.engine.token = OPERATOR
        world.engine = self.engine
        if environment.get("SUPABASE_URL", self.issuer.url):
            # It listens before the issuer has answered, and asks whoever is as quick to come again.
            wait_until(lambda: self.a.call("GET", "/api/v1/session").status == 200, "users are let in")
        if connect:
            for user in self.users.values():
                user.connect()
            self.engine.wait_status("running")

    def __getattr__(self, name):
        try:
            return self.__dict__["users"][name]
        except KeyError:
            raise AttributeError(name) from None

    def environment(self):
        return {"SUPABASE_URL": self.issuer.url, "SUPABASE_JWT_SECRET": tokens.SECRET,
                "SUPABASE_SERVICE_ROLE_KEY": OPERATOR, "HMT_ADMIN_TOKEN": None, "KITE_API_KEY": None,
                "KITE_LOGIN_URL": f"http://{self.world.sim.address}/connect/login",
                "KITE_API_SECRET": None, "KITE_ACCESS_TOKEN": None}


def add_to_auth(database, user_id):
    """Where the users are a table, as they are in Supabase, a row of ours needs its user."""
    if database.rows("SELECT to_regclass('auth.users') IS NOT NULL AS there")[0]["there"]:
        database.execute(f"INSERT INTO auth.users (id) VALUES ('{user_id}') ON CONFLICT DO NOTHING")


# Wrong credentials lock their sender out: each comes from an address of its own.
ADDRESSES = (f"127.{a}.{b}.{c}" for a, b, c in itertools.product(range(1, 250), range(1, 250), range(1, 250)))


# What the stream wants before it asks who is there.
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}


def call(address, method, path, token=None, body=None, headers=None, own_address=False, timeout=15):
    host, port = address.rsplit(":", 1)
    source = (next(ADDRESSES), 0) if own_address else None
    connection = http.client.HTTPConnection(host, int(port), timeout=timeout, source_address=source)
    headers = dict(headers or {})
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if isinstance(body, (dict, list)):
        body, headers["Content-Type"] = json.dumps(body), "application/json"
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read() if answer.status != 101 else b"")
    finally:
        connection.close()
