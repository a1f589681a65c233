-- Words of the gateway that the configuration did not know when they came. Plain SQL that SQLite and PostgreSQL both
-- speak. The newest 200 words of a shop are kept.
CREATE TABLE gateway_words (
    shop     TEXT   NOT NULL,
    call     TEXT   NOT NULL,
    field    TEXT   NOT NULL,
    word     TEXT   NOT NULL,
    -- The gateway's sentence with the last of them, masked.
    message  TEXT   NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms  BIGINT NOT NULL,
    seen     BIGINT NOT NULL,
    PRIMARY KEY (shop, call, field, word)
);
