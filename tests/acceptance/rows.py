"""Rows of hmt_gtt_orders as people write them with SQL."""
from backends import postgres

INFY_TOKEN = 408065
ORIGINAL = ("user_id", "broker_connection_id", "trading_symbol", "exchange", "instrument_token", "condition_type",
            "transaction_type", "product_type_1", "trigger_price_1", "order_price_1", "quantity_1")
ORIGINAL_LEG_2 = ("product_type_2", "trigger_price_2", "order_price_2", "quantity_2")


def row(owner, **fields):
    """A SELL stop of INFY at 1500 for the user and the connection of `owner`, in the original columns alone."""
    return {"user_id": owner["user_id"], "broker_connection_id": owner["broker_connection_id"],
            "trading_symbol": "INFY", "exchange": "NSE", "instrument_token": INFY_TOKEN, "condition_type": "single",
            "transaction_type": "SELL", "product_type_1": "CNC", "trigger_price_1": "1500", "quantity_1": 1, **fields}


def insert(rows):
    """One statement that answers the new ids, one a line."""
    rows = rows if isinstance(rows, list) else [rows]
    names = list(rows[0])
    values = ", ".join("(" + ", ".join(value(each[name]) for name in names) + ")" for each in rows)
    return f"INSERT INTO hmt_gtt_orders ({', '.join(names)}) VALUES {values} RETURNING id"


def update(trigger_id, **fields):
    said = ", ".join(f"{name} = {value(content)}" for name, content in fields.items())
    return f"UPDATE hmt_gtt_orders SET {said} WHERE id = '{trigger_id}'"


def delete(trigger_id):
    return f"DELETE FROM hmt_gtt_orders WHERE id = '{trigger_id}'"


def value(content):
    return "NULL" if content is None else postgres.literal(content)
