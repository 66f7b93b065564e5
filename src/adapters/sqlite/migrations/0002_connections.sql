-- Broker connections in full: each secret sealed by itself, the session's end, a version. And accounts are bound to
-- connections: the nil UUID is the operator's own.

ALTER TABLE broker_connections ADD COLUMN sealed_api_key TEXT;
ALTER TABLE broker_connections ADD COLUMN sealed_api_secret TEXT;
ALTER TABLE broker_connections ADD COLUMN sealed_access_token TEXT;
ALTER TABLE broker_connections ADD COLUMN session_expires_at TEXT;
ALTER TABLE broker_connections ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1));
ALTER TABLE broker_connections ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version > 0);
ALTER TABLE broker_connections DROP COLUMN sealed_secrets;

CREATE TABLE hmt_accounts (
  connection_id TEXT PRIMARY KEY COLLATE NOCASE CHECK (length(connection_id) = 36),
  venue TEXT NOT NULL,
  account TEXT NOT NULL,
  bound_at TEXT NOT NULL,
  UNIQUE (venue, account)
) WITHOUT ROWID;
INSERT INTO hmt_accounts SELECT '00000000-0000-0000-0000-000000000000', venue, account, bound_at FROM hmt_account;
DROP TABLE hmt_account;
