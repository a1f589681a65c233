<?php // Bills. `open` takes lines and payments, `leaving` waits for cash, `paid` and `refunded` are ends.
declare(strict_types=1);

/** Makes a bill. Its number names one sale at the backend for ever, also after this database is gone. */
function new_bill(string $till): string
{
    $ref = date('ymd') . '-' . bin2hex(random_bytes(5));
    change('INSERT INTO bills (ref, till, made_at) VALUES (?, ?, ?)', [$ref, $till, time()]);
    return $ref;
}

/** A bill with its lines, what they come to, and its payment. */
function bill(string $ref): ?array
{
    $bill = row('SELECT * FROM bills WHERE ref = ?', [$ref]);
    if ($bill === null) {
        return null;
    }
    $lines = rows('SELECT name, minor FROM lines WHERE bill = ? ORDER BY id', [$ref]);
    return $bill + [
        'lines' => $lines,
        'total' => array_sum(array_column($lines, 'minor')),
        'payment' => row('SELECT * FROM payments WHERE bill = ?', [$ref]),
    ];
}

/** The last bills of a till, newest first. */
function bills_of(string $till): array
{
    $refs = rows('SELECT ref FROM bills WHERE till = ? ORDER BY made_at DESC, ref LIMIT 12', [$till]);
    return array_map(fn (array $found): array => bill($found['ref']), $refs);
}

/** Adds a line. After a token was minted for the bill, its amount stays: a till may be collecting it. */
function add_line(string $ref, string $name, int $minor): bool
{
    $sql = "INSERT INTO lines (bill, name, minor)
        SELECT ref, ?, ? FROM bills WHERE ref = ? AND state = 'open' AND wallet_at IS NULL";
    return change($sql, [$name, $minor, $ref]) === 1;
}

/** Marks that a till may collect the bill with a wallet from now on. False where it may not. */
function open_for_wallet(string $ref): bool
{
    $sql = "UPDATE bills SET wallet_at = coalesce(wallet_at, ?) WHERE ref = ? AND state = 'open'";
    return change($sql, [time(), $ref]) === 1;
}

/** Moves a bill from one state to another. False where another request was faster. */
function move(string $ref, string $from, string $to): bool
{
    return change('UPDATE bills SET state = ? WHERE ref = ? AND state = ?', [$to, $ref, $from]) === 1;
}

/** Closes a bill with its one payment. `$while` is SQL that must still hold. False where it does not. */
function close_bill(array $bill, string $tender, string $cashier, string $while, ?string $gateway_ref = null): bool
{
    database()->exec('BEGIN IMMEDIATE');
    $closed = change("UPDATE bills SET state = 'paid' WHERE ref = ? AND $while", [$bill['ref']]) === 1;
    if ($closed) {
        $total = bill($bill['ref'])['total']; // no line can be added any more
        $payment = [$bill['ref'], $tender, $total, $gateway_ref, $cashier, time()];
        change('INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?)', $payment);
    }
    database()->exec('COMMIT');
    return $closed;
}
