-- Whose store it is, and who tried to sign in. Plain SQL that SQLite and PostgreSQL both speak.

-- One row: the shop and the gateway that the store belongs to. No row: no backend has started on it since.
CREATE TABLE owner (
    only_row BIGINT NOT NULL PRIMARY KEY,
    shop     TEXT   NOT NULL,
    gateway  TEXT   NOT NULL,
    CHECK (only_row = 1)
);
-- Tries to sign in since the last success, of a person or of an address.
CREATE TABLE sign_ins (
    subject TEXT   NOT NULL PRIMARY KEY,
    tries   BIGINT NOT NULL,
    last_ms BIGINT NOT NULL
);
CREATE INDEX sign_ins_age ON sign_ins (last_ms);
